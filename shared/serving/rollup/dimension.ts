import type { ColumnType } from "../../definition/table-spec.ts"
import { compareText } from "../expression/comparison.ts"
import type { ColumnVector, PlainVector } from "../ingest/column.ts"
import type { Key } from "./group-rows.ts"

export type DimensionValue = number | bigint | string | null

/** A dimension's values as ranks: ids ascend as values do, null is the greatest. */
export interface Dimension extends Key {
  readonly type: ColumnType
  /** By id. */
  readonly values: readonly DimensionValue[]
}

/** A column as a dimension. Not for bytes and lists, which definitions refuse. */
export function dimensionOf(column: ColumnVector): Dimension {
  const { nulls, values, type } = column as PlainVector
  const cells = values as ArrayLike<number | bigint | string>
  const rows = nulls.length
  const ids = new Uint32Array(rows)
  const numbers = new Map<DimensionValue, number>()
  const distinct: DimensionValue[] = []
  for (let row = 0; row < rows; row++) {
    // The two zeros are one value, and so are all NaNs, for a Map as for SQL.
    const value = nulls[row] === 1 ? null : cells[row]!
    let id = numbers.get(value)
    if (id === undefined) {
      id = distinct.length
      numbers.set(value, id)
      distinct.push(value === 0 ? 0 : value)
    }
    ids[row] = id
  }
  const order = distinct.map((_, id) => id).sort((a, b) => compareValues(distinct[a]!, distinct[b]!))
  const rank = new Uint32Array(order.length)
  for (let at = 0; at < order.length; at++) rank[order[at]!] = at
  for (let row = 0; row < rows; row++) ids[row] = rank[ids[row]!]!
  return { type, ids, size: distinct.length, values: order.map(id => distinct[id]!) }
}

/** In DuckDB's order: NaN above all numbers, null last. */
function compareValues(a: DimensionValue, b: DimensionValue): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  if (typeof a === "string" && typeof b === "string") return compareText(a, b)
  const gap = Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return gap !== 0 ? gap : a < b ? -1 : a > b ? 1 : 0
}
