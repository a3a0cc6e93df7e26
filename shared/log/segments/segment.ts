import { ByteReader, ByteWriter } from "../packing.ts"

/** Bytes of batches between two points of a segment's sparse index: what a fetch of one record may read in vain. */
export const POINT_BYTES = 512 * 1024

/**
 * Stored batches of one partition in the order of their offsets, base offsets in place, as one object. It stands for
 * all offsets from `base` to `next − 1`, whether or not it holds records at them.
 */
export interface Segment {
  readonly base: number
  readonly next: number
  /** The last part of its object's key; empty where there is no object, since no record is left. */
  readonly id: string
  readonly sizeBytes: number
  /** Records in it. */
  readonly records: number
  /** Epoch ms; −1 where no record has one. */
  readonly minTimestamp: number
  readonly maxTimestamp: number
  /** Records without a value, as the last compaction counted them; 0 before one. */
  readonly tombstones: number
  /** Where in it batches begin: a packed list, see `unpackPoints`. */
  readonly points: Uint8Array
}

/** One entry of the sparse index: the batches from `position` on, up to the next point. */
export interface SegmentPoint {
  /** The offset after the last batch before `position`: an offset between this and the next point's is here. */
  readonly offset: number
  /** Byte of the object. */
  readonly position: number
  /** The highest of the batches up to the next point, epoch ms. */
  readonly maxTimestamp: number
}

/** Where a partition's segments and index objects lie. */
export function segmentFolder(topicId: string, partition: number): string {
  return `seg/${topicId}/${partition}/`
}

export function segmentKey(
  topicId: string,
  partition: number,
  segment: Pick<Segment, "base" | "next" | "id">,
): string {
  return `${segmentFolder(topicId, partition)}${segment.base}-${segment.next}-${segment.id}`
}

/** Packs points: how far each is from the one before. The first is at the segment's base and byte 0. */
export function packPoints(base: number, points: readonly SegmentPoint[]): Uint8Array {
  const out = new ByteWriter(16 + points.length * 10)
  let [offset, position, timestamp] = [base, 0, 0]
  for (const point of points) {
    out.unsigned(point.offset - offset)
    out.unsigned(point.position - position)
    out.signed(point.maxTimestamp - timestamp)
    offset = point.offset
    position = point.position
    timestamp = point.maxTimestamp
  }
  return out.bytes()
}

/** Reads what `packPoints` wrote. Throws `RangeError`. */
export function unpackPoints(segment: Pick<Segment, "base" | "points">): SegmentPoint[] {
  const from = new ByteReader(segment.points)
  const points: SegmentPoint[] = []
  let [offset, position, maxTimestamp] = [segment.base, 0, 0]
  while (!from.atEnd()) {
    offset += from.unsigned()
    position += from.unsigned()
    maxTimestamp += from.signed()
    points.push({ offset, position, maxTimestamp })
  }
  return points
}

/** A segment without records: only its offsets are left. */
export function emptySegment(base: number, next: number): Segment {
  return {
    base,
    next,
    id: "",
    sizeBytes: 0,
    records: 0,
    minTimestamp: -1,
    maxTimestamp: -1,
    tombstones: 0,
    points: new Uint8Array(),
  }
}
