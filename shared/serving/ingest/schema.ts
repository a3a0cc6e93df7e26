import type { BadRecordPolicy, ColumnSpec, TableSpec } from "../../definition/table-spec.ts"
import { parseTimeFormat, timeReader } from "../../definition/time-format.ts"
import { compileExpression } from "../expression/compile.ts"
import { truthOf } from "../expression/logic.ts"
import { fieldReader } from "../expression/path.ts"
import { BadValue, type JsonObject, type Value } from "../expression/value.ts"
import type { ColumnReader } from "./writer.ts"
import { columnWriter } from "./writer.ts"

/** What is wrong with a table's columns or filter, and where in its definition. */
export interface SchemaFault {
  readonly path: string
  readonly message: string
}

export interface CompiledColumn {
  readonly spec: ColumnSpec
  readonly reader: ColumnReader
  /** A hidden column: it goes on being filled, but what does not fit becomes null and never costs a row. */
  readonly hidden: boolean
}

/** A table's columns and filter, ready to read records with. */
export interface CompiledSchema {
  readonly columns: readonly CompiledColumn[]
  /** Whether a record belongs into the table; null counts as no. */
  readonly where: ((record: JsonObject) => boolean | null) | undefined
  readonly badRecords: BadRecordPolicy
}

/** Compiles a table's columns and filter, or lists every fault. */
export function compileSchema(
  spec: Pick<TableSpec, "columns" | "where" | "badRecords">,
  hidden: readonly string[] = [],
): CompiledSchema | readonly SchemaFault[] {
  const faults: SchemaFault[] = []
  const columns = spec.columns.map(column => {
    const reader = readerOf(column, faults)
    return { spec: column, reader, hidden: hidden.includes(column.name) }
  })
  const where = spec.where === undefined ? undefined : compileExpression(spec.where)
  if (where !== undefined && "fault" in where) {
    faults.push({ path: "where", message: `${where.fault.message}, at character ${where.fault.position}` })
  }
  if (faults.length > 0) return faults
  return {
    columns,
    where: where === undefined || "fault" in where ? undefined : truthOf(where),
    badRecords: spec.badRecords ?? "skip",
  }
}

function readerOf(column: ColumnSpec, faults: SchemaFault[]): ColumnReader {
  const path = `columns.${column.name}`
  const readInstant = column.format === undefined ? undefined : formatReader(column.format)
  if (typeof readInstant === "string") faults.push({ path: `${path}.format`, message: readInstant })
  if (column.format !== undefined && column.type !== "timestamp") {
    faults.push({ path: `${path}.format`, message: `expected it on a timestamp, got it on a ${column.type}` })
  }
  const instant = typeof readInstant === "function" ? { readInstant } : {}
  if (column.sql === undefined) {
    const read = withDefault(fieldReader(column.name), column, path, faults)
    return { read, from: "any", computed: false, ...instant }
  }
  if (column.default !== undefined) {
    faults.push({ path: `${path}.default`, message: "expected no default beside sql: use coalesce(…)" })
  }
  const compiled = compileExpression(column.sql)
  if ("fault" in compiled) {
    faults.push({
      path: `${path}.sql`,
      message: `${compiled.fault.message}, at character ${compiled.fault.position}`,
    })
    return { read: () => null, from: "null", computed: true }
  }
  return { read: compiled.evaluate, from: compiled.type, computed: !compiled.field, ...instant }
}

/** Reads text by a pattern; a string says what is wrong with the pattern. */
function formatReader(pattern: string): ((text: string) => number) | string {
  const format = parseTimeFormat(pattern)
  if (typeof format === "string") return format
  const read = timeReader(format)
  return text => {
    const epochMs = read(text)
    if (epochMs === undefined) throw new BadValue("text does not match its format")
    return epochMs
  }
}

/** The default stands for a missing field, not for a null. */
function withDefault(
  read: (record: JsonObject) => Value,
  { name, type, default: fallback }: ColumnSpec,
  path: string,
  faults: SchemaFault[],
): (record: JsonObject) => Value {
  if (fallback === undefined) return read
  const reader = { read: () => fallback, from: "any" as const, computed: false }
  try {
    columnWriter({ type }, reader).write({}, 0)
  } catch (error) {
    if (!(error instanceof BadValue)) throw error
    faults.push({ path: `${path}.default`, message: `${error.reason}: expected a ${type}` })
  }
  return record => (Object.hasOwn(record, name) ? read(record) : fallback)
}
