import { StorageError } from "../../storage/errors.ts"
import { compareValues, type Distinct, groupByCode, type IndexValue } from "./distinct.ts"
import type { Interval } from "./interval.ts"
import { overlap } from "./interval.ts"
import { decodeRoaring, encodeRoaring } from "./roaring.ts"
import { RowBitmap } from "./row-bitmap.ts"
import { readValues, type StoredValues, writeValues } from "./stored-values.ts"

// One form for three indexes: ranges of values in order, each with its rows. An inverted index has a range for every
// value; a range index some dozen ranges with about as many rows each; a sorted column's ranges have rows that follow
// each other, so that only where they begin is stored.
//
//   version, kind of values, form of rows, 1 where ranges are single values; ranges, rows (u32 each)
//   values: least of each range, then greatest of each unless they are single
//   rows by bitmaps: ranges + 2 places (u32), the bitmaps in Roaring's portable format, that of null rows last
//   rows by beginnings: ranges + 1 rows (u32); null rows follow the last

const VERSION = 1
const HEAD_BYTES = 12
const BITMAPS = 0
const BEGINNINGS = 1

/** Ranges of a range index: a bound that falls within one leaves two of them, 3 % of the rows, to be read. */
export const RANGES_MAX = 64
/** Rows of a sorted column that share an entry; fewer would be finer than what is read at once. */
export const SORTED_ROWS = 1_024

/** A bitmap for every value. */
export function encodeInverted({ values, codes }: Distinct): Uint8Array {
  return encode(values, values, codes, true)
}

/** A bitmap for each of at most `RANGES_MAX` ranges of values, with about as many rows each. */
export function encodeRange({ values, codes }: Distinct, rangesMax: number = RANGES_MAX): Uint8Array {
  if (values.length <= rangesMax) return encode(values, values, codes, true)
  const { starts } = groupByCode(codes, values.length + 1)
  const rows = starts[values.length]!
  const rangeOf = new Uint32Array(values.length + 1)
  const lows: IndexValue[] = []
  const highs: IndexValue[] = []
  for (let code = 0; code < values.length; code++) {
    const isDue = starts[code]! * rangesMax >= rows * lows.length
    if (lows.length === 0 || (isDue && lows.length < rangesMax)) lows.push(values[code]!)
    highs[lows.length - 1] = values[code]!
    rangeOf[code] = lows.length - 1
  }
  rangeOf[values.length] = lows.length
  return encode(
    lows,
    highs,
    codes.map(code => rangeOf[code]!),
    false,
  )
}

function encode(
  lows: readonly IndexValue[],
  highs: readonly IndexValue[],
  codes: Uint32Array,
  single: boolean,
): Uint8Array {
  const { rows, starts } = groupByCode(codes, lows.length + 1)
  const bitmaps: Uint8Array[] = []
  const places = new Uint32Array(lows.length + 2)
  let size = 0
  for (let code = 0; code <= lows.length; code++) {
    places[code] = size
    const bitmap = RowBitmap.ofRows(rows.subarray(starts[code]!, starts[code + 1]!))
    const bytes = encodeRoaring(bitmap)
    bitmaps.push(bytes)
    size += bytes.length
  }
  places[lows.length + 1] = size
  const placesBytes = new Uint8Array(places.buffer)
  return joined({ lows, highs, rows: codes.length, form: BITMAPS, single }, [placesBytes, ...bitmaps])
}

/**
 * Where values of the column by which the rows are sorted begin, nulls last; neighbouring values share an entry until
 * it has `SORTED_ROWS` rows.
 */
export function encodeSorted({ values, codes }: Distinct, rowsMin: number = SORTED_ROWS): Uint8Array {
  const lows: IndexValue[] = []
  const highs: IndexValue[] = []
  const beginnings: number[] = []
  let row = 0
  for (; row < codes.length && codes[row]! < values.length; row++) {
    const isNew = row === 0 || codes[row] !== codes[row - 1]
    if (isNew && (row === 0 || row - beginnings.at(-1)! >= rowsMin)) {
      beginnings.push(row)
      lows.push(values[codes[row]!]!)
    }
    if (isNew) highs[lows.length - 1] = values[codes[row]!]!
  }
  beginnings.push(row)
  const body = new Uint8Array(Uint32Array.from(beginnings).buffer)
  return joined({ lows, highs, rows: codes.length, form: BEGINNINGS, single: false }, [body])
}

interface Head {
  readonly lows: readonly IndexValue[]
  readonly highs: readonly IndexValue[]
  readonly rows: number
  readonly form: number
  readonly single: boolean
}

function joined({ lows, highs, rows, form, single }: Head, bodies: readonly Uint8Array[]): Uint8Array {
  const { kind, bytes } = writeValues(single ? lows : [...lows, ...highs])
  const head = Buffer.alloc(HEAD_BYTES)
  head.set([VERSION, kind, form, single ? 1 : 0])
  head.writeUint32LE(lows.length, 4)
  head.writeUint32LE(rows, 8)
  return new Uint8Array(Buffer.concat([head, bytes, ...bodies]))
}

/** Answers that an index keeps, by the very intervals that were asked for. */
const ANSWERS_KEPT = 4

/** Rows for which a condition may be true. */
export interface FoundRows {
  readonly rows: RowBitmap
  /** It is true for all of them. */
  readonly exact: boolean
}

/** An index as it was read. */
export class ValueBlocks {
  readonly #bytes: Uint8Array
  readonly #values: StoredValues
  readonly #count: number
  readonly #rows: number
  readonly #single: boolean
  readonly #hasBitmaps: boolean
  readonly #bodyAt: number
  readonly #view: DataView
  readonly #answers: [intervals: readonly Interval[], found: FoundRows][] = []

  /** Throws `StorageError` (`corrupt`). */
  constructor(bytes: Uint8Array) {
    const [version, kind, form, single] = bytes
    if (version !== VERSION) {
      throw new StorageError("unknown_format", `an index of version ${version}; expected ${VERSION}`)
    }
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#count = this.#view.getUint32(4, true)
    this.#rows = this.#view.getUint32(8, true)
    this.#single = single === 1
    this.#hasBitmaps = form === BITMAPS
    this.#values = readValues(kind!, bytes, HEAD_BYTES, this.#single ? this.#count : this.#count * 2)
    this.#bodyAt = this.#values.end
  }

  #low(at: number): IndexValue {
    return this.#values.at(at)
  }

  #high(at: number): IndexValue {
    return this.#values.at(this.#single ? at : this.#count + at)
  }

  /** Rows whose value lies in one of the intervals. The newest answers are kept: dashboards repeat their questions. */
  rowsIn(intervals: readonly Interval[]): FoundRows {
    const kept = this.#answers.find(([asked]) => asked === intervals)
    if (kept !== undefined) return kept[1]
    const found = this.#find(intervals)
    this.#answers.unshift([intervals, found])
    if (this.#answers.length > ANSWERS_KEPT) this.#answers.pop()
    return found
  }

  #find(intervals: readonly Interval[]): FoundRows {
    const found: RowBitmap[] = []
    let exact = true
    for (const interval of intervals) {
      const [from, to] = this.#entries(interval)
      for (const edge of new Set([from, to - 1])) {
        if (edge < from || edge >= to) continue
        if (overlap([interval], this.#low(edge), this.#high(edge)) !== "all") exact = false
      }
      found.push(...this.#rowsOf(from, to))
    }
    return { rows: RowBitmap.union(found), exact }
  }

  /** The entries that the interval touches: from the first up to, not including, the second. */
  #entries({ low, high, lowOpen, highOpen }: Interval): readonly [number, number] {
    const from =
      low === undefined
        ? 0
        : this.#first(at => {
            const order = compareValues(this.#high(at), low)
            return order > 0 || (order === 0 && !lowOpen)
          })
    const to =
      high === undefined
        ? this.#count
        : this.#first(at => {
            const order = compareValues(this.#low(at), high)
            return order > 0 || (order === 0 && highOpen === true)
          })
    return [from, Math.max(from, to)]
  }

  /** The first entry that passes; all after it do. */
  #first(passes: (at: number) => boolean): number {
    let from = 0
    let to = this.#count
    while (from < to) {
      const middle = (from + to) >>> 1
      if (passes(middle)) to = middle
      else from = middle + 1
    }
    return from
  }

  #rowsOf(from: number, to: number): RowBitmap[] {
    if (from >= to) return []
    if (this.#hasBitmaps) return Array.from({ length: to - from }, (_, at) => this.#bitmap(from + at))
    const begin = (at: number) => this.#view.getUint32(this.#bodyAt + at * 4, true)
    return [RowBitmap.ofRange(begin(from), begin(to))]
  }

  #bitmap(at: number): RowBitmap {
    const base = this.#bodyAt + (this.#count + 2) * 4
    const start = this.#view.getUint32(this.#bodyAt + at * 4, true)
    const end = this.#view.getUint32(this.#bodyAt + at * 4 + 4, true)
    return decodeRoaring(this.#bytes.subarray(base + start, base + end))
  }

  /** Rows without a value. */
  nullRows(): RowBitmap {
    if (this.#hasBitmaps) return this.#bitmap(this.#count)
    return RowBitmap.ofRange(this.#view.getUint32(this.#bodyAt + this.#count * 4, true), this.#rows)
  }

  get rows(): number {
    return this.#rows
  }

  /** As they were read. */
  get bytes(): number {
    return this.#bytes.length
  }
}
