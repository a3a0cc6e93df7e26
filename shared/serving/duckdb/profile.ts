/** An operator of DuckDB's profile, or the root that holds them. */
interface Operator {
  readonly operator_name?: string
  readonly operator_type?: string
  readonly operator_cardinality?: number
  readonly extra_info?: { readonly Conditions?: string | readonly string[] }
  readonly children?: readonly Operator[]
}

function isTableScan(operator: Operator): boolean {
  return operator.operator_type === "TABLE_SCAN" && /PARQUET/.test(operator.operator_name ?? "")
}

/**
 * Whether a join fetches the other columns of rows that its second child found, which DuckDB puts before a LIMIT by
 * itself (late materialization). No view shows row numbers, so a statement cannot ask for such a join.
 */
function isLateFetch({ operator_type, extra_info }: Operator): boolean {
  if (operator_type !== "HASH_JOIN") return false
  return [extra_info?.Conditions].flat().includes("file_row_number = file_row_number")
}

/**
 * Rows that the scans of tables delivered to the query, after the conditions that a scan judges itself; undefined when
 * it was answered from the files' footers alone, as `count(*)` can be: a constant stands in the plan for the scan, or
 * is all of it, and then DuckDB writes no profile.
 * @param profile the text that DuckDB wrote when the query ended; empty when it wrote none
 */
export function scannedRows(profile: string): number | undefined {
  if (profile === "") return undefined
  const root: Operator = JSON.parse(profile)
  let rows: number | undefined
  let hasConstant = false
  const operators: Operator[] = [root]
  for (let operator = operators.pop(); operator !== undefined; operator = operators.pop()) {
    if (isTableScan(operator)) rows = (rows ?? 0) + (operator.operator_cardinality ?? 0)
    if (operator.operator_type === "COLUMN_DATA_SCAN") hasConstant = true
    const children = operator.children ?? []
    operators.push(...(isLateFetch(operator) ? children.slice(1) : children))
  }
  return rows ?? (hasConstant ? undefined : 0)
}
