import { emptySegment, POINT_BYTES, packPoints, type Segment, type SegmentPoint } from "./segment.ts"

/** A batch on its way into a segment. */
export interface SegmentBatch {
  /** Its base offset in place; not changed any more. */
  readonly bytes: Uint8Array
  readonly baseOffset: number
  /** The offset after the last that it stands for. */
  readonly nextOffset: number
  readonly records: number
  /** Epoch ms. */
  readonly minTimestamp: number
  readonly maxTimestamp: number
  readonly tombstones: number
}

/** A segment and what its object is to hold; no pieces: no object. */
export interface BuiltSegment {
  readonly segment: Segment
  readonly pieces: readonly Uint8Array[]
}

/** Gathers batches, in the order of their offsets, into one segment. */
export class SegmentBuilder {
  readonly base: number
  sizeBytes = 0
  readonly #pieces: Uint8Array[] = []
  readonly #points: SegmentPoint[] = []
  #next: number
  #records = 0
  #tombstones = 0
  #minTimestamp = Number.POSITIVE_INFINITY
  #maxTimestamp = -1
  #pointMax = -1
  #pointPosition = 0
  #pointOffset: number

  constructor(base: number) {
    this.base = base
    this.#next = base
    this.#pointOffset = base
  }

  add(batch: SegmentBatch): void {
    if (batch.baseOffset < this.#next)
      throw new RangeError(`batch ${batch.baseOffset} overlaps what ends at ${this.#next}`)
    if (this.sizeBytes - this.#pointPosition >= POINT_BYTES) this.#point()
    this.#pieces.push(batch.bytes)
    this.sizeBytes += batch.bytes.length
    this.#next = batch.nextOffset
    this.#records += batch.records
    this.#tombstones += batch.tombstones
    if (batch.minTimestamp < this.#minTimestamp) this.#minTimestamp = batch.minTimestamp
    if (batch.maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = batch.maxTimestamp
    if (batch.maxTimestamp > this.#pointMax) this.#pointMax = batch.maxTimestamp
  }

  #point(): void {
    const [offset, position] = [this.#pointOffset, this.#pointPosition]
    this.#points.push({ offset, position, maxTimestamp: this.#pointMax })
    this.#pointOffset = this.#next
    this.#pointPosition = this.sizeBytes
    this.#pointMax = -1
  }

  /** Ends it. @param next the offset after the last that the segment stands for @param id fresh and random */
  finish(next: number, id: string): BuiltSegment {
    if (next < this.#next) throw new RangeError(`the segment ends at ${next}, its batches at ${this.#next}`)
    if (this.#pieces.length === 0) return { segment: emptySegment(this.base, next), pieces: [] }
    this.#point()
    const segment: Segment = {
      base: this.base,
      next,
      id,
      sizeBytes: this.sizeBytes,
      records: this.#records,
      minTimestamp: this.#minTimestamp,
      maxTimestamp: this.#maxTimestamp,
      tombstones: this.#tombstones,
      points: packPoints(this.base, this.#points),
    }
    return { segment, pieces: this.#pieces }
  }
}
