import { isPlainText } from "../../sql/json-bytes.ts"
import type { SqlValue } from "../../types.ts"

/** Integers at any size as digits; what JSON has no number for as a word, as Pinot writes it. */
export function cellJson(value: SqlValue): string {
  if (typeof value === "string") return isPlainText(value) ? `"${value}"` : JSON.stringify(value)
  if (typeof value === "bigint") return String(value)
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`
  if (Array.isArray(value)) return `[${value.map(cellJson).join(",")}]`
  return JSON.stringify(value)
}

/** A DOUBLE keeps its point (`5.0`), so that a client's parser makes a floating-point number of it. */
export function doubleJson(value: SqlValue): string {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return Array.isArray(value) ? `[${value.map(doubleJson).join(",")}]` : cellJson(value)
  }
  const digits = String(value)
  return /^-?\d+$/.test(digits) ? `${digits}.0` : digits
}

/** What writes the cells of a column of one of Pinot's types. */
export function cellWriter(type: string): (value: SqlValue) => string {
  return /^(?:DOUBLE|FLOAT)/.test(type) ? doubleJson : cellJson
}
