import type { ColumnSpec, ColumnType } from "../../definition/table-spec.ts"
import type { Predicate } from "../direct/plan.ts"
import { whereSql } from "../purge/where-sql.ts"
import { OFFSET_COLUMN } from "../segment/parquet.ts"

/** A file in a slot, with the columns that it holds. */
export interface SlotFile {
  readonly slot: string
  readonly columns: readonly ColumnSpec[]
  /** The slot of a file whose only column holds the offsets of dead rows. */
  readonly dead?: string
  /** Erasures that the file is not rewritten for yet. */
  readonly purges?: readonly SlotPurge[]
  /** Retention: rows with a smaller value of the time column are left out. */
  readonly cut?: SlotCut
}

export interface SlotPurge {
  readonly where: Predicate
  /** What the predicate may name. */
  readonly columns: readonly ColumnSpec[]
  /** Rows at or above it stay; absent: there are none in the file. */
  readonly end?: number
}

export interface SlotCut {
  readonly column: ColumnSpec
  readonly before: number
}

const typeNames: Readonly<Record<ColumnType, string>> = {
  string: "VARCHAR",
  int: "INTEGER",
  long: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  // Also of a file that marks its instants as UTC-adjusted: the session's time zone is UTC.
  timestamp: "TIMESTAMP",
  decimal: "DECIMAL(38,9)",
  json: "JSON",
  bytes: "BLOB",
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const castTo = (value: string, type: ColumnType, list?: true): string =>
  `CAST(${value} AS ${typeNames[type]}${list === true ? "[]" : ""})`

/** What rows of a file must meet; empty: nothing. */
function conditionOf({ columns, purges = [], cut }: SlotFile): string {
  const held = new Set(columns.map(({ name }) => name))
  const operand = ({ name, type }: ColumnSpec) =>
    castTo(held.has(name) ? `s.${quoteName(name)}` : "NULL", type)
  const conditions = purges.map(({ where, columns: named, end }) => {
    const below = end === undefined ? "" : ` AND s.${quoteName(OFFSET_COLUMN)} < ${end}`
    return `NOT (coalesce(${whereSql(where, named, operand)}, false)${below})`
  })
  if (cut !== undefined && held.has(cut.column.name)) {
    const time = operand(cut.column)
    const before = cut.column.type === "timestamp" ? `make_timestamp_ms(${cut.before})` : String(cut.before)
    conditions.push(`(${time} >= ${before} OR ${time} IS NULL)`)
  }
  return conditions.join(" AND ")
}

/** Dead rows are left out by a join: by a list of offsets a scan would take a hundred times as long. */
function filtersOf(file: SlotFile): string {
  const offset = quoteName(OFFSET_COLUMN)
  const dead =
    file.dead === undefined
      ? ""
      : ` ANTI JOIN read_parquet(${quoteText(file.dead)}, hive_partitioning = false) AS d ON s.${offset} = d.${offset}`
  const condition = conditionOf(file)
  return condition === "" ? dead : `${dead} WHERE ${condition}`
}

function selectList(columns: readonly ColumnSpec[], held: ReadonlySet<string>): string {
  return columns
    .map(({ name, type, list }) => {
      const value = held.has(name) ? `s.${quoteName(name)}` : "NULL"
      return `${castTo(value, type, list)} AS ${quoteName(name)}`
    })
    .join(", ")
}

function signature(columns: readonly ColumnSpec[]): string {
  return JSON.stringify(columns.map(({ name, type, list }) => [name, type, list]))
}

/**
 * The SELECT behind a table's view: files of equal columns are read by one scan (so that one footer tells the types
 * of all), files written under another schema, or with other rows to be left out, by a scan of their own, with NULL for
 * what they lack.
 */
export function viewSelect(columns: readonly ColumnSpec[], files: readonly SlotFile[]): string {
  const groups = new Map<string, SlotFile[]>()
  for (const file of files) {
    const key = `${signature(file.columns)}${filtersOf(file)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [file])
    else group.push(file)
  }
  if (groups.size === 0) return `SELECT ${selectList(columns, new Set())} WHERE false`
  return [...groups.values()]
    .map(group => {
      const held = new Set(group[0]?.columns.map(({ name }) => name))
      const slots = group.map(({ slot }) => quoteText(slot)).join(", ")
      const filters = filtersOf(group[0]!)
      return `SELECT ${selectList(columns, held)} FROM read_parquet([${slots}], hive_partitioning = false) AS s${filters}`
    })
    .join(" UNION ALL ")
}
