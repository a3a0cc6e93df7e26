import type { ColumnType } from "../../../definition/table-spec.ts"
import { type TreeNode, text } from "../../sql/syntax-tree.ts"
import type { Scalar } from "../plan.ts"
import { type Literal, literalOf } from "./constant.ts"
import { columnOf, plainCall, type Scope } from "./scope.ts"
import { unplanned } from "./unplanned.ts"

/** Units of `date_trunc` by the names that DuckDB knows them by. */
export const truncUnits = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"] as const

/** Functions that give a part of a timestamp, a BIGINT. */
export const datePartFunctions = [
  "year",
  "quarter",
  "month",
  "day",
  "dayofmonth",
  "dayofweek",
  "isodow",
  "dayofyear",
  "hour",
  "minute",
] as const

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name)
}

function constant(literal: Literal): Scalar | undefined {
  if (literal.kind === "integer") {
    return { kind: "constant", value: literal.value, type: literal.isLong ? "long" : "int" }
  }
  return literal.kind === "double" ? { kind: "constant", value: literal.value, type: "double" } : undefined
}

/** Beside a DOUBLE, a decimal constant is a DOUBLE too. */
function asDouble(node: TreeNode): Scalar | undefined {
  const literal = literalOf(node)
  if (literal?.kind !== "decimal") return undefined
  return { kind: "constant", value: literal.unscaled / 10 ** literal.scale, type: "double" }
}

const numeric: readonly ColumnType[] = ["int", "long", "double"]

/** The type of `+`, `-` and `*` over two types. DECIMAL and FLOAT have rules of their own: DuckDB's. */
function arithmeticType(left: ColumnType, right: ColumnType): ColumnType {
  if (!numeric.includes(left) || !numeric.includes(right)) {
    return unplanned(`arithmetic over ${left} and ${right}`)
  }
  if (left === "double" || right === "double") return "double"
  return left === "long" || right === "long" ? "long" : "int"
}

function arithmetic(fn: string, args: readonly TreeNode[], scope: Scope): Scalar {
  const [first, second] = args
  if (first !== undefined && second === undefined && fn === "-") {
    const value = scalar(first, scope)
    if (!numeric.includes(value.type)) return unplanned(`a negative ${value.type}`)
    return { kind: "call", fn: "neg", args: [value], type: value.type }
  }
  if (first === undefined || second === undefined) return unplanned(`${fn} of one`)
  const right = asDouble(second) ?? scalar(second, scope)
  const left = asDouble(first) ?? scalar(first, scope)
  const isMixed = (asDouble(first) ?? asDouble(second)) !== undefined
  if (isMixed && left.type === right.type && left.kind === "constant" && right.kind === "constant") {
    return unplanned("arithmetic over decimals")
  }
  if (isMixed && (asDouble(first) === undefined ? left : right).type !== "double") {
    return unplanned("arithmetic over decimals")
  }
  return { kind: "call", fn, args: [left, right], type: arithmeticType(left.type, right.type) }
}

function ofInstant(fn: string, unit: string | undefined, node: TreeNode | undefined, scope: Scope): Scalar {
  const value = node === undefined ? undefined : scalar(node, scope)
  if (value?.kind !== "column" || value.type !== "timestamp") return unplanned(`${fn} of no timestamp column`)
  const type = fn === "date_trunc" ? "timestamp" : "long"
  return { kind: "call", fn, args: [value], type, ...(unit === undefined ? {} : { unit }) }
}

function call(node: TreeNode, scope: Scope): Scalar {
  const plain = plainCall(node) ?? unplanned("an aggregate where a row's value is wanted")
  const { fn, args } = plain
  if (fn === "+" || fn === "-" || fn === "*") return arithmetic(fn, args, scope)
  if (isOneOf(datePartFunctions, fn) && args.length === 1) return ofInstant(fn, undefined, args[0], scope)
  const unit = args[0] === undefined ? undefined : literalOf(args[0])
  if (args.length !== 2 || unit?.kind !== "text") return unplanned(`the function ${fn}`)
  const word = unit.value.toLowerCase()
  if ((fn === "date_trunc" || fn === "datetrunc") && isOneOf(truncUnits, word)) {
    return ofInstant("date_trunc", word, args[1], scope)
  }
  if ((fn === "date_part" || fn === "datepart") && isOneOf(["year", "month", "day", "hour"], word)) {
    return ofInstant(word, undefined, args[1], scope)
  }
  return unplanned(`the function ${fn}`)
}

/** A value of a row, columns by their names alone. Throws `Unplanned`. */
export function scalar(node: TreeNode, scope: Scope): Scalar {
  if (node.class === "COLUMN_REF") {
    const column = columnOf(node, scope)
    if (column === undefined) return unplanned(`no column ${JSON.stringify(node.column_names)}`)
    return { kind: "column", column: column.name, type: column.type }
  }
  if (node.class === "FUNCTION") return call(node, scope)
  const literal = literalOf(node)
  const value = literal === undefined ? undefined : constant(literal)
  return value ?? unplanned(`${text(node.class)} as a row's value`)
}

const keys = new WeakMap<Scalar, string>()

/** Equal keys mean equal values. */
export function scalarKey(value: Scalar): string {
  const known = keys.get(value)
  if (known !== undefined) return known
  const key = JSON.stringify(value)
  keys.set(value, key)
  return key
}
