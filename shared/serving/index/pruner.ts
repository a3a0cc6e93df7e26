import { LRUCache } from "lru-cache"
import type { Predicate } from "../direct/plan.ts"
import type { ChunkStore, WantedRange } from "../read/chunk-store.ts"
import type { Footer } from "../read/footer.ts"
import { checkedBlob, type FooterStore } from "../read/footer-store.ts"
import type { ReadMeter } from "../read/types.ts"
import { type BlobKind, type BlobPlace, companionKey } from "../segment/segment-key.ts"
import type { PinnedSegment, PinnedTable, PrunedBy, TableFile } from "../types.ts"
import { groupsToJudge } from "./group-bounds.ts"
import { type Condition, conditionOf, pointsOf } from "./interval.ts"
import { judgeByPlaces } from "./placement.ts"
import {
  groupZones,
  judgeByIndexes,
  judgeByZones,
  numbersTell,
  type OpenIndexes,
  type PruneRules,
} from "./segment-facts.ts"
import type { KeptSegment, Pruned, Pruner } from "./types.ts"
import { ValueBlocks } from "./value-blocks.ts"
import { ANY, type Judge, judge, type Verdict } from "./verdict.ts"

/** Bytes of indexes kept open: as they stand in sidecars. */
const OPEN_BYTES = 128 * 1024 * 1024

type Single = Extract<Condition, { column: string }>
type Opened = Uint8Array | ValueBlocks

/** A segment that time and zones left. */
interface Candidate {
  readonly file: TableFile
  readonly segment: PinnedSegment
  readonly byZones: Judge
  readonly verdict: Verdict
  readonly blobs: readonly BlobPlace[]
}

const TRUE: Condition = { kind: "constant", value: true }
const SQL_RULES: PruneRules = { nullsAreValues: false }

/** Leaves segments out: by what pointers say, then by filters and indexes, which are read in one round. */
export class SegmentPruner implements Pruner {
  readonly #chunks: ChunkStore
  readonly #footers: FooterStore
  readonly #open: LRUCache<string, Opened>

  readonly #conditions = new WeakMap<Predicate, Condition>()

  constructor(chunks: ChunkStore, footers: FooterStore, openBytes: number = OPEN_BYTES) {
    this.#chunks = chunks
    this.#footers = footers
    this.#open = new LRUCache({
      maxSize: openBytes,
      sizeCalculation: opened => 1 + (opened instanceof ValueBlocks ? opened.bytes : opened.length),
    })
  }

  async prune(
    table: PinnedTable,
    filter: Predicate | undefined,
    meter: ReadMeter,
    rules: PruneRules = SQL_RULES,
  ): Promise<Pruned> {
    const pruned: Partial<Record<PrunedBy, number>> = {}
    const drop = (by: PrunedBy): void => {
      pruned[by] = (pruned[by] ?? 0) + 1
    }
    const condition = filter === undefined ? TRUE : this.#conditionOf(filter)
    const whole: KeptSegment[] = []
    const candidates: Candidate[] = []
    for (const file of table.segments) {
      if (file.rows === 0) drop("empty")
      else if (isCut(table, file)) drop("time")
      else if (filter === undefined) whole.push({ file, exact: true })
      else if (file.segment === undefined) whole.push({ file, exact: false })
      else {
        const by = this.#byPointer(table, file, file.segment, condition, rules, candidates)
        if (by !== undefined) drop(by)
      }
    }
    if (candidates.length === 0 || rules.pointersAlone === true) {
      const left = candidates.map(({ file, verdict }) => ({ file, exact: verdict.exact }))
      return { kept: [...whole, ...left], pruned, used: [] }
    }
    if (rules.heldAlone === true) {
      const kept = candidates.flatMap((candidate): KeptSegment[] => {
        const judged = this.#byHeld(table, candidate, condition, rules, meter)
        if (typeof judged !== "string") return [judged]
        drop(judged)
        return []
      })
      return { kept: [...whole, ...kept], pruned, used: [] }
    }
    const used = new Set<string>()
    const { opened, footers } = await this.#read(candidates, meter)
    const kept = candidates.flatMap((candidate, at): KeptSegment[] => {
      const judged = byIndexes(table, candidate, opened[at]!, footers[at], condition, rules, used)
      if (typeof judged !== "string") return [judged]
      drop(judged)
      return []
    })
    return { kept: [...whole, ...kept], pruned, used: [...used].sort() }
  }

  /** By what is in memory: footers, and filters, which take next to nothing to ask. */
  #byHeld(
    table: PinnedTable,
    candidate: Candidate,
    condition: Condition,
    rules: PruneRules,
    meter: ReadMeter,
  ): KeptSegment | PrunedBy {
    const { segment } = candidate
    const held = new Map<string, Opened>()
    for (const blob of candidate.blobs) {
      const filter = blob[1] === "bloom" ? this.#open.get(nameOf(segment, blob)) : undefined
      if (filter === undefined) continue
      held.set(nameOf(segment, blob), filter)
      meter.bytesCached += blob[3]
    }
    const blobs = candidate.blobs.filter(blob => held.has(nameOf(segment, blob)))
    const footer = this.#footers.known(segment)
    const asked = { ...candidate, blobs }
    return byIndexes(
      table,
      asked,
      openIndexes(segment, blobs, held),
      footer,
      condition,
      rules,
      new Set<string>(),
    )
  }

  /** Made once for each predicate: plans are kept, and with them what indexes found. */
  #conditionOf(filter: Predicate): Condition {
    let condition = this.#conditions.get(filter)
    if (condition === undefined) {
      condition = conditionOf(filter)
      this.#conditions.set(filter, condition)
    }
    return condition
  }

  /** What leaves the segment out by its pointer alone; else it becomes a candidate. */
  #byPointer(
    table: PinnedTable,
    file: TableFile,
    segment: PinnedSegment,
    condition: Condition,
    rules: PruneRules,
    candidates: Candidate[],
  ): PrunedBy | undefined {
    const { pointer } = segment
    const { time } = table
    const { timeMin, timeMax, untimed } = pointer
    const timeZone = (column: string) =>
      column === time && timeMin !== undefined && timeMax !== undefined
        ? // Older pointers do not say whether some rows have no time: they may.
          ([timeMin, timeMax, untimed === true || pointer.footer === undefined ? 1 : 0] as const)
        : undefined
    if (judge(condition, judgeByZones(table, file, timeZone, rules)).rows === "none") return "time"
    const byPlaces = judgeByPlaces(table, file, column => pointer.places?.[column])
    if (pointer.places !== undefined && judge(condition, byPlaces).rows === "none") return "partition"
    const zones = (column: string) => timeZone(column) ?? pointer.zones?.[column]
    const byZones = orNone(byPlaces, judgeByZones(table, file, zones, rules))
    const verdict = judge(condition, byZones)
    if (verdict.rows === "none") return "zone"
    const blobs = verdict.exact ? [] : this.#wanted(segment, condition)
    candidates.push({ file, segment, byZones, verdict, blobs })
    return undefined
  }

  /** The blobs that may tell more: of a column with a filter it is asked first where it can answer. */
  #wanted(segment: PinnedSegment, condition: Condition): readonly BlobPlace[] {
    const { sidecar } = segment.pointer
    if (sidecar?.blobs === undefined) return []
    const wanted = new Set<BlobPlace>()
    for (const single of singlesOf(condition)) {
      const held = sidecar.blobs.filter(([column]) => column === single.column)
      const of = (kind: BlobKind) => held.find(([, known]) => known === kind)
      const bloom =
        single.kind === "leaf" && pointsOf(single.intervals) !== undefined ? of("bloom") : undefined
      if (bloom !== undefined) wanted.add(bloom)
      for (const kind of ["inverted", "sorted", "range"] as const) {
        const blob = of(kind)
        if (blob === undefined) continue
        if (bloom === undefined || this.#open.has(nameOf(segment, blob))) wanted.add(blob)
        if (kind === "inverted") break
      }
    }
    return [...wanted]
  }

  /** Reads what is not open yet, and footers, in one round. */
  async #read(
    candidates: readonly Candidate[],
    meter: ReadMeter,
  ): Promise<{ readonly opened: readonly OpenIndexes[]; readonly footers: readonly (Footer | undefined)[] }> {
    const ranges: WantedRange[] = []
    const accept: ((bytes: Uint8Array) => void)[] = []
    const held = new Map<string, Opened>()
    for (const { segment, blobs } of candidates) {
      for (const blob of blobs) {
        const name = nameOf(segment, blob)
        const known = this.#open.get(name)
        if (known !== undefined) {
          held.set(name, known)
          meter.bytesCached += blob[3]
          continue
        }
        ranges.push(rangeOf(segment, blob))
        accept.push(bytes => {
          // A part of a larger body would keep all of it alive.
          const body = checkedBlob(bytes).slice()
          const opened = blob[1] === "bloom" ? body : new ValueBlocks(body)
          held.set(name, opened)
          this.#open.set(name, opened)
        })
      }
      if (this.#footers.known(segment) !== undefined) continue
      ranges.push(this.#footers.wanted(segment))
      accept.push(bytes => void this.#footers.accept(segment, bytes))
    }
    const bodies = await this.#chunks.read(ranges, meter)
    for (const [at, take] of accept.entries()) take(bodies[at]!)
    return {
      opened: candidates.map(({ segment, blobs }) => openIndexes(segment, blobs, held)),
      footers: candidates.map(({ segment }) => this.#footers.known(segment)),
    }
  }
}

/** Rows below the cut are no part of the table. */
function isCut({ cutBefore }: PinnedTable, { segment }: TableFile): boolean {
  const { timeMax, untimed, footer } = segment?.pointer ?? {}
  return (
    cutBefore !== undefined &&
    timeMax !== undefined &&
    timeMax < cutBefore &&
    footer !== undefined &&
    !untimed
  )
}

function* singlesOf(condition: Condition): Generator<Single> {
  if ("parts" in condition) for (const part of condition.parts) yield* singlesOf(part)
  else if ("column" in condition) yield condition
}

const nameOf = ({ pointer }: PinnedSegment, [column, kind]: BlobPlace) =>
  `${pointer.sidecar!.id}/${kind}/${column}`

function rangeOf({ tableId, partition, pointer }: PinnedSegment, [, , start, size]: BlobPlace): WantedRange {
  const key = companionKey(tableId, partition, "index", pointer.sidecar!.id)
  return { key, start, end: start + size }
}

function openIndexes(
  segment: PinnedSegment,
  blobs: readonly BlobPlace[],
  held: ReadonlyMap<string, Opened>,
): OpenIndexes {
  const of = (column: string) => blobs.filter(([known]) => known === column)
  const opened = (blob: BlobPlace) => held.get(nameOf(segment, blob))
  return {
    bloom: column => {
      const blob = of(column).find(([, kind]) => kind === "bloom")
      const filter = blob === undefined ? undefined : opened(blob)
      return filter instanceof ValueBlocks ? undefined : filter
    },
    blocks: column =>
      of(column)
        .map(opened)
        .filter(index => index instanceof ValueBlocks),
  }
}

/** What is kept of a candidate, or what leaves it out. */
function byIndexes(
  table: PinnedTable,
  { file, byZones, verdict, blobs }: Candidate,
  indexes: OpenIndexes,
  footer: Footer | undefined,
  condition: Condition,
  rules: PruneRules,
  used: Set<string>,
): KeptSegment | PrunedBy {
  let found = verdict
  if (blobs.length > 0) {
    const blooms: OpenIndexes = { bloom: column => indexes.bloom(column), blocks: () => [] }
    const judged = (open: OpenIndexes) =>
      judge(condition, either(byZones, judgeByIndexes(table, file, open, rules)))
    const isOut = judged(blooms).rows === "none"
    if (!isOut) found = judged(indexes)
    const tells = isOut || found.rows !== "all" || found.exact
    for (const [column, kind] of blobs) {
      if (tells && isOut === (kind === "bloom")) used.add(`${column} ${kind}`)
    }
    if (isOut) return "bloom"
    if (found.rows === "none") return "index"
  }
  return withGroups(table, file, footer, condition, found, rules)
}

/** Where the first leaves nothing, nothing is left. */
const orNone =
  (first: Judge, second: Judge): Judge =>
  condition => {
    const verdict = first(condition)
    return verdict.rows === "none" ? verdict : second(condition)
  }

/** Asks for an index only where zones do not settle it. */
function either(byZones: Judge, byIndexes: Judge): Judge {
  return condition => {
    const verdict = byZones(condition)
    return verdict.exact ? verdict : byIndexes(condition)
  }
}

/** The row groups that are left, by their statistics and by the rows. */
function withGroups(
  table: PinnedTable,
  file: TableFile,
  footer: Footer | undefined,
  condition: Condition,
  { rows, exact }: Verdict,
  rules: PruneRules,
): KeptSegment | PrunedBy {
  const found = rows === "all" || rows === "none" ? undefined : rows
  const basic: KeptSegment = { file, exact, ...(found === undefined ? {} : { rows: found }) }
  if (footer === undefined) return basic
  const left: number[] = []
  let isEvery = true
  const tells = numbersTell(table, file, rules)
  for (const index of exact ? footer.groups.keys() : groupsToJudge(footer, condition, tells)) {
    const group = footer.groups[index]!
    const verdict = exact ? ANY : judge(condition, judgeByZones(table, file, groupZones(group), rules))
    if (verdict.rows === "none") continue
    if (found !== undefined && found.rowsBetween(group.firstRow, group.firstRow + group.rows).length === 0)
      continue
    if (!verdict.exact) isEvery = false
    left.push(index)
  }
  if (left.length === 0) return found === undefined ? "zone" : "index"
  const isWhole = left.length === footer.groups.length
  return {
    ...basic,
    exact: exact || (isWhole && isEvery && found === undefined),
    ...(isWhole ? {} : { rowGroups: left }),
  }
}
