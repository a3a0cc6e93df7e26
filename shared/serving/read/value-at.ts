import type { PlanValue } from "../direct/plan.ts"
import { unscaledOf } from "./binary.ts"
import type { DecodedColumn } from "./types.ts"

/** A row's value as plans have it: longs as numbers where they are safe integers, decimals unscaled; null for none. */
export function valueAt(column: DecodedColumn, row: number): PlanValue | null {
  if (column.nulls?.[row] === 1) return null
  switch (column.kind) {
    case "numbers":
      return narrowed(column.values[row]!)
    case "dictionary":
      return column.dictionary[column.ids[row]!]!
    case "binary":
      return binaryAt(column, row)
    case "list":
      throw new RangeError("expected a column without lists: read its items")
  }
}

function narrowed(value: number | bigint): number | bigint {
  if (typeof value === "number") return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function binaryAt(column: DecodedColumn & { kind: "binary" }, row: number): PlanValue {
  const { data, starts, type } = column
  const start = starts[row]!
  const end = starts[row + 1]!
  if (type === "decimal") return unscaledOf(data, start, end)
  if (type === "bytes") return data.subarray(start, end)
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8", start, end)
}
