import type { Expression } from "./expression.ts"
import { at, type Faults, shown } from "./faults.ts"
import { columnNameFault } from "./names.ts"
import { type JsonKind, type RecordFields, readableAs } from "./record-fields.ts"
import { notAField } from "./resolve-topic.ts"
import { COLUMN_TYPES, COLUMNS_MAX, columnShape, fits, writtenTypeShape } from "./shapes.ts"
import type { ColumnSpec, ColumnType } from "./table-spec.ts"
import { parseTimeFormat } from "./time-format.ts"

export interface ColumnContext {
  /** `tables.flights.columns`. */
  readonly path: string
  readonly site: string | undefined
  readonly faults: Faults
  /** Absent when the topic's schema is unusable: then nothing is said about fields. */
  readonly fields?: RecordFields
  /** Takes a SQL expression that is to be checked later. */
  readonly expression: (path: string, sql: string, gives: Expression["gives"]) => void
}

/** Reads a table's columns; those with faults are left out and reported. */
export function resolveColumns(columns: unknown, context: ColumnContext): readonly ColumnSpec[] {
  const { path, site, faults } = context
  if (typeof columns !== "object" || columns === null || Array.isArray(columns)) {
    faults.add(path, `expected an object: name → type, found ${shown(columns)}`, site)
    return []
  }
  const entries = Object.entries(columns)
  if (entries.length === 0 || entries.length > COLUMNS_MAX) {
    faults.add(path, `expected 1 to ${COLUMNS_MAX} columns, found ${entries.length}`, site)
    return []
  }
  const lower = new Map<string, string>()
  const read: ColumnSpec[] = []
  for (const [name, column] of entries) {
    const where = at(path, name)
    const wrongName = columnNameFault(name)
    if (wrongName !== undefined) faults.add(where, wrongName, site)
    const twin = lower.get(name.toLowerCase())
    if (twin !== undefined)
      faults.add(where, `differs from the column ${twin} only in case, which SQL ignores`, site)
    lower.set(name.toLowerCase(), name)
    const spec = resolveColumn(name, column, where, context)
    if (spec !== undefined) read.push(spec)
  }
  return read
}

function resolveColumn(
  name: string,
  column: unknown,
  path: string,
  context: ColumnContext,
): ColumnSpec | undefined {
  const { site, faults } = context
  if (typeof column === "string") {
    const written = fits(writtenTypeShape, column, path, site, faults)
    if (written === undefined) return undefined
    const list = written.endsWith("[]")
    const type = (list ? written.slice(0, -2) : written) as ColumnType
    checkField({ name, type, ...(list ? LIST : {}) }, path, context)
    return { name, type, ...(list ? LIST : {}) }
  }
  if (typeof column !== "object" || column === null) {
    faults.add(path, `expected a type or { type, list, sql, format, default }, found ${shown(column)}`, site)
    return undefined
  }
  const options = fits(columnShape, column, path, site, faults)
  if (options === undefined) return undefined
  const { type, sql, format } = options
  const list = options.list === true ? LIST : {}
  if (sql === undefined) checkField({ name, type, ...list }, path, context)
  else {
    checkList({ name, type, ...list }, path, context)
    context.expression(`${path}.sql`, sql, options.list === true ? "json" : type)
  }
  if (format !== undefined) checkFormat(format, type, path, context)
  const fallback = (column as { default?: unknown }).default
  if (fallback === undefined) {
    return {
      name,
      type,
      ...list,
      ...(sql === undefined ? {} : { sql }),
      ...(format === undefined ? {} : { format }),
    }
  }
  const wrong =
    options.list === true
      ? "is for single values: a missing list is null"
      : sql === undefined
        ? defaultFault(fallback, type)
        : "use coalesce(…) in the sql expression instead"
  if (wrong !== undefined) {
    faults.add(`${path}.default`, wrong, site)
    return undefined
  }
  return {
    name,
    type,
    ...(format === undefined ? {} : { format }),
    default: fallback as string | number | boolean,
  }
}

const LIST = { list: true } as const

function checkList({ type, list }: ColumnSpec, path: string, { faults, site }: ColumnContext): void {
  if (list !== true || type !== "json") return
  faults.add(path, "a list holds single values, and json holds lists already: say json without a list", site)
}

function checkField(column: ColumnSpec, path: string, context: ColumnContext): void {
  const { name, type } = column
  const { fields, faults, site } = context
  checkList(column, path, context)
  if (fields === undefined) return
  const kinds = fields.get(name)
  if (kinds === undefined) {
    faults.add(
      path,
      `${notAField(name, fields)}: name one of them, or give the column an sql expression`,
      site,
    )
    return
  }
  if (column.list === true) {
    const other = [...kinds].filter(kind => !LISTED.has(kind))
    if (other.length > 0)
      faults.add(
        path,
        `the field holds ${other.join(" or ")}, which is not read as a list; expected an array`,
        site,
      )
    return
  }
  const types = readableAs(kinds, COLUMN_TYPES)
  if (types.includes(type)) return
  const held = [...kinds].join(" or ")
  faults.add(
    path,
    `the field holds ${held}, which is not read as ${type}; expected one of ${types.join(", ")}`,
    site,
  )
}

function checkFormat(format: string, type: ColumnType, path: string, context: ColumnContext): void {
  if (type !== "timestamp") {
    context.faults.add(`${path}.format`, `is for timestamps; this column is ${type}`, context.site)
    return
  }
  const parsed = parseTimeFormat(format)
  if (typeof parsed === "string")
    context.faults.add(`${path}.format`, `${shown(format)} ${parsed}`, context.site)
}

const LISTED: ReadonlySet<JsonKind> = new Set(["array", "null", "any"])

const WHOLE: Readonly<Record<string, number>> = {
  int: 2 ** 31,
  long: Number.MAX_SAFE_INTEGER,
  timestamp: 8.64e15,
}

function defaultFault(value: unknown, type: ColumnType): string | undefined {
  const found = `found ${shown(value)}`
  if (type === "boolean") return typeof value === "boolean" ? undefined : `expected true or false, ${found}`
  if (type === "int" || type === "long" || type === "timestamp") {
    const max = WHOLE[type] ?? 0
    const whole = typeof value === "number" && Number.isInteger(value) && value >= -max && value < max
    const expected = type === "timestamp" ? "epoch milliseconds" : `a whole number that fits ${type}`
    return whole ? undefined : `expected ${expected}, ${found}`
  }
  if (type === "float" || type === "double")
    return Number.isFinite(value) ? undefined : `expected a number, ${found}`
  if (type === "decimal") {
    const decimal = Number.isFinite(value) || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value))
    return decimal ? undefined : `expected a number or its digits as text, ${found}`
  }
  return typeof value === "string" ? undefined : `expected text, ${found}`
}
