import type { ColumnSpec, ColumnType } from "../../definition/table-spec.ts"

/** A file in a slot, with the columns that it holds. */
export interface SlotFile {
  readonly slot: string
  readonly columns: readonly ColumnSpec[]
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

function selectList(columns: readonly ColumnSpec[], held: ReadonlySet<string>): string {
  return columns
    .map(({ name, type }) => {
      const value = held.has(name) ? quoteName(name) : "NULL"
      return `CAST(${value} AS ${typeNames[type]}) AS ${quoteName(name)}`
    })
    .join(", ")
}

function signature(columns: readonly ColumnSpec[]): string {
  return JSON.stringify(columns.map(({ name, type }) => [name, type]))
}

/**
 * The SELECT behind a table's view: files of equal columns are read by one scan (so that one footer tells the types
 * of all), files written under another schema by a scan of their own, with NULL for what they lack.
 */
export function viewSelect(columns: readonly ColumnSpec[], files: readonly SlotFile[]): string {
  const groups = new Map<string, SlotFile[]>()
  for (const file of files) {
    const key = signature(file.columns)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [file])
    else group.push(file)
  }
  if (groups.size === 0) return `SELECT ${selectList(columns, new Set())} WHERE false`
  return [...groups.values()]
    .map(group => {
      const held = new Set(group[0]?.columns.map(({ name }) => name))
      const slots = group.map(({ slot }) => quoteText(slot)).join(", ")

      return `SELECT ${selectList(columns, held)} FROM read_parquet([${slots}], hive_partitioning = false)`
    })
    .join(" UNION ALL ")
}
