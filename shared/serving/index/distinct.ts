import { compareText } from "../expression/comparison.ts"
import type { ColumnVector } from "../ingest/column.ts"
import { safeLongs } from "../read/numbers.ts"

/** A column's value in an index: longs and timestamps as numbers where they are safe integers, decimals unscaled. */
export type IndexValue = number | bigint | string

/** Each row's value by its place among the column's values. */
export interface Distinct {
  /** Ascending, no two equal. */
  readonly values: readonly IndexValue[]
  /** By row; `values.length` stands for null. */
  readonly codes: Uint32Array
}

/** Negative, zero or positive. Numbers and bigints compare by what they are; NaN is above all others, as in SQL. */
export function compareValues(a: IndexValue, b: IndexValue): number {
  if (typeof a === "string" || typeof b === "string") return compareText(String(a), String(b))
  if (a < b) return -1
  if (a > b) return 1
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

/** The column's values as indexes have them, row by row; undefined for JSON, bytes and lists, which have no order in SQL here. */
export function indexValues(column: ColumnVector): ArrayLike<IndexValue> | undefined {
  if (column.type === "json" || column.type === "bytes" || column.type === "list") return undefined
  if (column.type !== "long" && column.type !== "timestamp") return column.values as ArrayLike<IndexValue>
  const { values } = column
  return safeLongs(values) ?? Array.from(values, narrowed)
}

function narrowed(value: bigint): IndexValue {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Sorts out a column's values; undefined where it cannot be indexed. */
export function distinctOf(column: ColumnVector): Distinct | undefined {
  const cells = indexValues(column)
  if (cells === undefined) return undefined
  const { nulls } = column
  return inOrder(cells, nulls) ?? distinctWhole(cells, nulls) ?? sortedOut(cells, nulls)
}

/** Of rows that are sorted already, as times and sort columns mostly are; undefined where they are not. */
function inOrder(cells: ArrayLike<IndexValue>, nulls: Uint8Array): Distinct | undefined {
  const rows = nulls.length
  const codes = new Uint32Array(rows)
  const values: IndexValue[] = []
  let last: IndexValue | undefined
  for (let row = 0; row < rows; row++) {
    if (nulls[row] === 1) continue
    const value = cells[row]!
    if (value !== last && !(Number.isNaN(value) && Number.isNaN(last))) {
      if (last !== undefined && compareValues(last, value) > 0) return undefined
      // Of zeros with their signs the first counts: they are equal.
      values.push(value === 0 ? 0 : value)
      last = value
    }
    codes[row] = values.length - 1
  }
  for (let row = 0; row < rows; row++) if (nulls[row] === 1) codes[row] = values.length
  return { values, codes }
}

function sortedOut(cells: ArrayLike<IndexValue>, nulls: Uint8Array): Distinct {
  const rows = nulls.length
  const found = new Map<IndexValue, number>()
  const codes = new Uint32Array(rows)
  const values: IndexValue[] = []
  for (let row = 0; row < rows; row++) {
    if (nulls[row] === 1) continue
    const value = cells[row]!
    let code = found.get(value)
    if (code === undefined) {
      code = values.length
      // Equal, but another number to who reads it.
      values.push(Object.is(value, -0) ? 0 : value)
      found.set(value, code)
    }
    codes[row] = code
  }
  const order = orderOf(values, found)
  const rank = new Uint32Array(values.length)
  for (let at = 0; at < order.length; at++) rank[order[at]!] = at
  for (let row = 0; row < rows; row++) codes[row] = nulls[row] === 1 ? values.length : rank[codes[row]!]!
  return { values: Array.from(order, code => values[code]!), codes }
}

/**
 * The same of whole numbers that are not too far apart: value and row as one double, sorted without a function, need no
 * table of values.
 */
function distinctWhole(cells: ArrayLike<IndexValue>, nulls: Uint8Array): Distinct | undefined {
  if (!(cells instanceof Int32Array) && !(cells instanceof Float64Array)) return undefined
  const rows = nulls.length
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let present = 0
  for (let row = 0; row < rows; row++) {
    if (nulls[row] === 1) continue
    const value = cells[row]!
    if (!Number.isInteger(value)) return undefined
    if (value < min) min = value
    if (value > max) max = value
    present++
  }
  if ((max - min + 1) * rows > Number.MAX_SAFE_INTEGER) return undefined
  const keys = new Float64Array(present)
  let at = 0
  for (let row = 0; row < rows; row++) if (nulls[row] === 0) keys[at++] = (cells[row]! - min) * rows + row
  keys.sort()
  const values: number[] = []
  const codes = new Uint32Array(rows)
  let last = 0
  for (const key of keys) {
    const row = key % rows
    const value = (key - row) / rows + min
    if (values.length === 0 || value !== last) values.push(value)
    last = value
    codes[row] = values.length - 1
  }
  if (present < rows) for (let row = 0; row < rows; row++) if (nulls[row] === 1) codes[row] = values.length
  return { values, codes }
}

/** The codes in the order of their values. Numbers alone are sorted without a function, which is many times as fast. */
function orderOf(values: readonly IndexValue[], codes: ReadonlyMap<IndexValue, number>): Uint32Array {
  if (values.every(value => typeof value === "number")) {
    return Uint32Array.from(Float64Array.from(values).sort(), value => codes.get(value)!)
  }
  return Uint32Array.from(values, (_, code) => code).sort((a, b) => compareValues(values[a]!, values[b]!))
}

/** The rows of each code, ascending: those of code `c` from `starts[c]` up to `starts[c + 1]`. */
export interface GroupedRows {
  readonly rows: Uint32Array
  readonly starts: Uint32Array
}

/** @param codes below `count` */
export function groupByCode(codes: Uint32Array, count: number): GroupedRows {
  const starts = new Uint32Array(count + 1)
  for (let row = 0; row < codes.length; row++) starts[codes[row]! + 1]!++
  for (let code = 0; code < count; code++) starts[code + 1]! += starts[code]!
  const next = starts.slice(0, count)
  const rows = new Uint32Array(codes.length)
  for (let row = 0; row < codes.length; row++) rows[next[codes[row]!]!++] = row
  return { rows, starts }
}
