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
  if (fn === "count") return "long"
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

/** An aggregate's call. Throws `Unplanned`. */
export function aggregate(node: TreeNode, scope: Scope): AggregateCall {
  const called = callOf(node) ?? unplanned("no function")
  if (called.args.length > 1) return unplanned(`${called.fn} of several values`)
  const filter = isNode(node.filter) ? { filter: condition(node.filter, scope) } : {}
  const fn = functionOf(called.fn, node.distinct === true)
  const [only] = called.args
  const isCountOfAll = only === undefined || (fn === "count" && literalOf(only) !== undefined)
  if (isCountOfAll) {
    return fn === "count" ? { fn, type: "long", ...filter } : unplanned(`${called.fn} of nothing`)
  }
  const argument = scalar(only, scope)
  if (argument.kind === "constant") return unplanned(`${called.fn} of a constant`)
  if (fn === "count" && argument.kind === "call") return unplanned("a count of an expression")
  return { fn, argument, type: typeOf(fn, argument), ...filter }
}
