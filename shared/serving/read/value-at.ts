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
  return binaryReader(column)(row)
}

/** As `valueAt`, for many rows of a column. */
export function valueReader(column: DecodedColumn): (row: number) => PlanValue | null {
  if (column.kind !== "binary") return row => valueAt(column, row)
  const { nulls } = column
  const read = binaryReader(column)
  return row => (nulls?.[row] === 1 ? null : read(row))
}

function binaryReader({
  data,
  starts,
  type,
}: DecodedColumn & { kind: "binary" }): (row: number) => PlanValue {
  if (type === "decimal") return row => unscaledOf(data, starts[row]!, starts[row + 1]!)
  if (type === "bytes") return row => data.subarray(starts[row]!, starts[row + 1]!)
  const text = Buffer.from(data.buffer, data.byteOffset, data.length)
  return row => text.toString("utf8", starts[row]!, starts[row + 1]!)
}
