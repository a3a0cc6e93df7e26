import type { ColumnSpec, ColumnType } from "../../definition/table-spec.ts"
import type { TableView } from "../sql/engine.ts"
import { quoteName, quoteText } from "./view-sql.ts"

/**
 * Far above any table. A LIMIT is a wall to DuckDB's optimizer: no condition of the statement is judged below it, so
 * that none, by failing, tells of rows that the filter leaves out.
 */
const WALL = "LIMIT 9223372036854775807"

/** Pinot's values of what is missing: of dimensions, and for fractions of metrics, as `GET /tables/{t}/schema` shows them. */
const PINOT_NULLS: Readonly<Record<ColumnType, string>> = {
  string: "'null'",
  int: "(-2147483648)::INTEGER",
  long: "'-9223372036854775808'::BIGINT",
  float: "0::FLOAT",
  double: "0::DOUBLE",
  boolean: "false",
  timestamp: "TIMESTAMP '1970-01-01'",
  decimal: "0::DECIMAL(38, 9)",
  json: "'null'::JSON",
  bytes: "''::BLOB",
}

function nullValue(column: ColumnSpec): string {
  return column.default === undefined ? PINOT_NULLS[column.type] : quoteText(String(column.default))
}

function withoutNull(column: ColumnSpec): string {
  const name = quoteName(column.name)
  const value = column.list === true ? `[${nullValue(column)}]` : nullValue(column)
  return `coalesce(${name}, ${value}) AS ${name}`
}

function byName(one: ColumnSpec, other: ColumnSpec): number {
  return one.name < other.name ? -1 : 1
}

/** A table's SELECT as a statement may see it. */
export function viewedSelect(
  select: string,
  columns: readonly ColumnSpec[],
  { filter, pinotNulls }: TableView = {},
): string {
  const seen = filter === undefined ? select : `SELECT * FROM (${select}) AS t WHERE (${filter}\n) ${WALL}`
  if (pinotNulls !== true) return seen
  return `SELECT ${[...columns].sort(byName).map(withoutNull).join(", ")} FROM (${seen}) AS t`
}
