import type { SegmentPointer } from "../segment/segment-key.ts"

/** How large segments become, and by which steps. */
export interface MergeLimits {
  /** So many neighbours of a level are merged into one of the next: a row is written again about log8 times. */
  readonly fanIn: number
  /** Inputs of one merge: each is one read. */
  readonly inputsMax: number
  /** From here on a segment is large enough: a query reads it by row groups. */
  readonly fullBytes: number
  /** No merge makes a larger one: what it takes in memory grows with it. */
  readonly bytesMax: number
  readonly rowsMax: number
  /** Of the time column, ms: where old rows are dropped, a segment must not span too much of what is kept. */
  readonly spanMax?: number
}

const MIB = 1024 * 1024

export const MERGE_LIMITS: MergeLimits = {
  fanIn: 8,
  inputsMax: 64,
  fullBytes: 64 * MIB,
  bytesMax: 256 * MIB,
  // Decoded, a row of twenty columns takes some 200 bytes: 0.8 GB while they are sorted.
  rowsMax: 2_000_000,
}

/** Neighbours that are to become one segment. */
export interface MergePlan {
  /** Index of the first. */
  readonly from: number
  readonly count: number
  /** Of the result. */
  readonly level: number
}

/**
 * Which segments of a partition to merge next, if any. Pure: equal segments give equal plans. The smallest level first, and
 * of it the oldest: eight of a level, or as many as make a full segment. What lies between them, of a lower level,
 * goes with them; newer ones of a lower level wait for more of their kind. Only segments of one schema version are merged.
 */
export function planMerge(
  segments: readonly SegmentPointer[],
  limits: MergeLimits = MERGE_LIMITS,
): MergePlan | undefined {
  const levels = [...new Set(segments.map(levelOf))].sort((a, b) => a - b)
  for (const level of levels) {
    for (let from = 0; from < segments.length; from++) {
      const plan = planFrom(segments, from, level, limits)
      if (plan !== undefined) return plan
    }
  }
  return undefined
}

const levelOf = ({ level = 0 }: SegmentPointer): number => level

/** The merge of segments up to a level that begins at `from`, if it is due. */
function planFrom(
  segments: readonly SegmentPointer[],
  from: number,
  level: number,
  limits: MergeLimits,
): MergePlan | undefined {
  const first = segments[from]!
  if (levelOf(first) > level || isFull(first, limits)) return undefined
  const sum = { bytes: 0, rows: 0, timeMin: Number.POSITIVE_INFINITY, timeMax: Number.NEGATIVE_INFINITY }
  let ofLevel = 0
  // Up to and with the newest of the level.
  let count = 0
  let isLarge = false
  for (let at = from; at < segments.length && at - from < limits.inputsMax; at++) {
    const segment = segments[at]!
    if (levelOf(segment) > level || segment.schemaVersion !== first.schemaVersion) break
    if (isFull(segment, limits)) break
    sum.bytes += segment.sizeBytes
    sum.rows += segment.rows
    sum.timeMin = Math.min(sum.timeMin, segment.timeMin ?? Number.POSITIVE_INFINITY)
    sum.timeMax = Math.max(sum.timeMax, segment.timeMax ?? Number.NEGATIVE_INFINITY)
    const span = sum.timeMax - sum.timeMin
    if (sum.bytes > limits.bytesMax || sum.rows > limits.rowsMax) break
    if (span > (limits.spanMax ?? Number.POSITIVE_INFINITY)) break
    if (levelOf(segment) !== level) continue
    ofLevel++
    count = at - from + 1
    isLarge = isFull({ sizeBytes: sum.bytes, rows: sum.rows }, limits)
  }
  const isDue = ofLevel >= limits.fanIn || (count > 1 && isLarge)
  return isDue ? { from, count, level: level + 1 } : undefined
}

function isFull(
  { sizeBytes, rows }: Pick<SegmentPointer, "sizeBytes" | "rows">,
  { fullBytes, rowsMax }: MergeLimits,
): boolean {
  return sizeBytes >= fullBytes || rows * 2 > rowsMax
}
