/** An operator of DuckDB's profile, or the root that holds them. */
interface Operator {
  readonly operator_name?: string
  readonly operator_type?: string
  readonly operator_cardinality?: number
  readonly children?: readonly Operator[]
}

function isTableScan(operator: Operator): boolean {
  return operator.operator_type === "TABLE_SCAN" && /PARQUET/.test(operator.operator_name ?? "")
}

/**
 * Rows that the scans of tables delivered to the query, after the conditions that a scan judges itself.
 * @param profile the text that DuckDB wrote when the query ended
 */
export function scannedRows(profile: string): number {
  const root: Operator = JSON.parse(profile)
  let rows = 0
  const operators: Operator[] = [root]
  for (let operator = operators.pop(); operator !== undefined; operator = operators.pop()) {
    if (isTableScan(operator)) rows += operator.operator_cardinality ?? 0
    for (const child of operator.children ?? []) operators.push(child)
  }
  return rows
}
