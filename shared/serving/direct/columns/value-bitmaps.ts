import type { Values } from "./postings.ts"

const WORD_BITS = 32

/** Where the union of several values is made; used up at once. */
let union = new Int32Array(0)

/** The rows of each value of a column as a bitmap: what several conditions leave of a block is found word by word. */
export class ValueBitmaps {
  readonly #base: number
  readonly #counts: Uint32Array
  /** Of all values, one after the other. */
  readonly #words: Int32Array
  /** Words of one bitmap. */
  readonly words: number

  constructor(base: number, values: Values, count: number, nulls: Uint8Array | undefined) {
    this.#base = base
    this.words = Math.ceil(values.length / WORD_BITS)
    this.#counts = new Uint32Array(count)
    this.#words = new Int32Array(count * this.words)
    for (let row = 0; row < values.length; row++) {
      if (nulls !== undefined && nulls[row] === 1) continue
      const value = values[row]! - base
      this.#counts[value]!++
      this.#words[value * this.words + (row >>> 5)]! |= 1 << (row & 31)
    }
  }

  get bytes(): number {
    return this.#counts.byteLength + this.#words.byteLength
  }

  /**
   * How many rows have one of the values.
   * @param ranges `low`, `high` of ranges of values with both ends
   */
  count(ranges: readonly number[]): number {
    let count = 0
    for (let at = 0; at < ranges.length; at += 2) {
      const [from, end] = this.#between(ranges[at]!, ranges[at + 1]!)
      for (let value = from; value < end; value++) count += this.#counts[value]!
    }
    return count
  }

  /** Takes away the rows that have none of the values. */
  keep(ranges: readonly number[], rows: Int32Array): void {
    const own = this.#union(ranges)
    for (let at = 0; at < this.words; at++) rows[at]! &= own[at]!
  }

  /** Writes the rows that have one of the values. */
  copy(ranges: readonly number[], rows: Int32Array): void {
    rows.set(this.#union(ranges))
  }

  #between(low: number, high: number): readonly [from: number, end: number] {
    return [Math.max(low - this.#base, 0), Math.min(high + 1 - this.#base, this.#counts.length)]
  }

  #union(ranges: readonly number[]): Int32Array {
    const { words } = this
    const all = this.#words
    let found: Int32Array | undefined
    for (let at = 0; at < ranges.length; at += 2) {
      const [from, end] = this.#between(ranges[at]!, ranges[at + 1]!)
      for (let value = from; value < end; value++) {
        const start = value * words
        if (found === undefined) found = all.subarray(start, start + words)
        else found = joined(found, all, start)
      }
    }
    return found ?? new Int32Array(words)
  }
}

function joined(one: Int32Array, all: Int32Array, start: number): Int32Array {
  const { length } = one
  if (union.length < length) union = new Int32Array(length)
  const out = union.length === length ? union : union.subarray(0, length)
  for (let at = 0; at < length; at++) out[at] = one[at]! | all[start + at]!
  return out
}

/** Rows more than there are, which `rowsOf` may write to. */
export const ROWS_SLACK = 2

/**
 * Writes the rows whose bits are set, ascending; gives how many. Two rows of each word are written whether they are
 * there or not: how many bits a word has cannot be foretold, and a branch for each would cost more than the rows.
 * @param out has room for `ROWS_SLACK` more
 */
export function rowsOf(bits: Int32Array, words: number, out: Int32Array): number {
  let count = 0
  for (let at = 0; at < words; at++) {
    const last = at * WORD_BITS + (WORD_BITS - 1)
    const one = bits[at]!
    out[count] = last - Math.clz32(one & -one)
    count += Number(one !== 0)
    const two = one & (one - 1)
    out[count] = last - Math.clz32(two & -two)
    count += Number(two !== 0)
    for (let rest = two & (two - 1); rest !== 0; rest &= rest - 1) {
      out[count++] = last - Math.clz32(rest & -rest)
    }
  }
  return count
}
