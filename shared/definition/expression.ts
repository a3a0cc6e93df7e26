import type { Fault } from "./faults.ts"
import type { ColumnType } from "./table-spec.ts"

/** A field of the record, as SQL sees it. */
export interface ExpressionField {
  readonly name: string
  readonly type: ColumnType
}

/** A SQL expression of a definition, and what it is about. */
export interface Expression {
  /** `tables.flights.columns.delay.sql`. */
  readonly path: string
  readonly sql: string
  /** What the expression is for: a column of this type, or a condition. */
  readonly gives: ColumnType | "condition"
  readonly fields: readonly ExpressionField[]
  readonly at?: string
}

/** Says what is wrong with an expression; undefined: nothing. Whoever runs SQL supplies it. */
export type CheckExpression = (
  sql: string,
  fields: readonly ExpressionField[],
  gives: Expression["gives"],
) => string | undefined | Promise<string | undefined>

/** The faults of all expressions, in their order. */
export async function checkExpressions(
  expressions: readonly Expression[],
  check: CheckExpression,
): Promise<readonly Fault[]> {
  const faults: Fault[] = []
  for (const { path, sql, fields, gives, at } of expressions) {
    const message = await check(sql, fields, gives)
    if (message !== undefined) faults.push(at === undefined ? { path, message } : { path, message, at })
  }
  return faults
}
