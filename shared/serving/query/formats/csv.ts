import type { SqlValue } from "../../types.ts"
import type { ResultTable } from "../reply.ts"
import { cellJson } from "./cell-json.ts"

function field(text: string): string {
  return /[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text
}

/** NULL is an empty field, an empty text a quoted one; lists are JSON. */
function cell(value: SqlValue): string {
  if (value === null) return ""
  if (typeof value === "string") return field(value)
  return typeof value === "object" ? field(cellJson(value)) : String(value)
}

/** Rows as CSV (RFC 4180), with a line of names. */
export function csvOf({ dataSchema, rows }: ResultTable): string {
  const names = dataSchema.columnNames.map(field).join(",")
  const lines = rows.map(row => row.map(cell).join(","))
  return `${[names, ...lines].join("\r\n")}\r\n`
}
