import { StorageError } from "../../storage/errors.ts"
import { notAfter } from "../../storage/not-after.ts"
import type { Ports } from "../../storage/time.ts"
import { concatBatches } from "../ingest/batch.ts"
import type { Manifest } from "../manifest/manifest.ts"
import { commitManifest, readList, readManifest } from "../manifest/manifest-store.ts"
import { openPurges } from "../manifest/open-purges.ts"
import {
  applySpill,
  encodeList,
  planSpill,
  SPILL_LIMITS,
  type SpillLimits,
} from "../manifest/segment-list.ts"
import type { MakeCompanions } from "../segment/companions.ts"
import { makeSegment } from "../segment/make-segment.ts"
import { listKey, type SegmentPointer } from "../segment/segment-key.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { TableRegistry } from "../tables/table-registry.ts"
import { withoutHidden } from "../tail/hide-rows.ts"
import type { TailCache, TailRead } from "../tail/tail-cache.ts"
import { tailDecodedBytes, tailRecords } from "../tail/tail-state.ts"
import { KeyIndexes } from "../upsert/key-indexes.ts"
import { keyedFlush } from "../upsert/keyed-flush.ts"
import { advance } from "./advance.ts"
import { type ColdKeys, isTooCold } from "./cold-keys.ts"
import { FLUSH_COST, shouldFlush } from "./flush-rule.ts"
import { lettersOf, sendLetters } from "./letters.ts"
import { tableCompanions } from "./table-companions.ts"

/** What one segment may hold: enough to keep up with a fast topic, little enough to encode in a second or two. */
export const SEGMENT_LIMITS = { records: 200_000, bytes: 48 * 1024 * 1024 }

/**
 * What a step came to. `flushed`: the position moved; `more`: there is more to do at once. `waiting`: not worth a
 * segment yet. `lost`: the write was refused or its outcome is unknown: take the step again from the start.
 * `stopped`: nothing will ever come of this partition.
 */
export type StepResult =
  | { readonly kind: "flushed"; readonly rows: number; readonly position: number; readonly more: boolean }
  | { readonly kind: "waiting"; readonly records: number }
  | { readonly kind: "lost" }
  | {
      readonly kind: "stopped"
      readonly reason: "no_table" | "no_partition" | "closed" | "drained" | "detached"
    }

export interface BuilderOptions {
  /** Dollars of one flush, against which queries' costs are held. */
  readonly flushCost?: number
  /** When segments move into lists; default `SPILL_LIMITS`. */
  readonly spill?: SpillLimits
  /** What is to stand beside segments; default: nothing. */
  readonly companions?: MakeCompanions
  /** Shared with queries where they are in the same process; default: its own. */
  readonly indexes?: KeyIndexes
  /** Where queries may hold no key index; default: they do. */
  readonly cold?: ColdKeys
}

type BuilderPorts = Pick<Ports, "meta" | "objects" | "clock" | "random">

/** Turns a table's tails into segments, one partition and one step at a time. Any number of builders may run. */
export class Builder {
  readonly #ports: BuilderPorts
  readonly #registry: TableRegistry
  readonly #tails: TailCache
  readonly #flushCost: number
  readonly #spill: SpillLimits
  readonly #companions: MakeCompanions
  readonly #indexes: KeyIndexes
  readonly #cold: ColdKeys | undefined

  constructor(ports: BuilderPorts, registry: TableRegistry, tails: TailCache, options: BuilderOptions = {}) {
    this.#ports = ports
    this.#registry = registry
    this.#tails = tails
    this.#flushCost = options.flushCost ?? FLUSH_COST
    this.#spill = options.spill ?? SPILL_LIMITS
    this.#companions = options.companions ?? tableCompanions(ports.random)
    this.#indexes = options.indexes ?? new KeyIndexes(ports)
    this.#cold = options.cold
  }

  /**
   * One step: pin the manifest, read the log from its position, and, when the flush rule says so (or `force`), write
   * a segment and commit it with the new position. Nothing is remembered between steps: whatever a write came to, the
   * next step begins with what the store says. Throws `LogError`, `StorageError`.
   */
  async step(name: string, partition: number, force = false): Promise<StepResult> {
    const found = await this.#registry.findBuilt(name)
    if (found === undefined) return { kind: "stopped", reason: "no_table" }
    const { table } = found
    const { manifest: stored, date } = await readManifest(this.#ports, table.id, partition)
    if (stored === undefined && partition >= table.partitions) return this.#grown(table, partition)
    if (stored === undefined) throw new StorageError("corrupt", `table ${name} has no manifest ${partition}`)
    if (stored.closed) return { kind: "stopped", reason: "closed" }
    const manifest = await this.#sent(stored, date)
    if (manifest === undefined) return { kind: "lost" }
    if (manifest.drained) return { kind: "stopped", reason: "drained" }
    const read = await this.#tails.read(table, manifest, SEGMENT_LIMITS, "builder")
    const { tail, ended, refused } = read
    const refusal = refused?.offset !== manifest.refused?.offset || refused?.why !== manifest.refused?.why
    const drained = ended === "closed" && table.attached
    if (tail.next === manifest.position && !drained && !refusal) {
      return table.attached ? { kind: "waiting", records: 0 } : { kind: "stopped", reason: "detached" }
    }
    // What is built anew takes over once it has come to where the log ended: it does not wait for that much to be worth it.
    const behind = manifest.position < (table.rebuild?.ends[partition] ?? 0)
    const due =
      force ||
      behind ||
      refusal ||
      ended !== "end" ||
      read.start !== undefined ||
      this.#due(read, manifest, date)
    if (!due) return { kind: "waiting", records: tailRecords(tail) }
    // Altered before this look, the table may have been so before the tail was read: its newest records are then not
    // what the segment would make of them. Altered after it, the alteration is younger than every record of the tail.
    const now = await this.#registry.findBuilt(name)
    if (now?.table.version !== table.version) return { kind: "lost" }
    return this.#flush(table, manifest, read, Math.min(found.date, date), drained)
  }

  /** Whoever was woken for a partition that the table does not know has it follow its topic, which has grown. */
  async #grown(table: TableInfo, partition: number): Promise<StepResult> {
    const { partitions } = await this.#registry.follow(table, true)
    return partition < partitions ? { kind: "lost" } : { kind: "stopped", reason: "no_partition" }
  }

  /** The manifest once the bad records that it names are in their topic; undefined: the write that says so was lost. */
  async #sent(manifest: Manifest, date: number): Promise<Manifest | undefined> {
    const { letters } = manifest
    if (letters?.pending === undefined) return manifest
    await sendLetters(this.#tails.log, this.#ports, manifest, letters, date)
    const { pending: _sent, ...rest } = letters
    const next = { ...manifest, letters: rest, version: this.#ports.random.id() }
    const outcome = await commitManifest(this.#ports, manifest, next, notAfter(date))
    return outcome === "committed" ? next : undefined
  }

  #due({ tail }: TailRead, manifest: Manifest, date: number): boolean {
    const measure = {
      records: tailRecords(tail),
      decodedBytes: tailDecodedBytes(tail),
      slots: tail.slots,
      walObjects: 0,
      ageMs: date - manifest.flushedAt,
      queryCost: tail.paid,
    }
    return shouldFlush(measure, this.#flushCost) || isTooCold(tail, manifest, this.#cold)
  }

  async #flush(
    table: TableInfo,
    manifest: Manifest,
    { tail, ended, start, refused }: TailRead,
    oldestRead: number,
    drained: boolean,
  ): Promise<StepResult> {
    const { random } = this.#ports
    const read = tail.chunks.length === 0 ? undefined : concatBatches(tail.chunks.map(chunk => chunk.batch))
    const purges = openPurges(table, manifest)
    // The item is older than an erasure.
    if (purges === undefined) return { kind: "lost" }
    const keyed = read && (await keyedFlush(this.#ports, this.#indexes, table, manifest, tail.position, read))
    const batch = keyed?.batch ?? read
    const uploads: number[] = []
    const upload = async (key: string, body: Uint8Array | readonly Uint8Array[]) => {
      const put = await this.#ports.objects.put(key, body, {
        ifAbsent: true,
        notAfter: notAfter(oldestRead, uploads),
      })
      if (put.outcome === "committed") uploads.push(put.date)
      return put.outcome === "committed"
    }
    const kept = batch && withoutHidden(batch, table.schemas.at(-1) ?? table.spec.columns, { purges })
    let segment: SegmentPointer | undefined
    if (kept !== undefined && kept.rows > 0) {
      const made = await makeSegment(table, manifest.partition, kept, {
        random,
        companions: this.#companions,
      })
      const stored = await Promise.all(made.objects.map(({ key, body }) => upload(key, body)))
      if (stored.includes(false)) return { kind: "lost" }
      segment = made.pointer
    }
    if (keyed !== undefined) {
      const stored = await Promise.all(keyed.objects.map(({ key, body }) => upload(key, body)))
      if (stored.includes(false)) return { kind: "lost" }
    }
    const bad = await lettersOf(this.#tails.log, random, table, manifest, read?.letters ?? [])
    if (bad !== undefined && !(await upload(bad.key, bad.body))) return { kind: "lost" }
    const told = { ...(refused && { refused }), ...(bad && { letters: bad.letters }) }
    const step = { batch, segment, start, drained, date: oldestRead, version: random.id(), ...told }
    let next: Manifest = { ...advance(manifest, step), ...keyed?.parts }
    const spill = planSpill(next, this.#spill)
    if (spill !== undefined) {
      const id = random.id()
      const older = spill.replaced === undefined ? [] : await readList(this.#ports, manifest, spill.replaced)
      next = applySpill(next, spill, id)
      const key = listKey(table.id, manifest.partition, next.lists.at(-1)!)
      if (!(await upload(key, encodeList([...older, ...spill.segments])))) return { kind: "lost" }
    }
    const outcome = await commitManifest(this.#ports, manifest, next, notAfter(oldestRead, uploads))
    if (outcome !== "committed") return { kind: "lost" }
    keyed?.committed(next)
    const more = ended === "limit" || bad !== undefined
    return { kind: "flushed", rows: kept?.rows ?? 0, position: next.position, more }
  }
}
