import { type Dictionary, GivenUp } from "./dictionary.ts"

export type Codes = Uint8Array | Uint16Array | Int32Array
export type Numbers = Uint8Array | Uint16Array | Int32Array | Float64Array

/** A column of one block, each row as the code of its value; 0 is null. */
export interface CodedColumn {
  readonly kind: "codes"
  readonly codes: Codes
  readonly dictionary: Dictionary
  /** The codes that occur, where they are few: whole blocks are judged by them. */
  readonly present: readonly number[] | undefined
  readonly bytes: number
}

/** A column of one block as numbers: timestamps as epoch ms, decimals unscaled, booleans 0 and 1. */
export interface NumberColumn {
  readonly kind: "numbers"
  readonly values: Numbers
  /** 1 where the row is null; absent: none is. */
  readonly nulls: Uint8Array | undefined
  /** Of the rows that are not null; `min` above `max` when there is none. */
  readonly min: number
  readonly max: number
  readonly bytes: number
}

export type BlockColumn = CodedColumn | NumberColumn

/** More codes than this are not listed: to judge them takes as long as it saves. */
const PRESENT_MAX = 256

/** Memory that worker threads see too. */
function shared(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes)
}

/** Codes in the narrowest array that holds them. */
export function codedColumn(codes: Int32Array, dictionary: Dictionary): CodedColumn {
  let most = 0
  const seen = new Set<number>()
  let last = -1
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!
    if (code === last) continue
    last = code
    if (code > most) most = code
    if (seen.size <= PRESENT_MAX) seen.add(code)
  }
  const narrow =
    most < 256
      ? new Uint8Array(shared(codes.length))
      : most < 65_536
        ? new Uint16Array(shared(2 * codes.length))
        : new Int32Array(shared(4 * codes.length))
  narrow.set(codes)
  const present = seen.size <= PRESENT_MAX ? [...seen] : undefined
  return { kind: "codes", codes: narrow, dictionary, present, bytes: narrow.byteLength }
}

function narrowest(rows: number, min: number, max: number, isWhole: boolean): Numbers {
  if (min > max) return new Uint8Array(shared(rows))
  if (!isWhole || min < -(2 ** 31) || max >= 2 ** 31) return new Float64Array(shared(8 * rows))
  if (min >= 0 && max < 256) return new Uint8Array(shared(rows))
  if (min >= 0 && max < 65_536) return new Uint16Array(shared(2 * rows))
  return new Int32Array(shared(4 * rows))
}

/**
 * Numbers in the narrowest array that holds them.
 * @param nulls 1 where the row is null; what stands there in `values` means nothing
 * Throws `GivenUp` for NaN and the infinities, which have rules of their own.
 */
export function numberColumn(values: ArrayLike<number>, nulls: Uint8Array | undefined): NumberColumn {
  const rows = values.length
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let isWhole = true
  let hasNull = false
  for (let row = 0; row < rows; row++) {
    if (nulls !== undefined && nulls[row] === 1) {
      hasNull = true
      continue
    }
    const value = values[row]!
    if (!Number.isFinite(value)) throw new GivenUp("a number that is not finite")
    if (value < min) min = value
    if (value > max) max = value
    // A negative zero is a number of its own to who reads it.
    if (isWhole && (!Number.isInteger(value) || Object.is(value, -0))) isWhole = false
  }
  const narrow = narrowest(rows, min, max, isWhole)
  if (hasNull && nulls !== undefined) {
    for (let row = 0; row < rows; row++) narrow[row] = nulls[row] === 1 ? 0 : values[row]!
    const kept = new Uint8Array(shared(rows))
    kept.set(nulls)
    return { kind: "numbers", values: narrow, nulls: kept, min, max, bytes: narrow.byteLength + rows }
  }
  narrow.set(values)
  return { kind: "numbers", values: narrow, nulls: undefined, min, max, bytes: narrow.byteLength }
}

/** A column of which every row is null. */
export function nullNumbers(rows: number): NumberColumn {
  return numberColumn(new Float64Array(rows), new Uint8Array(rows).fill(1))
}
