import type { ColumnSpec, ColumnType } from "../../definition/table-spec.ts"
import type { PlanValue, Predicate } from "../direct/plan.ts"
import { DECIMAL_SCALE } from "../ingest/column.ts"

/**
 * A predicate as DuckDB's SQL. Constants say their type, so that nothing is cast but as `matchingRows` does.
 * @param operand the SQL of a column, cast to its type
 */
export function whereSql(
  predicate: Predicate,
  columns: readonly ColumnSpec[],
  operand: (column: ColumnSpec) => string,
): string {
  const named = (name: string): ColumnSpec => {
    const column = columns.find(one => one.name === name)
    if (column === undefined) throw new RangeError(`expected a column of the table, got ${name}`)
    return column
  }
  const render = (part: Predicate): string => {
    if (part.kind === "constant") return part.value ? "true" : "false"
    if (part.kind === "not") return `(NOT ${render(part.part)})`
    if ("parts" in part) {
      return `(${part.parts.map(render).join(part.kind === "and" ? " AND " : " OR ")})`
    }
    const column = named(part.column)
    const text = operand(column)
    const constant = (value: PlanValue) => constantSql(value, column.type)
    const no = "negated" in part && part.negated ? "NOT " : ""
    switch (part.kind) {
      case "null":
        return `(${text} IS ${no}NULL)`
      case "like":
        return `(${text} ${no}LIKE ${constant(part.pattern)})`
      case "in":
        return `(${text} ${no}IN (${part.values.map(constant).join(", ")}))`
      case "between":
        return `(${text} BETWEEN ${constant(part.low)} AND ${constant(part.high)})`
      case "compare":
        return `(${text} ${part.op} ${constant(part.value)})`
    }
  }
  return render(predicate)
}

function constantSql(value: PlanValue, type: ColumnType): string {
  switch (type) {
    case "int":
      return `CAST(${value} AS INTEGER)`
    case "long":
      return `CAST(${value} AS BIGINT)`
    case "float":
      return `CAST('${value}' AS FLOAT)`
    case "double":
      return `CAST('${value}' AS DOUBLE)`
    case "boolean":
      return value === 1 ? "true" : "false"
    case "timestamp":
      return `make_timestamp_ms(${value})`
    case "decimal":
      return `CAST('${decimalText(BigInt(value as bigint))}' AS DECIMAL(38,${DECIMAL_SCALE}))`
    default:
      return `'${String(value).replaceAll("'", "''")}'`
  }
}

function decimalText(unscaled: bigint): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(DECIMAL_SCALE + 1, "0")
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -DECIMAL_SCALE)}.${digits.slice(-DECIMAL_SCALE)}`
}
