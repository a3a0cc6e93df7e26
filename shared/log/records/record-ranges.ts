import type { RecordSource } from "../types.ts"
import {
  type BatchBuilder,
  headersBytesMax,
  RECORD_OVERHEAD_BYTES_MAX,
  type RecordHeader,
} from "./batch-builder.ts"

/**
 * Records in columns: where each one's key and value lie in one buffer. A start of −1 is null; a column that is null
 * holds nothing for any record.
 */
export interface RecordRanges {
  readonly source: Uint8Array
  readonly count: number
  readonly keyStarts: Int32Array | null
  readonly keyEnds: Int32Array | null
  readonly valueStarts: Int32Array
  readonly valueEnds: Int32Array
  /** Epoch ms; NaN where the record brings none. */
  readonly timestamps: Float64Array | null
  readonly headers: readonly (readonly RecordHeader[] | undefined)[] | null
  /** The partition that the record asks for, −1 where it asks for none. */
  readonly partitions: Int32Array | null
}

/** Enough for most requests. */
const COLUMN_LENGTH = 1024

/** A column that grows: at least `size` long, its content kept. */
export function grown(column: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(size, 2 * column.length))
  larger.set(column)
  return larger
}

/** Keys, values and what else records bring, gathered one record after the other. */
export class RecordColumns {
  count = 0
  #keyStarts = new Int32Array(COLUMN_LENGTH)
  #keyEnds = new Int32Array(COLUMN_LENGTH)
  #valueStarts = new Int32Array(COLUMN_LENGTH)
  #valueEnds = new Int32Array(COLUMN_LENGTH)
  #keyed = false
  #partitions: number[] | null = null
  #timestamps: number[] | null = null
  #headers: (readonly RecordHeader[] | undefined)[] | null = null

  /** Ends a record. Partition −1, timestamp NaN and headers `undefined` mean that it brings none. */
  add(
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    partition: number,
    timestamp: number,
    headers: readonly RecordHeader[] | undefined,
  ): void {
    const at = this.count++
    if (at === this.#keyStarts.length) this.#grow()
    this.#keyStarts[at] = keyStart
    this.#keyEnds[at] = keyEnd
    this.#valueStarts[at] = valueStart
    this.#valueEnds[at] = valueEnd
    if (keyStart >= 0) this.#keyed = true
    if (partition >= 0) this.#partitions ??= new Array(at).fill(-1)
    this.#partitions?.push(partition)
    if (!Number.isNaN(timestamp)) this.#timestamps ??= new Array(at).fill(Number.NaN)
    this.#timestamps?.push(timestamp)
    if (headers !== undefined) this.#headers ??= new Array(at).fill(undefined)
    this.#headers?.push(headers)
  }

  /** The records, their ranges being of `source`. */
  ranges(source: Uint8Array): RecordRanges {
    return {
      source,
      count: this.count,
      keyStarts: this.#keyed ? this.#keyStarts : null,
      keyEnds: this.#keyed ? this.#keyEnds : null,
      valueStarts: this.#valueStarts,
      valueEnds: this.#valueEnds,
      timestamps: this.#timestamps === null ? null : Float64Array.from(this.#timestamps),
      headers: this.#headers,
      partitions: this.#partitions === null ? null : Int32Array.from(this.#partitions),
    }
  }

  #grow(): void {
    this.#keyStarts = grown(this.#keyStarts, this.count)
    this.#keyEnds = grown(this.#keyEnds, this.count)
    this.#valueStarts = grown(this.#valueStarts, this.count)
    this.#valueEnds = grown(this.#valueEnds, this.count)
  }
}

/** Keyless values without headers or times of their own, one after the other: what plain NDJSON is. */
class ValueSource implements RecordSource {
  readonly count: number
  readonly bytesMax: number
  readonly #ranges: RecordRanges

  constructor(ranges: RecordRanges) {
    this.#ranges = ranges
    this.count = ranges.count
    // The values do not overlap, so the buffer bounds them all.
    this.bytesMax = ranges.count * RECORD_OVERHEAD_BYTES_MAX + ranges.source.length
  }

  write(builder: BatchBuilder, from: number, to: number, timestamp: number): void {
    const { source, valueStarts, valueEnds } = this.#ranges
    for (let i = from; i < to; i++) builder.add(source, -1, -1, valueStarts[i]!, valueEnds[i]!, timestamp)
  }

  firstKeyless(): number {
    return 0
  }
}

/** Any records, or those that an index column chooses. */
class RangeSource implements RecordSource {
  readonly count: number
  readonly bytesMax: number
  readonly #ranges: RecordRanges
  readonly #index: Int32Array | null

  constructor(ranges: RecordRanges, index: Int32Array | null) {
    this.#ranges = ranges
    this.#index = index
    this.count = index === null ? ranges.count : index.length
    this.bytesMax = bytesMax(ranges, index)
  }

  firstKeyless(): number {
    const { keyStarts } = this.#ranges
    for (let at = 0; at < this.count; at++) {
      if (keyStarts === null || keyStarts[this.#index === null ? at : this.#index[at]!]! < 0) return at
    }
    return -1
  }

  write(builder: BatchBuilder, from: number, to: number, timestamp: number): void {
    const { source, keyStarts, keyEnds, valueStarts, valueEnds, timestamps, headers } = this.#ranges
    const index = this.#index
    for (let at = from; at < to; at++) {
      const i = index === null ? at : index[at]!
      const own = timestamps === null ? Number.NaN : timestamps[i]!
      builder.add(
        source,
        keyStarts === null ? -1 : keyStarts[i]!,
        keyEnds === null ? -1 : keyEnds[i]!,
        valueStarts[i]!,
        valueEnds[i]!,
        Number.isNaN(own) ? timestamp : own,
        headers === null ? undefined : headers[i],
      )
    }
  }
}

function bytesMax(ranges: RecordRanges, index: Int32Array | null): number {
  const { keyStarts, keyEnds, valueStarts, valueEnds, headers } = ranges
  const count = index === null ? ranges.count : index.length
  let bytes = count * RECORD_OVERHEAD_BYTES_MAX
  for (let at = 0; at < count; at++) {
    const i = index === null ? at : index[at]!
    bytes += valueEnds[i]! - valueStarts[i]!
    if (keyStarts !== null) bytes += keyEnds![i]! - keyStarts[i]!
    const own = headers?.[i]
    if (own !== undefined) bytes += headersBytesMax(own)
  }
  return bytes
}

/** The records of `ranges`, or those that `index` names in its order, as a source for the log. */
export function rangeSource(ranges: RecordRanges, index: Int32Array | null = null): RecordSource {
  const plain = ranges.keyStarts === null && ranges.timestamps === null && ranges.headers === null
  return plain && index === null ? new ValueSource(ranges) : new RangeSource(ranges, index)
}
