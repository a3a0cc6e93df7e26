import { compareText } from "../../expression/comparison.ts"

/** Values of one column: beyond it, masks and ranks cost more than another engine's scan. */
export const DICTIONARY_VALUES_MAX = 1_048_576
/** Values that are put in order: it takes a fifth of a second in which nothing else runs, again whenever there are more. */
export const RANKED_VALUES_MAX = 131_072
/** Masks kept of a dictionary: the conditions of a dashboard or two; fewer of one with many values. */
const MASKS_KEPT = 64
const MASK_BYTES_KEPT = 4 * 1024 ** 2
/** Values judged in one piece: of a pattern a few milliseconds. */
const MASK_SLICE = 4_096
/** Memory of a value: its entry in a map and in a list, and for text a short string. */
const BYTES_OF_NUMBER = 56
const BYTES_OF_TEXT = 96

/** Thrown where a statement turns out not to be the direct path's; DuckDB answers it. */
export class GivenUp extends Error {}

/** The order of a dictionary's values. */
export interface Ranking<T> {
  /** By code the value's place among all values, from 1; null's is 0. */
  readonly ranks: Int32Array
  /** The value of a rank. */
  readonly at: (rank: number) => T
}

/** Text or numbers of a column, each with a small number of its own; 0 stands for null. Codes never change. */
export class Dictionary<T extends string | number = string | number> {
  /** By code; what stands at 0 means nothing. */
  readonly values: T[]
  readonly #codes = new Map<T, number>()
  readonly #masks = new Map<string, Uint8Array>()
  #ranking: Ranking<T> | undefined

  constructor(filler: T) {
    this.values = [filler]
  }

  /** Codes are below it. */
  get size(): number {
    return this.values.length
  }

  get bytes(): number {
    return this.values.length * (typeof this.values[0] === "string" ? BYTES_OF_TEXT : BYTES_OF_NUMBER)
  }

  /** The value's code, made where there is none yet. Throws `GivenUp` when there are too many. */
  code(value: T): number {
    const known = this.#codes.get(value)
    if (known !== undefined) return known
    if (this.values.length > DICTIONARY_VALUES_MAX) {
      throw new GivenUp(`a column of more than ${DICTIONARY_VALUES_MAX} values`)
    }
    const code = this.values.push(value) - 1
    this.#codes.set(value, code)
    return code
  }

  find(value: T): number | undefined {
    return this.#codes.get(value)
  }

  /**
   * 1 for each code whose value passes; null's is 0.
   * @param key names the condition: equal keys mean equal conditions
   */
  mask(key: string, test: (value: T) => boolean): Uint8Array {
    return this.#maskTo(this.size, key, test)
  }

  /** Judges some more values for a mask; true: so few are left that `mask` takes no time worth telling. */
  growMask(key: string, test: (value: T) => boolean): boolean {
    const judged = this.#masks.get(key)?.length ?? 1
    if (this.size - judged <= MASK_SLICE) return true
    this.#maskTo(judged + MASK_SLICE, key, test)
    return false
  }

  #maskTo(size: number, key: string, test: (value: T) => boolean): Uint8Array {
    const known = this.#masks.get(key)
    if (known?.length === size) return known
    const mask = new Uint8Array(size)
    if (known !== undefined) mask.set(known)
    for (let code = known?.length ?? 1; code < mask.length; code++) {
      if (test(this.values[code]!)) mask[code] = 1
    }
    this.#masks.delete(key)
    this.#masks.set(key, mask)
    const kept = Math.max(1, Math.min(MASKS_KEPT, Math.floor(MASK_BYTES_KEPT / mask.length)))
    for (const oldest of this.#masks.keys()) {
      if (this.#masks.size <= kept) break
      this.#masks.delete(oldest)
    }
    return mask
  }

  /** The order of the values as of now. Throws `GivenUp` when there are too many. */
  ranking(): Ranking<T> {
    if (this.#ranking?.ranks.length === this.size) return this.#ranking
    if (this.size > RANKED_VALUES_MAX) throw new GivenUp(`the order of more than ${RANKED_VALUES_MAX} values`)
    const values = this.values.slice()
    const sorted = Int32Array.from({ length: values.length - 1 }, (_, at) => at + 1)
    sorted.sort((a, b) => compare(values[a]!, values[b]!))
    const ranks = new Int32Array(values.length)
    for (const [at, code] of sorted.entries()) ranks[code] = at + 1
    this.#ranking = { ranks, at: rank => values[sorted[rank - 1]!]! }
    return this.#ranking
  }
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}
