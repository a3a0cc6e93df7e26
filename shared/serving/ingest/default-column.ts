import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { ColumnVector } from "./column.ts"
import { columnWriter } from "./writer.ts"

/** Rows of which nothing is known: a column's default, or null. */
export function defaultColumn(column: ColumnSpec, rows: number): ColumnVector {
  const { default: value } = column
  const writer = columnWriter(column, { read: () => value ?? null, from: "any", computed: false })
  for (let row = 0; row < rows; row++) writer.write({}, row)
  return writer.finish(rows)
}
