import type { SqlValue } from "../types.ts"
import type { PinotReply, ResultTable } from "./reply.ts"

type CellWriter = (value: SqlValue) => string

/** Integers at any size as digits; what JSON has no number for as a word, as Pinot writes it. */
const writeCell: CellWriter = value => {
  if (typeof value === "bigint") return String(value)
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`
  if (Array.isArray(value)) return `[${value.map(writeCell).join(",")}]`
  return JSON.stringify(value)
}

/** A DOUBLE keeps its point (`5.0`), so that a client's parser makes a floating-point number of it. */
const writeDouble: CellWriter = value => {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return Array.isArray(value) ? `[${value.map(writeDouble).join(",")}]` : writeCell(value)
  }
  const digits = String(value)
  return /^-?\d+$/.test(digits) ? `${digits}.0` : digits
}

function writeTable({ dataSchema, rows }: ResultTable): string {
  const writers = dataSchema.columnDataTypes.map(type =>
    /^(?:DOUBLE|FLOAT)/.test(type) ? writeDouble : writeCell,
  )
  const lines = rows.map(row => `[${row.map((value, at) => writers[at]?.(value) ?? "null").join(",")}]`)
  return `{"dataSchema":${JSON.stringify(dataSchema)},"rows":[${lines.join(",")}]}`
}

/** A reply as JSON: LONG as exact digits beyond 2^53 too. */
export function serializeReply({ resultTable, ...rest }: PinotReply): string {
  const fields = JSON.stringify(rest)
  return resultTable === undefined ? fields : `{"resultTable":${writeTable(resultTable)},${fields.slice(1)}`
}
