import { isNode, type TreeNode, text } from "../../sql/syntax-tree.ts"
import type { AggregateCall, Scalar, ValueType } from "../plan.ts"
import { literalOf } from "./constant.ts"
import { condition } from "./predicate.ts"
import { scalar } from "./scalar.ts"
import { callOf, folded, type Scope } from "./scope.ts"
import { unplanned } from "./unplanned.ts"

const names: Readonly<Record<string, AggregateCall["fn"]>> = {
  count: "count",
  count_star: "count",
  sum: "sum",
  min: "min",
  max: "max",
  avg: "avg",
  mean: "avg",
  approx_count_distinct: "approx_distinct",
  approx_quantile: "approx_quantile",
}

/** Whether the function is an aggregate that the direct path knows. */
export function isAggregate(node: TreeNode): boolean {
  return node.class === "FUNCTION" && Object.hasOwn(names, folded(text(node.function_name)))
}

const sums: Readonly<Partial<Record<ValueType, ValueType>>> = {
  int: "huge",
  long: "huge",
  boolean: "huge",
  float: "double",
  double: "double",
  decimal: "decimal",
}

const ordered: readonly ValueType[] = [
  "string",
  "int",
  "long",
  "float",
  "double",
  "boolean",
  "timestamp",
  "decimal",
]

function typeOf(fn: AggregateCall["fn"], { type }: Scalar): ValueType {
  if (fn === "count" || fn === "approx_distinct") return "long"
  // A quantile of integers is BIGINT's, of floats FLOAT's, in DuckDB: those of other types keep theirs here.
  if (fn === "approx_quantile") {
    return type === "int" || type === "long" || type === "double" ? type : unplanned(`a quantile of ${type}`)
  }
  if (fn === "count_distinct") {
    // Zeros and NaN of doubles have rules of their own.
    return type === "float" || type === "double" ? unplanned(`count(distinct) of a ${type}`) : "long"
  }
  if (fn === "sum") return sums[type] ?? unplanned(`a sum of ${type}`)
  if (fn === "avg") {
    return sums[type] === undefined || type === "boolean" ? unplanned(`an average of ${type}`) : "double"
  }
  return ordered.includes(type) ? type : unplanned(`${fn} of ${type}`)
}

function functionOf(name: string, isDistinct: boolean): AggregateCall["fn"] {
  const fn = names[name] ?? unplanned(`the function ${name}`)
  if (!isDistinct || fn === "min" || fn === "max") return fn
  return fn === "count" ? "count_distinct" : unplanned(`${fn} of distinct values`)
}

/** The share of a quantile, 0 to 1. */
function shareOf(node: TreeNode | undefined): number {
  const literal = node === undefined ? undefined : literalOf(node)
  const share =
    literal?.kind === "decimal"
      ? literal.unscaled / 10 ** literal.scale
      : literal?.kind === "integer" || literal?.kind === "double"
        ? literal.value
        : Number.NaN
  return share >= 0 && share <= 1 ? share : unplanned("a quantile without a share from 0 to 1")
}

/** An aggregate's call. Throws `Unplanned`. */
export function aggregate(node: TreeNode, scope: Scope): AggregateCall {
  const called = callOf(node) ?? unplanned("no function")
  const fn = functionOf(called.fn, node.distinct === true)
  const [only, second] = called.args
  const share = fn === "approx_quantile" ? shareOf(second) : undefined
  if (called.args.length > (share === undefined ? 1 : 2)) return unplanned(`${called.fn} of several values`)
  const filter = isNode(node.filter) ? { filter: condition(node.filter, scope) } : {}
  const isCountOfAll = only === undefined || (fn === "count" && literalOf(only) !== undefined)
  if (isCountOfAll) {
    return fn === "count" ? { fn, type: "long", ...filter } : unplanned(`${called.fn} of nothing`)
  }
  const argument = scalar(only, scope)
  if (argument.kind === "constant") return unplanned(`${called.fn} of a constant`)
  if (fn === "count" && argument.kind === "call") return unplanned("a count of an expression")
  if (share !== undefined && argument.kind !== "column") return unplanned("a quantile of an expression")
  return { fn, argument, type: typeOf(fn, argument), ...filter, ...(share === undefined ? {} : { share }) }
}
