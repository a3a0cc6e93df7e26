import type { BlockColumn, NumberColumn } from "./block-column.ts"
import { ValueBitmaps } from "./value-bitmaps.ts"

/** Values between the least and the greatest of a block: more would take more memory than the rows. */
const SPREAD_MAX = 8_192
/** Bitmaps of more values take more than twice what lists do. */
const BITMAPS_MAX = 32

/** Rows by value, of a column in one block: an inverted index in memory. */
export type Postings = ValueLists | ValueBitmaps

/**
 * By codes, null's among them, or by whole numbers, nulls left out: bitmaps where values are few, else lists.
 * Undefined where the values lie too far apart.
 */
export function postingsOf(column: BlockColumn): Postings | undefined {
  const isCoded = column.kind === "codes"
  const values = isCoded ? column.codes : column.values
  if (values instanceof Float64Array) return undefined
  const [min, max] = isCoded ? spreadOf(column.codes) : [column.min, column.max]
  if (min > max || max - min >= SPREAD_MAX) return undefined
  const nulls = isCoded ? undefined : column.nulls
  const count = max - min + 1
  return count <= BITMAPS_MAX
    ? new ValueBitmaps(min, values, count, nulls)
    : new ValueLists(min, values, count, nulls)
}

/** The rows of each value as a list. */
export class ValueLists {
  /** The value of the first list. */
  readonly base: number
  /** List `v - base` is `rows` from `starts[v - base]` to `starts[v - base + 1]`. */
  readonly #starts: Uint32Array
  readonly #rows: Uint16Array | Uint32Array

  constructor(base: number, values: Values, lists: number, nulls: Uint8Array | undefined) {
    this.base = base
    this.#starts = new Uint32Array(lists + 1)
    // Counting sort: how many rows each value has, then where its rows begin, then the rows.
    const starts = this.#starts
    for (let row = 0; row < values.length; row++) {
      if (nulls === undefined || nulls[row] === 0) starts[values[row]! - base + 1]!++
    }
    for (let list = 1; list < starts.length; list++) starts[list]! += starts[list - 1]!
    const size = starts[lists]!
    this.#rows = values.length <= 65_536 ? new Uint16Array(size) : new Uint32Array(size)
    const next = starts.slice()
    for (let row = 0; row < values.length; row++) {
      if (nulls === undefined || nulls[row] === 0) this.#rows[next[values[row]! - base]!++] = row
    }
  }

  get bytes(): number {
    return this.#starts.byteLength + this.#rows.byteLength
  }

  /**
   * How many rows have one of the values.
   * @param ranges `low`, `high` of ranges of values with both ends
   */
  count(ranges: readonly number[]): number {
    let count = 0
    for (let at = 0; at < ranges.length; at += 2) {
      const [from, end] = this.#lists(ranges[at]!, ranges[at + 1]!)
      if (from < end) count += this.#starts[end]! - this.#starts[from]!
    }
    return count
  }

  /** Writes the rows that have one of the values, ascending within each value; gives how many. */
  collect(ranges: readonly number[], out: Int32Array): number {
    let count = 0
    for (let at = 0; at < ranges.length; at += 2) {
      const [from, end] = this.#lists(ranges[at]!, ranges[at + 1]!)
      if (from >= end) continue
      const rows = this.#rows.subarray(this.#starts[from]!, this.#starts[end]!)
      out.set(rows, count)
      count += rows.length
    }
    return count
  }

  /** The first list of a range, and the one after its last. */
  #lists(low: number, high: number): readonly [from: number, end: number] {
    const { base } = this
    return [Math.max(low, base) - base, Math.min(high + 1 - base, this.#starts.length - 1)]
  }
}

export type Values = Exclude<NumberColumn["values"], Float64Array>

function spreadOf(codes: Values): [min: number, max: number] {
  let min = Number.POSITIVE_INFINITY
  let max = 0
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!
    if (code < min) min = code
    if (code > max) max = code
  }
  return [min, max]
}
