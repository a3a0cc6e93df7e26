import type { Ports } from "../../storage/time.ts"
import { uploadObject } from "../upload.ts"
import { deleteSegments, droppedSegments } from "./cut.ts"
import type { IndexRead, PartitionRef, SegmentIndexes } from "./index-store.ts"
import { MERGE_SEGMENTS_MIN, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN } from "./life-limits.ts"
import { type Segment, segmentKey } from "./segment.ts"
import { type BuiltSegment, SegmentBuilder } from "./segment-builder.ts"
import type { SegmentIndex } from "./segment-index.ts"
import { offsetAfter, type SegmentReader } from "./segment-reader.ts"

export interface RewriteContext {
  readonly ports: Ports
  readonly indexes: SegmentIndexes
  readonly segments: SegmentReader
  /** Lets others have their turn: called between batches. */
  readonly breathe: () => Promise<unknown>
}

/** Neighbours in an index: the place of the first, and how many. */
export interface SegmentRun {
  readonly from: number
  readonly count: number
}

/**
 * Small neighbours to merge: at least eight, none of which holds more than half of their bytes, so that a partition has a
 * few of each size and a byte is rewritten as often as its segment doubles. Pure.
 * @param spanMsMax of the merged segment's timestamps
 */
export function planMerge(segments: readonly Segment[], spanMsMax: number): SegmentRun | undefined {
  for (let from = 0; from + MERGE_SEGMENTS_MIN <= segments.length; from++) {
    const count = mergeable(segments, from, spanMsMax)
    if (count >= MERGE_SEGMENTS_MIN) return { from, count }
  }
  return undefined
}

/** How many from `from` on may become one; 0 where they may not. */
function mergeable(segments: readonly Segment[], from: number, spanMsMax: number): number {
  let [bytes, largest, count] = [0, 0, 0]
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let at = from; at < segments.length; at++) {
    const { sizeBytes, minTimestamp, maxTimestamp } = segments[at]
    if (sizeBytes >= SEGMENT_BYTES_MIN || bytes + sizeBytes > SEGMENT_BYTES_MAX) break
    if (maxTimestamp >= 0) {
      low = Math.min(low, minTimestamp)
      high = Math.max(high, maxTimestamp)
    }
    if (high - low > spanMsMax) break
    bytes += sizeBytes
    largest = Math.max(largest, sizeBytes)
    count++
  }
  return largest * 2 <= bytes || bytes === 0 ? count : 0
}

/** Merges segments into one that stands for the same offsets. Throws `log_damaged`, `StorageError`. */
export async function mergeSegments(
  context: RewriteContext,
  at: PartitionRef,
  read: IndexRead,
  { from, count }: SegmentRun,
): Promise<"committed" | "lost"> {
  const merged = read.index.segments.slice(from, from + count)
  const builder = new SegmentBuilder(merged[0].base)
  for (const segment of merged) {
    await context.breathe()
    for (const { header, bytes } of await context.segments.readAll(at, segment)) {
      const nextOffset = offsetAfter(header)
      if (nextOffset <= read.index.start) continue
      const { baseOffset, count: records, maxTimestamp } = header
      const { minTimestamp } = segment
      builder.add({ bytes, baseOffset, nextOffset, records, minTimestamp, maxTimestamp, tombstones: 0 })
    }
  }
  const built = builder.finish(merged[count - 1].next, context.ports.random.id())
  const tombstones = merged.reduce((sum, segment) => sum + segment.tombstones, 0)
  const segment = { ...built.segment, tombstones: built.segment.records === 0 ? 0 : tombstones }
  return replaceRun(context, at, read, { from, count }, { ...built, segment })
}

/** Puts one segment in the place of several, and deletes those. */
export async function replaceRun(
  { ports, indexes }: RewriteContext,
  at: PartitionRef,
  read: IndexRead,
  { from, count }: SegmentRun,
  { segment, pieces }: BuiltSegment,
  change: Partial<SegmentIndex> = {},
): Promise<"committed" | "lost"> {
  const uploads: number[] = []
  if (pieces.length > 0) {
    uploads.push(await uploadObject(ports, segmentKey(at.topicId, at.partition, segment), pieces))
  }
  const segments = [...read.index.segments]
  segments.splice(from, count, segment)
  const next = { ...read.index, ...change, segments }
  const outcome = await indexes.replace(at, read, next, uploads)
  if (outcome === "committed") await deleteSegments(ports, at, droppedSegments(read.index, next))
  return outcome
}
