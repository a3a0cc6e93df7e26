import type { ColumnType } from "../../definition/table-spec.ts"
import type { SqlValue } from "../types.ts"

// One-table filter, grouping and aggregates: what the direct path runs, what pruning reads, what rollups may cover.

/** A constant as the column's vector holds it: timestamps epoch ms, decimals unscaled, booleans 0 and 1. */
export type PlanValue = number | bigint | string | Uint8Array

/** Type of a value: a column's, or HUGEINT, which sums of integers have. */
export type ValueType = ColumnType | "huge"

/** A value made of a row, without aggregates. */
export type Scalar =
  | { readonly kind: "column"; readonly column: string; readonly type: ColumnType }
  | { readonly kind: "constant"; readonly value: PlanValue; readonly type: ColumnType }
  /** Arithmetic over numbers (`+ - * neg`), `date_trunc` (its unit is `unit`) and date parts (`year` …) of timestamps. */
  | {
      readonly kind: "call"
      readonly fn: string
      readonly args: readonly Scalar[]
      readonly type: ColumnType
      readonly unit?: string
    }

export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">="

/** A condition. SQL's three values: a row passes where it is true, and `not` keeps unknown unknown. */
export type Predicate =
  | { readonly kind: "and" | "or"; readonly parts: readonly Predicate[] }
  | { readonly kind: "not"; readonly part: Predicate }
  | { readonly kind: "compare"; readonly op: Comparison; readonly column: string; readonly value: PlanValue }
  /** `negated` also leaves out nulls, as SQL does. */
  | {
      readonly kind: "in"
      readonly column: string
      readonly values: readonly PlanValue[]
      readonly negated: boolean
    }
  /** Both ends included. */
  | { readonly kind: "between"; readonly column: string; readonly low: PlanValue; readonly high: PlanValue }
  | { readonly kind: "null"; readonly column: string; readonly negated: boolean }
  /** LIKE with SQL's wildcards. */
  | { readonly kind: "like"; readonly column: string; readonly pattern: string; readonly negated: boolean }
  | { readonly kind: "constant"; readonly value: boolean }

export interface AggregateCall {
  readonly fn:
    | "count"
    | "sum"
    | "min"
    | "max"
    | "avg"
    | "count_distinct"
    | "approx_distinct"
    | "approx_quantile"
  /** Of `approx_quantile`: from 0, the least value, to 1, the greatest. */
  readonly share?: number
  /** Absent: `count(*)`. */
  readonly argument?: Scalar
  /** `FILTER (WHERE …)`. */
  readonly filter?: Predicate
  readonly type: ValueType
}

/** What an output, HAVING or ORDER BY is made of: groups and aggregates by their index; columns where rows are selected. */
export type Output =
  | { readonly kind: "group" | "aggregate"; readonly index: number; readonly type: ValueType }
  | { readonly kind: "column"; readonly column: string; readonly type: ColumnType }
  | { readonly kind: "constant"; readonly value: SqlValue; readonly type: ValueType }
  | { readonly kind: "call"; readonly fn: string; readonly args: readonly Output[]; readonly type: ValueType }

export interface Order {
  readonly by: Output
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** A statement that the direct path can run. With neither groups nor aggregates it selects rows. */
export interface DirectPlan {
  /** In lower case. */
  readonly table: string
  readonly filter: Predicate | undefined
  readonly groups: readonly Scalar[]
  readonly aggregates: readonly AggregateCall[]
  readonly outputs: readonly { readonly name: string; readonly value: Output }[]
  readonly having: Output | undefined
  readonly order: readonly Order[]
  readonly limit: number
  readonly skip: number
}

const columnsOf = new WeakMap<DirectPlan, ReadonlySet<string>>()

/** Every column that the plan reads. */
export function columnsRead(plan: DirectPlan): ReadonlySet<string> {
  const known = columnsOf.get(plan)
  if (known !== undefined) return known
  const columns = allColumns(plan)
  columnsOf.set(plan, columns)
  return columns
}

function allColumns(plan: DirectPlan): ReadonlySet<string> {
  const columns = new Set<string>()
  const scalar = (value: Scalar): void => {
    if (value.kind === "column") columns.add(value.column)
    else if (value.kind === "call") value.args.forEach(scalar)
  }
  const predicate = (condition: Predicate): void => {
    if ("parts" in condition) condition.parts.forEach(predicate)
    else if ("part" in condition) predicate(condition.part)
    else if ("column" in condition) columns.add(condition.column)
  }
  if (plan.filter !== undefined) predicate(plan.filter)
  const output = (value: Output): void => {
    if (value.kind === "column") columns.add(value.column)
    else if (value.kind === "call") value.args.forEach(output)
  }
  plan.groups.forEach(scalar)
  for (const { value } of plan.outputs) output(value)
  for (const { by } of plan.order) output(by)
  for (const { argument, filter } of plan.aggregates) {
    if (argument !== undefined) scalar(argument)
    if (filter !== undefined) predicate(filter)
  }
  return columns
}
