import { LRUCache } from "lru-cache"
import { LogError } from "../../log/errors.ts"
import type { Fetched, Log } from "../../log/types.ts"
import type { Refusal } from "../ingest/column.ts"
import { ingest } from "../ingest/ingest.ts"
import { type CompiledSchema, compileSchema } from "../ingest/schema.ts"
import type { Manifest } from "../manifest/manifest.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { type KeyRules, keyRules, recordKeys } from "../upsert/rules.ts"
import {
  emptyTail,
  extendTail,
  keptTail,
  TAIL_CHUNKS_MAX,
  type TailState,
  tailDecodedBytes,
  tailRecords,
  trimTail,
} from "./tail-state.ts"

/** What is kept of one partition; more is read again by each query that needs it. */
export const TAIL_RECORDS_KEPT = 50_000
export const TAIL_BYTES_KEPT = 8 * 1024 * 1024
/** What all tails of a process may take together. */
const CACHE_BYTES_MAX = 256 * 1024 * 1024
/** Files of all partitions of a table together: the query engine has 256 places for tails. */
const TABLE_CHUNKS_MAX = 128
/** One reply of the log. */
const FETCH_BYTES_MAX = 4 * 1024 * 1024
/** Compiled schemas kept: a few hundred tables in two versions. */
const SCHEMAS_KEPT = 1_000

export interface TailLimits {
  readonly records: number
  readonly bytes: number
}

export interface TailOptions {
  /** Dollars that a query pays for one fetch; default 0, as at home. */
  readonly fetchCost?: number
}

/** How a table's records are read. */
interface Reading {
  readonly schema: CompiledSchema
  readonly rules: KeyRules | undefined
}

/** A tail, and how it ended. */
export interface TailRead {
  readonly tail: TailState
  /**
   * `end`: it holds all that the log held when it was asked. `limit`: there is more. `closed`: there will never be
   * more, since the topic is deleted or the table stopped here. `refused`: the table takes no record from here on, until
   * it is altered.
   */
  readonly ended: "end" | "limit" | "closed" | "refused"
  /** The record that it stopped before. */
  readonly refused?: Refusal
  /** The log no longer holds the offsets from the manifest's position to here. */
  readonly start?: number
}

/** Decoded tails by (table id, version of its definition, partition), for queries and builder alike. */
export class TailCache {
  /** What the tails are of. */
  readonly log: Log
  readonly #fetchCost: number
  readonly #tails = new LRUCache<string, TailState>({
    maxSize: CACHE_BYTES_MAX,
    sizeCalculation: tail => 1 + tail.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
  })
  // Counted by size: `max` would make room for all of them at the start.
  readonly #schemas = new LRUCache<string, Reading>({ maxSize: SCHEMAS_KEPT, sizeCalculation: () => 1 })

  constructor(log: Log, options: TailOptions = {}) {
    this.log = log
    this.#fetchCost = options.fetchCost ?? 0
  }

  /**
   * The records from the manifest's position to the log's end as of a read that begins after this call, at most about
   * `limits`. What is kept is not read again. Throws `LogError`.
   */
  async read(
    table: TableInfo,
    manifest: Manifest,
    limits: TailLimits,
    by: "query" | "builder",
  ): Promise<TailRead> {
    const { partition } = manifest
    const key = `${table.id}#${table.version}#${partition}`
    const { schema, rules } = this.#schema(table)
    const keys = rules && recordKeys(rules, table, partition, await this.#topicKey(table))
    const stop = table.stops?.[partition] ?? Number.POSITIVE_INFINITY
    const kept = this.#tails.get(key)
    let tail = (kept && trimTail(kept, manifest.position)) ?? emptyTail(manifest.position)
    const chunksMax = Math.max(1, Math.min(TAIL_CHUNKS_MAX, Math.floor(TABLE_CHUNKS_MAX / table.partitions)))
    let target = Number.NEGATIVE_INFINITY
    let start: number | undefined
    let ended: TailRead["ended"] = "end"
    let refused: Refusal | undefined
    while (tail.next < stop) {
      if (tailRecords(tail) >= limits.records || tailDecodedBytes(tail) >= limits.bytes) {
        ended = "limit"
        break
      }
      const fetched = await this.#fetch(table, partition, tail.next)
      if (fetched === "closed") {
        ended = "closed"
        break
      }
      if ("start" in fetched) {
        if (tail.chunks.length > 0 || start !== undefined) throw fetched.error
        start = fetched.start
        tail = emptyTail(start)
        continue
      }
      // The end as of the first fetch is what was asked for: a log that grows faster is not chased.
      target = target < 0 ? Math.min(fetched.endOffset, stop) : target
      if (fetched.nextOffset > tail.next) {
        const range = { base: tail.next, next: Math.min(fetched.nextOffset, stop) }
        const batch = ingest(schema, fetched.batches, range, keys)
        const paid = by === "query" ? tail.paid + this.#fetchCost : tail.paid
        refused = batch.refused
        if (batch.next > tail.next)
          tail = { ...extendTail(tail, batch, fetched.batches.length, chunksMax), paid }
        if (refused !== undefined) {
          ended = "refused"
          break
        }
      } else if (tail.next < target) {
        throw new LogError("log_damaged", `a fetch at ${tail.next} of ${target} gave nothing`)
      }
      if (tail.next >= target) break
    }
    if (tail.next >= stop) ended = "closed"
    this.#keep(key, tail)
    return {
      tail,
      ended,
      ...(refused === undefined ? {} : { refused }),
      ...(start === undefined ? {} : { start }),
    }
  }

  /** The table's newest schema, compiled once. */
  #schema(table: TableInfo): Reading {
    const key = `${table.id}#${table.version}`
    const known = this.#schemas.get(key)
    if (known !== undefined) return known
    const schema = compileSchema(table.spec, table.hidden)
    if (!("columns" in schema))
      throw new RangeError(`table ${table.spec.name} has faults: ${JSON.stringify(schema)}`)
    const reading = { schema, rules: keyRules(table.spec) }
    this.#schemas.set(key, reading)
    return reading
  }

  /** The field that equals records' keys; of a topic that is deleted the table's own rules must do. */
  async #topicKey({ topicId }: TableInfo): Promise<string | undefined> {
    try {
      return (await this.log.topicById(topicId)).keyField
    } catch (error) {
      if (error instanceof LogError && error.code === "topic_deleted") return undefined
      throw error
    }
  }

  async #fetch(
    table: TableInfo,
    partition: number,
    offset: number,
  ): Promise<Fetched | "closed" | { readonly start: number; readonly error: LogError }> {
    const { topicId } = table
    try {
      return await this.log.fetch(topicId, partition, { offset, maxBytes: FETCH_BYTES_MAX })
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      const start = error.detail.start
      if (error.code === "offset_out_of_range" && typeof start === "number" && start > offset)
        return { start, error }
      if (error.code !== "topic_deleted") throw error
      // Nothing more to read, or nothing readable: only the partition's own end can tell.
      const { lastStableOffset } = await this.log.offsets(topicId, partition)
      if (lastStableOffset > offset) throw error
      return "closed"
    }
  }

  /** Keeps what is ahead of what is kept: readers of an older manifest must not undo the work of others. */
  #keep(key: string, tail: TailState): void {
    const kept = this.#tails.get(key)
    if (
      kept !== undefined &&
      (kept.position > tail.position || (kept.position === tail.position && kept.next > tail.next))
    ) {
      return
    }
    this.#tails.set(key, keptTail(tail, TAIL_RECORDS_KEPT, TAIL_BYTES_KEPT))
  }
}
