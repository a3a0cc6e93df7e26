import { SEGMENT_BYTES_MIN } from "./life-limits.ts"
import { reachedBefore } from "./marks.ts"
import type { CleanupPolicy } from "./retention.ts"
import type { SegmentIndex } from "./segment-index.ts"

/** A pass rewrites all segments: it is worth it once so much is new. Kafka's default of `min.cleanable.dirty.ratio`. */
const DIRTY_SHARE_MIN = 0.5

export interface CompactionPlan {
  /** Where the last pass ended: the keys from here on are learnt … */
  readonly from: number
  /** … up to here at the most. */
  readonly to: number
  /** Segments below are rewritten already. */
  readonly at: number
}

/** Where the last whole pass ended. */
export function cleanedEnd({ cleaned, start }: Pick<SegmentIndex, "cleaned" | "start">): number {
  return Math.max(start, cleaned.at(-1)?.offset ?? 0)
}

/**
 * What to compact, if it is worth a pass: one that is under way; segments that no pass has seen, once they are so large a
 * share of all; tombstones whose time is over. As Kafka's, a segment whose newest record is younger than
 * `min.compaction.lag.ms` waits, and what follows it. Pure.
 * @param date store time, epoch ms
 */
export function planCompaction(
  index: SegmentIndex,
  policy: NonNullable<CleanupPolicy["compacts"]>,
  date: number,
): CompactionPlan | undefined {
  const from = cleanedEnd(index)
  if (index.cleaning !== undefined) return { from, to: index.cleaning.to, at: index.cleaning.at }
  let [clean, dirty] = [0, 0]
  let to = from
  for (const { next, sizeBytes, maxTimestamp } of index.segments) {
    if (next <= from) {
      clean += sizeBytes
      continue
    }
    if (policy.minLagMs > 0 && date - maxTimestamp < policy.minLagMs) break
    dirty += sizeBytes
    to = next
  }
  const all = clean + dirty
  // What is small costs little to rewrite.
  if (dirty > 0 && (dirty >= DIRTY_SHARE_MIN * all || all <= SEGMENT_BYTES_MIN)) {
    return { from, to, at: index.start }
  }
  const due = reachedBefore(index.cleaned, date, policy.deleteRetentionMs)
  const hasDue = index.segments.some(({ tombstones, next }) => tombstones > 0 && next <= due)
  return hasDue ? { from, to: from, at: index.start } : undefined
}
