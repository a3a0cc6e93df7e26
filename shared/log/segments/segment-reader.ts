import { LRUCache } from "lru-cache"
import type { ByteRange } from "../../storage/object-store.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { type BatchHeader, checkBatchCrc } from "../records/index.ts"
import type { FetchedBatch } from "../types.ts"
import type { PartitionRef } from "./index-store.ts"
import { type Segment, type SegmentPoint, segmentKey, unpackPoints } from "./segment.ts"

/** Of a segment at once, whatever is asked for: bounds memory. */
export const SEGMENT_READ_BYTES_MAX = 16 * 1024 * 1024
/** Places where readers of segments stopped: the next fetch begins at its batch, not at the point before it. */
const PLACES_KEPT = 4_096
/** Sparse indexes that are unpacked: some hundred numbers each. */
const POINTS_KEPT = 1_024

/** What a read of a segment came to. `next`: everything below is in `batches`, or is not there. */
export interface SegmentRead {
  readonly batches: readonly FetchedBatch[]
  readonly next: number
}

/** Where a batch begins: an offset at or below its base, and the byte. */
interface Place {
  readonly offset: number
  readonly position: number
}

/**
 * The bytes of a segment to read for `offset`: from the batch that holds it, or comes next, as far as `maxBytes` from
 * there need, at least to the point after it. Pure.
 */
export function planRange(
  { sizeBytes }: Pick<Segment, "sizeBytes">,
  points: readonly SegmentPoint[],
  offset: number,
  maxBytes: number,
  place?: Place,
): ByteRange {
  let at = 0
  while (at + 1 < points.length && points[at + 1].offset <= offset) at++
  const after = points[at + 1]?.position ?? sizeBytes
  if (place !== undefined && place.offset === offset && place.position < sizeBytes) {
    const start = place.position
    // A single batch may be larger than what is asked for: then the next point tells where it ends at the latest.
    const end = Math.max(after, start + Math.min(maxBytes, SEGMENT_READ_BYTES_MAX))
    return { start, end: Math.min(end, sizeBytes) }
  }
  const start = points[at].position
  const wanted = after + Math.min(maxBytes, SEGMENT_READ_BYTES_MAX)
  return { start, end: Math.min(maxBytes <= after - start ? after : wanted, sizeBytes) }
}

/** Reads batches out of segments, each read one ranged get. */
export class SegmentReader {
  readonly #ports: Pick<Ports, "objects" | "clock">
  readonly #places = new LRUCache<string, Place>({ max: PLACES_KEPT })
  readonly #points = new LRUCache<string, readonly SegmentPoint[]>({ max: POINTS_KEPT })

  constructor(ports: Pick<Ports, "objects" | "clock">) {
    this.#ports = ports
  }

  /**
   * The batches of a segment from the one that holds `offset`, or comes next, at most `maxBytes` of them but always one,
   * where there is one. Throws `log_damaged`, also when the object is gone: the index may name another by now.
   */
  async read(at: PartitionRef, segment: Segment, offset: number, maxBytes: number): Promise<SegmentRead> {
    if (segment.sizeBytes === 0) return { batches: [], next: segment.next }
    const points = this.#pointsOf(segment)
    const place = this.#places.get(`${segment.id}@${offset}`)
    const range = planRange(segment, points, offset, maxBytes, place)
    const key = segmentKey(at.topicId, at.partition, segment)
    const body = await this.#get(key, range)
    const read = batchesIn(key, body, segment, range, offset, maxBytes)
    if (read.next < segment.next) {
      const stopped = { offset: read.next, position: read.position }
      this.#places.set(`${segment.id}@${read.next}`, stopped)
    }
    return read
  }

  /** The batches of a segment among which the first record with a timestamp at or above `timestamp` is, if any. */
  async readAtTime(
    at: PartitionRef,
    segment: Segment,
    timestamp: number,
    from: number,
  ): Promise<SegmentRead | undefined> {
    const points = this.#pointsOf(segment)
    const found = points.findIndex(
      ({ maxTimestamp }, index) =>
        maxTimestamp >= timestamp && (points[index + 1]?.offset ?? segment.next) > from,
    )
    if (found < 0) return undefined
    const range = { start: points[found].position, end: points[found + 1]?.position ?? segment.sizeBytes }
    const key = segmentKey(at.topicId, at.partition, segment)
    const next = points[found + 1]?.offset ?? segment.next
    const read = batchesIn(key, await this.#get(key, range), segment, range, from, Number.POSITIVE_INFINITY)
    return { batches: read.batches, next }
  }

  /** A whole segment, batch by batch: each with its header, verified. The bytes are the caller's. */
  async readAll(at: PartitionRef, segment: Segment): Promise<readonly StoredBatch[]> {
    if (segment.sizeBytes === 0) return []
    const key = segmentKey(at.topicId, at.partition, segment)
    const body = await this.#get(key, { start: 0, end: segment.sizeBytes })
    const batches: StoredBatch[] = []
    for (let position = 0; position < body.length; ) {
      const header = checked(key, body, position)
      batches.push({ header, bytes: body.subarray(position, position + header.sizeBytes) })
      position += header.sizeBytes
    }
    return batches
  }

  #pointsOf(segment: Segment): readonly SegmentPoint[] {
    let points = this.#points.get(segment.id)
    if (points === undefined) {
      points = unpackPoints(segment)
      this.#points.set(segment.id, points)
    }
    return points
  }

  async #get(key: string, range: ByteRange): Promise<Uint8Array> {
    const read = await readAgain(this.#ports, () => this.#ports.objects.get(key, range))
    if (read === undefined || read.body.length !== range.end - range.start) {
      throw new LogError("log_damaged", `segment ${key} is missing, or shorter than ${range.end} bytes`)
    }
    return read.body
  }
}

export interface StoredBatch {
  readonly header: BatchHeader
  readonly bytes: Uint8Array
}

/** The offset after the last that a batch stands for, whatever compaction has left of its records. */
export function offsetAfter({ baseOffset, lastOffsetDelta }: BatchHeader): number {
  return baseOffset + lastOffsetDelta + 1
}

function batchesIn(
  key: string,
  body: Uint8Array,
  segment: Segment,
  range: ByteRange,
  offset: number,
  maxBytes: number,
): SegmentRead & { readonly position: number } {
  const batches: FetchedBatch[] = []
  let position = 0
  let bytes = 0
  let next = offset
  while (position + BATCH_SIZE_FIELD_END <= body.length) {
    const size = batchSizeAt(body, position)
    if (size > body.length - position) break
    if (batches.length > 0 && bytes + size > maxBytes) break
    const header = checked(key, body, position)
    const after = offsetAfter(header)
    if (header.baseOffset < segment.base || after > segment.next) {
      throw new LogError("log_damaged", `segment ${key}: a batch at ${header.baseOffset} ends at ${after}`)
    }
    if (after > offset) {
      if (header.baseOffset < next && batches.length > 0) {
        throw new LogError("log_damaged", `segment ${key}: a batch at ${header.baseOffset} overlaps ${next}`)
      }
      batches.push({
        baseOffset: header.baseOffset,
        nextOffset: after,
        bytes: body.subarray(position, position + size),
      })
      bytes += size
      next = after
    }
    position += size
  }
  const at = range.start + position
  if (at < segment.sizeBytes && batches.length === 0) {
    throw new LogError(
      "log_damaged",
      `segment ${key}: no batch for offset ${offset} before byte ${range.end}`,
    )
  }
  // What follows the last batch holds no record any more.
  return { batches, next: at === segment.sizeBytes ? segment.next : next, position: at }
}

const BATCH_SIZE_FIELD_END = 12

function batchSizeAt(body: Uint8Array, at: number): number {
  const length = (body[at + 8] << 24) | (body[at + 9] << 16) | (body[at + 10] << 8) | body[at + 11]
  return length < 0 ? Number.POSITIVE_INFINITY : BATCH_SIZE_FIELD_END + length
}

function checked(key: string, body: Uint8Array, position: number): BatchHeader {
  try {
    return checkBatchCrc(body, position)
  } catch (cause) {
    const said = (cause as Error).message
    throw new LogError("log_damaged", `segment ${key} at byte ${position}: ${said}`, { cause })
  }
}
