import { shown } from "../definition/faults.ts"
import type { ColumnType } from "../definition/table-spec.ts"
import type { TableJson } from "./types.ts"

/** One setting of Pinot's that has no meaning here, and why. */
export interface NotTaken {
  /** `tableConfig.routing`. */
  readonly path: string
  readonly why: string
}

/** Gathers what of Pinot's JSON becomes part of a table, what does not, and what cannot be. */
export class PinotReading {
  readonly notTaken: NotTaken[] = []
  /** What cannot be left out without other rows or other answers: the whole is refused. */
  readonly faults: string[] = []

  leave(path: string, why: string): void {
    this.notTaken.push({ path, why })
  }

  refuse(path: string, why: string): void {
    this.faults.push(`${path}: ${why}`)
  }
}

const TYPES: Readonly<Record<string, ColumnType>> = {
  INT: "int",
  LONG: "long",
  FLOAT: "float",
  DOUBLE: "double",
  BIG_DECIMAL: "decimal",
  BOOLEAN: "boolean",
  TIMESTAMP: "timestamp",
  STRING: "string",
  UUID: "string",
  JSON: "json",
  BYTES: "bytes",
}

export interface PinotColumn {
  readonly name: string
  readonly type: ColumnType
  readonly list?: true
  readonly default?: string | number | boolean
}

const FIELD_LISTS = [
  "dimensionFieldSpecs",
  "metricFieldSpecs",
  "dateTimeFieldSpecs",
  "complexFieldSpecs",
] as const
const SCHEMA_MEMBERS: ReadonlySet<string> = new Set([
  "schemaName",
  "enableColumnBasedNullHandling",
  "primaryKeyColumns",
  ...FIELD_LISTS,
])
const FIELD_MEMBERS: ReadonlySet<string> = new Set([
  "name",
  "dataType",
  "fieldType",
  "singleValueField",
  "defaultNullValue",
  "format",
  "granularity",
])

export const isPlain = (value: unknown): value is TableJson =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The columns of a Pinot schema. */
export function pinotColumns(schema: TableJson, reading: PinotReading): readonly PinotColumn[] {
  for (const member of Object.keys(schema))
    if (!SCHEMA_MEMBERS.has(member)) reading.leave(`schema.${member}`, "is not known here")
  const columns: PinotColumn[] = []
  for (const list of FIELD_LISTS) {
    const fields = schema[list] ?? []
    if (!Array.isArray(fields)) {
      reading.refuse(`schema.${list}`, `expected an array, found ${shown(fields)}`)
      continue
    }
    for (const [index, field] of fields.entries()) {
      const path = `schema.${list}[${index}]`
      const column = isPlain(field) ? pinotColumn(field, list, path, reading) : undefined
      if (!isPlain(field)) reading.refuse(path, `expected an object, found ${shown(field)}`)
      if (column !== undefined) columns.push(column)
    }
  }
  return columns
}

function pinotColumn(
  field: TableJson,
  list: (typeof FIELD_LISTS)[number],
  path: string,
  reading: PinotReading,
): PinotColumn | undefined {
  const { name, dataType, singleValueField, defaultNullValue } = field
  if (typeof name !== "string") {
    reading.refuse(`${path}.name`, `expected text, found ${shown(name)}`)
    return undefined
  }
  for (const member of Object.keys(field))
    if (!FIELD_MEMBERS.has(member)) reading.leave(`${path}.${member}`, "is not known here")
  if (list === "complexFieldSpecs") {
    reading.leave(path, "is kept as JSON, whose members functions read")
    return { name, type: "json" }
  }
  const type = TYPES[String(dataType)]
  if (type === undefined) {
    reading.refuse(
      `${path}.dataType`,
      `expected one of ${Object.keys(TYPES).join(", ")}, found ${shown(dataType)}`,
    )
    return undefined
  }
  if (type === "bytes") reading.leave(`${path}.dataType`, "is read from base64 text, not from hexadecimal")
  const isList = singleValueField === false
  const fallback = isScalar(defaultNullValue) && !isList ? { default: defaultNullValue } : {}
  if (defaultNullValue !== undefined && isList)
    reading.leave(`${path}.defaultNullValue`, "a list has no default here: a missing one is null")
  return { name, type, ...(isList ? { list: true } : {}), ...fallback }
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
}
