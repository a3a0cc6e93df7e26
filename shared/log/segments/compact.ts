import { WRITE_AFTER_READ_MS } from "../limits.ts"
import { filterBatch, type RecordCursor } from "../records/index.ts"
import { type CompactionPlan, planCompaction } from "./compact-plan.ts"
import type { IndexRead, PartitionRef } from "./index-store.ts"
import { KeyMap } from "./key-map.ts"
import { COMPACTION_KEYS_MAX, SEGMENT_BYTES_MAX } from "./life-limits.ts"
import { addMark, reachedBefore } from "./marks.ts"
import type { CleanupPolicy } from "./retention.ts"
import { type RewriteContext, replaceRun, type SegmentRun } from "./rewrite.ts"
import type { Segment } from "./segment.ts"
import { SegmentBuilder } from "./segment-builder.ts"
import type { SegmentIndex } from "./segment-index.ts"
import { offsetAfter } from "./segment-reader.ts"

type Compacts = NonNullable<CleanupPolicy["compacts"]>

/** What a pass goes by. */
interface Pass {
  readonly keys: KeyMap
  /** Of the run: below it every key stands once, and `keys` tells which of those went. */
  readonly to: number
  /** Tombstones below it are gone. */
  readonly tombstonesBelow: number
}

/**
 * Compacts a partition's segments where it is worth it: of the records of each key the newest is kept, tombstones for
 * `delete.retention.ms` after the pass that first saw them. One pass learns the newest offsets of a run of keys that fits
 * into memory, then rewrites the segments from the log's start, one group after the other, each by one put of the index. One
 * that ends early is gone on with. Offsets stay as they are. Returns how many groups were rewritten.
 * Throws `LogError`, `StorageError`.
 */
export async function compact(
  context: RewriteContext,
  at: PartitionRef,
  policy: Compacts,
  hasTime: () => boolean,
  keysMax = COMPACTION_KEYS_MAX,
): Promise<number> {
  let read = await context.indexes.get(at)
  const plan = planCompaction(read.index, policy, read.date)
  if (plan === undefined) return 0
  const learnt = await learnKeys(context, at, read, plan, keysMax, hasTime)
  // Too little time even to learn what the newest are.
  if (learnt === undefined) return 0
  const { keys, to } = learnt
  const tombstonesBelow = reachedBefore(read.index.cleaned, read.date, policy.deleteRetentionMs)
  const pass: Pass = { keys, to, tombstonesBelow }
  let rewritten = 0
  let done = plan.at
  for (;;) {
    const run = nextGroup(read.index, done, pass)
    if (run === undefined) break
    if (!hasTime()) return rewritten
    const group = read.index.segments.slice(run.from, run.from + run.count)
    done = group[group.length - 1].next
    const outcome = await rewriteGroup(context, at, read, run, pass, done)
    if (outcome === "lost") return rewritten
    if (outcome === "committed") {
      rewritten++
      read = await context.indexes.get(at)
    }
  }
  const cleaned = addMark(
    read.index.cleaned,
    { offset: to, date: read.date + WRITE_AFTER_READ_MS },
    policy.deleteRetentionMs,
  )
  const { cleaning: _done, ...index } = read.index
  await context.indexes.replace(at, read, { ...index, cleaned })
  return rewritten
}

/** The newest offset of each key of the run, and where it ends: before what would be too many keys. */
async function learnKeys(
  { segments, breathe }: RewriteContext,
  at: PartitionRef,
  { index }: IndexRead,
  { from, to: wanted }: CompactionPlan,
  keysMax: number,
  hasTime: () => boolean,
): Promise<{ keys: KeyMap; to: number } | undefined> {
  const keys = new KeyMap()
  for (const segment of index.segments) {
    if (segment.next <= from || segment.base >= wanted) continue
    if (!hasTime()) return undefined
    for (const { header, bytes } of await segments.readAll(at, segment)) {
      const next = offsetAfter(header)
      if (next <= from) continue
      if (header.baseOffset >= wanted) return { keys, to: wanted }
      // A batch goes in as a whole, or not at all; of the first there is no doubt.
      if (keys.size > 0 && keys.size + header.count > keysMax) return { keys, to: header.baseOffset }
      await breathe()
      filterBatch(bytes, header, cursor => {
        const { keyStart, keyEnd, offset } = cursor
        if (keyStart >= 0 && offset >= from) keys.put(cursor.buffer, keyStart, keyEnd, offset)
        return true
      })
    }
  }
  return { keys, to: wanted }
}

/** The segments to rewrite next: neighbours that are as much as one segment together. */
function nextGroup({ segments }: SegmentIndex, done: number, pass: Pass): SegmentRun | undefined {
  let from = segments.findIndex(({ next }) => next > done)
  while (from >= 0 && from < segments.length && !mayChange(segments[from], pass)) from++
  if (from < 0 || from >= segments.length) return undefined
  let bytes = segments[from].sizeBytes
  let count = 1
  for (let at = from + 1; at < segments.length && mayChange(segments[at], pass); at++) {
    bytes += segments[at].sizeBytes
    if (bytes > SEGMENT_BYTES_MAX) break
    count++
  }
  return { from, count }
}

function mayChange({ base, sizeBytes, tombstones }: Segment, { keys, to, tombstonesBelow }: Pass): boolean {
  if (sizeBytes === 0) return false
  return (base < to && keys.size > 0) || (tombstones > 0 && base < tombstonesBelow)
}

async function rewriteGroup(
  context: RewriteContext,
  at: PartitionRef,
  read: IndexRead,
  run: SegmentRun,
  pass: Pass,
  done: number,
): Promise<"committed" | "lost" | "nothing"> {
  const group = read.index.segments.slice(run.from, run.from + run.count)
  const builder = new SegmentBuilder(group[0].base)
  let tombstones = 0
  let dropped = 0
  const keep = (cursor: RecordCursor) => {
    const isKept = stays(cursor, pass)
    if (!isKept) dropped++
    else if (cursor.valueStart < 0) tombstones++
    return isKept
  }
  for (const segment of group) {
    for (const { header, bytes } of await context.segments.readAll(at, segment)) {
      await context.breathe()
      const filtered = filterBatch(bytes, header, keep)
      if (filtered === undefined) continue
      builder.add({
        bytes: filtered.bytes,
        baseOffset: header.baseOffset,
        nextOffset: offsetAfter(header),
        records: filtered.count,
        minTimestamp: segment.minTimestamp,
        maxTimestamp: filtered.maxTimestamp,
        tombstones: 0,
      })
    }
  }
  const change = { cleaning: { to: pass.to, at: done } }
  if (dropped === 0 && group.length === 1) {
    if (tombstones === group[0].tombstones) return "nothing"
    return replaceRun(context, at, read, run, { segment: { ...group[0], tombstones }, pieces: [] }, change)
  }
  const built = builder.finish(group[group.length - 1].next, context.ports.random.id())
  return replaceRun(context, at, read, run, { ...built, segment: { ...built.segment, tombstones } }, change)
}

/** Whether a record outlives the pass. One without a key, from before the topic was compacted, does not, as in Kafka. */
function stays(cursor: RecordCursor, { keys, to, tombstonesBelow }: Pass): boolean {
  const { offset, keyStart, keyEnd } = cursor
  if (offset >= to) return true
  if (keyStart < 0) return false
  if (cursor.valueStart < 0 && offset < tombstonesBelow) return false
  return keys.newest(cursor.buffer, keyStart, keyEnd) <= offset
}
