import { mkdirSync, rmSync } from "node:fs"
import { availableParallelism } from "node:os"
import { QueryError } from "../errors.ts"
import type { Analysis, Dialect, EngineReply, RunRequest, SqlEngine } from "../sql/engine.ts"
import type { SqlAnswer, TableFile } from "../types.ts"
import { ChildPool } from "./child-pool.ts"
import { type Outcome, slotNames, type ViewDefinition } from "./protocol.ts"
import type { Ask } from "./query-child.ts"
import { filesOf, slotFiles, type TableSlotFiles } from "./slot-files.ts"
import { SlotCache, type SlotLease } from "./slots.ts"
import { viewedSelect } from "./table-view.ts"
import { viewSelect } from "./view-sql.ts"

/**
 * One child per core gives the most queries a second, but never fewer than two, so that one long query stops no
 * other, nor more than four, at 95 MB each.
 */
export const CHILDREN_DEFAULT = Math.min(4, Math.max(2, availableParallelism()))

/**
 * Segments at hand: a hundred million rows of a steady table, whose segments are not merged yet. Naming them costs a
 * child some 80 ms of its start.
 */
const SEGMENT_SLOTS = 8192
/** Disk for copies of segments; a query over more is refused. */
const SEGMENT_SLOT_BYTES_MAX = 8 * 1024 ** 3
/**
 * Most tail files are used by a query or two and then never again: they must not push segments out. A partition has
 * a handful, so a query over a hundred partitions finds room.
 */
const TAIL_SLOTS = 1024
const TAIL_SLOT_BYTES_MAX = 512 * 1024 ** 2

/**
 * Limit of a child's data segment. Of it 650 MB are taken at the start, 512 of them V8's code range, which is
 * reserved and never used; less than 800 MB in all makes plain queries fail.
 */
const CHILD_DATA_BYTES_MAX = 1536 * 1024 ** 2
/** DuckDB's own account, which misses some of what functions allocate. */
const DUCKDB_MEMORY_BYTES_MAX = 512 * 1024 ** 2
/** A child that kept this much of what queries took is replaced: each query finds room for DuckDB's limit. */
const CHILD_GROWN_BYTES_MAX = 320 * 1024 ** 2
/** Where the system limits no memory, at what resident size a child ends itself. */
const CHILD_RESIDENT_BYTES_MAX = 1024 ** 3

/** A query that is stopped at its deadline reports so itself; only what hangs before it started is given up on. */
const GRACE_MS = 20

export interface DuckdbEngineOptions {
  /** A folder of the engine's own: emptied at the start. */
  readonly folder: string
  readonly children?: number
  /** Disk for copies of segments and for tails, bytes. Default: 8 GiB and 512 MiB. */
  readonly segmentBytesMax?: number
  readonly tailBytesMax?: number
  /** The children's whole environment. Default: empty. */
  readonly env?: Readonly<Record<string, string>>
}

function failed(error: unknown): { ok: false; error: QueryError } {
  if (error instanceof QueryError) return { ok: false, error }
  const message = error instanceof Error ? error.message : String(error)
  return { ok: false, error: new QueryError("query_execution", message, { cause: error }) }
}

function tooManyFiles(): QueryError {
  return new QueryError(
    "resource_limit",
    `The query's tables are in more files than fit: ${SEGMENT_SLOTS} segments, ${TAIL_SLOTS} files of tails`,
  )
}

interface EngineFiles {
  readonly segments: readonly TableFile[]
  readonly tail: readonly TableFile[]
}

/** Dead offsets change as often as tails do: their files lie beside those. */
function allFiles(tables: readonly TableSlotFiles[]): EngineFiles {
  return {
    segments: tables.flatMap(({ segments }) => segments),
    tail: tables.flatMap(({ tail, deadOf }) => [...tail, ...new Set(deadOf.values())]),
  }
}

interface Prepared {
  readonly ask: Ask
  readonly release: () => void
}

/** The promise's value, or a timeout after `ms`; what the promise does later is nobody's concern. */
async function before(ms: number, promise: Promise<Outcome>): Promise<Outcome | QueryError> {
  const { promise: late, resolve } = Promise.withResolvers<QueryError>()
  const timer = setTimeout(
    () => resolve(new QueryError("timeout", "The query ran past its deadline")),
    ms + GRACE_MS,
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Runs SQL in pooled child processes over copies of table files in slots. */
export class DuckdbEngine implements SqlEngine {
  readonly #pool: ChildPool
  readonly #segments: SlotCache
  readonly #tail: SlotCache

  constructor(options: DuckdbEngineOptions) {
    const { folder, children = CHILDREN_DEFAULT, env } = options
    const { segmentBytesMax = SEGMENT_SLOT_BYTES_MAX, tailBytesMax = TAIL_SLOT_BYTES_MAX } = options
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const segments = { prefix: "s", count: SEGMENT_SLOTS }
    const tails = { prefix: "t", count: TAIL_SLOTS }
    this.#segments = new SlotCache(folder, slotNames(segments), segmentBytesMax)
    this.#tail = new SlotCache(folder, slotNames(tails), tailBytesMax)
    const hasDataLimit = process.platform === "linux"
    this.#pool = new ChildPool(children, index => ({
      folder,
      dataBytesMax: hasDataLimit ? CHILD_DATA_BYTES_MAX : 0,
      ...(env === undefined ? {} : { env }),
      settings: {
        slots: [segments, tails],
        profileName: `profile-${index}.json`,
        memoryBytesMax: DUCKDB_MEMORY_BYTES_MAX,
        grownBytesMax: CHILD_GROWN_BYTES_MAX,
        residentBytesMax: hasDataLimit ? 0 : CHILD_RESIDENT_BYTES_MAX,
      },
    }))
  }

  /** Starts the children, without waiting for them; the first query does it otherwise. */
  start(): void {
    this.#pool.start()
  }

  /** The children's process ids. */
  get pids(): readonly number[] {
    return this.#pool.pids
  }

  /** Leases a child for one request and puts it, once `prepare` has its files in place. */
  async #exchange(
    deadlineMs: number,
    prepare: () => Promise<Prepared>,
    signal: AbortSignal | undefined,
  ): Promise<Outcome | QueryError> {
    const startedAt = performance.now()
    const leftMs = (): number => Math.max(1, deadlineMs - (performance.now() - startedAt))
    const child = await this.#pool.lease(deadlineMs)
    if (child instanceof QueryError) return child
    const asked = prepare().then(
      ({ ask, release }) => {
        const { outcome, finished } = child.ask(ask, leftMs(), signal)
        finished.then(() => {
          release()
          this.#pool.giveBack(child)
        })
        return outcome
      },
      (error: unknown) => {
        this.#pool.giveBack(child)
        throw error
      },
    )
    // A store that hangs while files are read must not hold the caller past the deadline.
    return await before(leftMs(), asked)
  }

  async #reply<Value>(
    deadlineMs: number,
    prepare: () => Promise<Prepared>,
    signal?: AbortSignal,
  ): Promise<EngineReply<Value>> {
    try {
      const outcome = await this.#exchange(deadlineMs, prepare, signal)
      if (outcome instanceof QueryError) return { ok: false, error: outcome }
      if (outcome.kind === "fault") {
        return { ok: false, error: new QueryError(outcome.fault.code, outcome.fault.message) }
      }
      return { ok: true, value: outcome.value as Value }
    } catch (error) {
      return failed(error)
    }
  }

  analyze(sql: string, deadlineMs: number, dialect?: Dialect): Promise<EngineReply<Analysis>> {
    const ask: Ask = { kind: "analyze", sql, dialect }
    return this.#reply(deadlineMs, async () => ({ ask, release: () => {} }))
  }

  async #acquire(files: EngineFiles): Promise<SlotLease> {
    const segments = await this.#segments.acquire(files.segments)
    if (segments === undefined) throw tooManyFiles()
    const tail = await this.#tail.acquire(files.tail).catch((error: unknown) => {
      segments.release()
      throw error
    })
    if (tail === undefined) {
      segments.release()
      throw tooManyFiles()
    }
    return {
      slots: [...segments.slots, ...tail.slots],
      release: () => {
        segments.release()
        tail.release()
      },
    }
  }

  run({ sql, tables, limits, signal, ...rest }: RunRequest): Promise<EngineReply<SqlAnswer>> {
    const { isRewritten, parameters } = rest
    const tableFiles = tables.map(filesOf)
    const files = allFiles(tableFiles)
    const prepare = async (): Promise<Prepared> => {
      const { slots, release } = await this.#acquire(files)
      const ids = [...files.segments, ...files.tail].map(({ id }) => id)
      const slotOf = new Map(ids.map((id, at) => [id, slots[at] ?? ""]))
      const { rowsMax, resultBytesMax } = limits
      const views = tables.map(
        (table, at): ViewDefinition => ({
          name: table.name,
          select: viewedSelect(
            viewSelect(table.columns, slotFiles(table, tableFiles[at]!, slotOf)),
            table.columns,
            rest.views?.get(table.name),
          ),
        }),
      )
      return { ask: { kind: "run", sql, isRewritten, parameters, views, rowsMax, resultBytesMax }, release }
    }
    return this.#reply(limits.deadlineMs, prepare, signal)
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
