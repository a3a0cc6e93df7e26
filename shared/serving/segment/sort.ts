import { compareText } from "../expression/comparison.ts"
import { pickRows } from "../ingest/batch.ts"
import type { ColumnBatch, ColumnVector } from "../ingest/column.ts"

type Order = (a: number, b: number) => number

/**
 * The batch's rows in the order of some of its columns, nulls last, equal rows by offset: statistics of row groups
 * then leave out most of a file.
 * @param by indexes of columns, the weightiest first
 */
export function sortBatch(batch: ColumnBatch, by: readonly number[]): ColumnBatch {
  if (by.length === 0) return batch
  const orders = by.map(index => orderOf(batch.columns[index]!))
  const rows = sortedByNumber(batch.columns[by[0]!]!, batch.rows, orders.slice(1))
  return pickRows(batch, rows ?? sorted(allRows(batch.rows), orders))
}

const allRows = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row)

function sorted(rows: Uint32Array, orders: readonly Order[]): Uint32Array {
  return rows.sort((a, b) => {
    for (const order of orders) {
      const difference = order(a, b)
      if (difference !== 0) return difference
    }
    return a - b
  })
}

/**
 * Rows by a column of whole numbers, then by `rest`: value and row as one double, since numbers sort far faster than by a
 * function. Undefined for other columns, and where the values are too far apart for that.
 */
function sortedByNumber(column: ColumnVector, rows: number, rest: readonly Order[]): Uint32Array | undefined {
  const values = wholeNumbers(column)
  if (values === undefined) return undefined
  const { nulls } = column
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let row = 0; row < rows; row++) {
    if (nulls[row] === 1) continue
    if (values[row]! < min) min = values[row]!
    if (values[row]! > max) max = values[row]!
  }
  const last = max < min ? 0 : max - min + 1
  if ((last + 1) * rows > Number.MAX_SAFE_INTEGER) return undefined
  const keys = new Float64Array(rows)
  for (let row = 0; row < rows; row++) keys[row] = (nulls[row] === 1 ? last : values[row]! - min) * rows + row
  keys.sort()
  const order = Uint32Array.from(keys, key => key % rows)
  if (rest.length > 0) {
    for (let start = 0, end = 1; end <= rows; end++) {
      if (end < rows && Math.floor(keys[end]! / rows) === Math.floor(keys[start]! / rows)) continue
      if (end - start > 1) sorted(order.subarray(start, end), rest)
      start = end
    }
  }
  return order
}

function wholeNumbers(column: ColumnVector): Float64Array | Int32Array | undefined {
  if (column.type === "int") return column.values
  if (column.type !== "long" && column.type !== "timestamp") return undefined
  const { values } = column
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const numbers = new Float64Array(values.length)
  for (let row = 0; row < values.length; row++) {
    numbers[row] = halves[2 * row + 1]! * 2 ** 32 + (halves[2 * row]! >>> 0)
    // Beyond, neighbours would be the same double.
    if (!Number.isSafeInteger(numbers[row]) && column.nulls[row] === 0) return undefined
  }
  return numbers
}

/** From so many rows on a text is compared with others once, not each time that it is met. */
const RANKED_ROWS_MIN = 256

function orderOf(column: ColumnVector): Order {
  const { nulls, type } = column
  const isText = type === "string" || type === "json"
  const ranked = isText && nulls.length >= RANKED_ROWS_MIN
  const cells = (ranked
    ? ranksOf(column.values as readonly string[])
    : column.values) as unknown as ArrayLike<never>
  const compare = isText && !ranked ? compareText : plainOrder
  return (a, b) => nulls[a]! - nulls[b]! || (nulls[a] === 1 ? 0 : compare(cells[a]!, cells[b]!))
}

/** Numbers in the order of the texts. */
function ranksOf(texts: readonly string[]): Uint32Array {
  const ranks = new Map<string, number>()
  for (const text of texts) ranks.set(text, 0)
  for (const [rank, text] of [...ranks.keys()].sort(compareText).entries()) ranks.set(text, rank)
  return Uint32Array.from(texts, text => ranks.get(text)!)
}

function plainOrder(a: number | bigint | Uint8Array, b: number | bigint | Uint8Array): number {
  if (typeof a === "object" && typeof b === "object") return Buffer.compare(a, b)
  if (a < b) return -1
  if (a > b) return 1
  // NaN is above all numbers, as in SQL: an order without a place for it would sort nothing.
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}
