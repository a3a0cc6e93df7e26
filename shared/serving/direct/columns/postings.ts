import type { BlockColumn, NumberColumn } from "./block-column.ts"

/** Values between the least and the greatest of a block: more would take more memory than the rows. */
const SPREAD_MAX = 8_192

/** The rows of each value of a column in one block: an inverted index as plain arrays. */
export class Postings {
  /** The value of the first list. */
  readonly base: number
  /** List `v - base` is `rows` from `starts[v - base]` to `starts[v - base + 1]`. */
  readonly #starts: Uint32Array
  readonly #rows: Uint16Array | Uint32Array

  private constructor(base: number, values: Values, lists: number, nulls: Uint8Array | undefined) {
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

  /**
   * By codes, null's among them, or by whole numbers, nulls left out.
   * Undefined where the values lie too far apart.
   */
  static of(column: BlockColumn): Postings | undefined {
    const isCoded = column.kind === "codes"
    const values = isCoded ? column.codes : column.values
    if (values instanceof Float64Array) return undefined
    const [min, max] = isCoded ? spreadOf(column.codes) : [column.min, column.max]
    if (min > max || max - min >= SPREAD_MAX) return undefined
    return new Postings(min, values, max - min + 1, isCoded ? undefined : column.nulls)
  }

  get bytes(): number {
    return this.#starts.byteLength + this.#rows.byteLength
  }

  /** How many rows have a value that passes. */
  count(passes: (value: number) => boolean): number {
    let count = 0
    const starts = this.#starts
    for (let list = 0; list < starts.length - 1; list++) {
      const size = starts[list + 1]! - starts[list]!
      if (size > 0 && passes(this.base + list)) count += size
    }
    return count
  }

  /** Writes the rows whose value passes, ascending within each value; gives how many. */
  collect(passes: (value: number) => boolean, out: Int32Array): number {
    let count = 0
    for (let list = 0; list < this.#starts.length - 1; list++) {
      const [start, end] = [this.#starts[list]!, this.#starts[list + 1]!]
      if (start === end || !passes(this.base + list)) continue
      out.set(this.#rows.subarray(start, end), count)
      count += end - start
    }
    return count
  }
}

type Values = Exclude<NumberColumn["values"], Float64Array>

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
