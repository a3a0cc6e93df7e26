import type { ResultTable } from "../reply.ts"
import { cellWriter } from "./cell-json.ts"

/** One JSON object a row, by the columns' names. Of columns with one name most readers keep the last. */
export function ndjsonOf({ dataSchema, rows }: ResultTable): string {
  const writers = dataSchema.columnDataTypes.map(cellWriter)
  const names = dataSchema.columnNames.map(name => JSON.stringify(name))
  return rows
    .map(row => `{${row.map((value, at) => `${names[at]}:${writers[at]?.(value) ?? "null"}`).join(",")}}\n`)
    .join("")
}
