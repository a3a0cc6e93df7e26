import type { ColumnType } from "../../../definition/table-spec.ts"
import { isNode, nodes, type TreeNode, text } from "../../sql/syntax-tree.ts"
import type { AggregateCall, Output, Scalar, ValueType } from "../plan.ts"
import { aggregate, isAggregate } from "./aggregate.ts"
import { constantFor, literalOf } from "./constant.ts"
import { scalar, scalarKey } from "./scalar.ts"
import { aliased, callOf, columnOf, type Scope } from "./scope.ts"
import { Unplanned, unplanned } from "./unplanned.ts"

/** What outputs refer to, as it grows while they are planned. */
export interface Grouped {
  readonly groups: readonly Scalar[]
  readonly aggregates: AggregateCall[]
}

const integers: readonly ValueType[] = ["int", "long", "huge"]
const numbers: readonly ValueType[] = [...integers, "double", "decimal"]

function wider(left: ValueType, right: ValueType): ValueType {
  return integers[Math.max(integers.indexOf(left), integers.indexOf(right))] ?? "huge"
}

/** The type of an operator over numbers, as DuckDB has it. */
function arithmeticType(fn: string, left: ValueType, right: ValueType): ValueType {
  if (!numbers.includes(left) || !numbers.includes(right)) return unplanned(`${fn} over ${left} and ${right}`)
  if (fn === "/" || left === "double" || right === "double") return "double"
  const isDecimal = left === "decimal" || right === "decimal"
  if (!isDecimal) return wider(left, right)
  // Two scales add up to one that the direct path has no type for.
  const isKnown = fn === "+" || fn === "-" || (fn === "*" && (left === "int" || right === "int"))
  return isKnown ? "decimal" : unplanned(`${fn} over decimals`)
}

const comparisons: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: "=",
  COMPARE_NOTEQUAL: "<>",
  COMPARE_LESSTHAN: "<",
  COMPARE_LESSTHANOREQUALTO: "<=",
  COMPARE_GREATERTHAN: ">",
  COMPARE_GREATERTHANOREQUALTO: ">=",
}

/** Plans what is made of groups and aggregates: outputs, HAVING, ORDER BY. */
export class OutputPlanner {
  readonly #scope: Scope
  readonly #grouped: Grouped
  readonly #groupKeys: readonly string[]

  constructor(scope: Scope, grouped: Grouped) {
    this.#scope = scope
    this.#grouped = grouped
    this.#groupKeys = grouped.groups.map(scalarKey)
  }

  /** Throws `Unplanned`. `approximate`: a decimal constant may become a double, since the result is one. */
  plan(node: TreeNode, approximate = false): Output {
    const group = this.#group(node)
    if (group !== undefined) return group
    if (isAggregate(node)) return this.#aggregate(node)
    const constant = this.#constant(node, approximate)
    if (constant !== undefined) return constant
    switch (text(node.class)) {
      case "COLUMN_REF":
        return this.#alias(node)
      case "FUNCTION":
        return this.#call(node, approximate)
      case "CAST":
        return this.#cast(node)
      case "COMPARISON":
        return this.#comparison(node)
      case "CONJUNCTION": {
        const args = nodes(node.children).map(part => this.#condition(part))
        return { kind: "call", fn: node.type === "CONJUNCTION_AND" ? "and" : "or", args, type: "boolean" }
      }
      case "OPERATOR":
        return this.#operator(node)
      default:
        return unplanned(`${text(node.class)} beside aggregates`)
    }
  }

  /** A value that is true, false or unknown. */
  #condition(node: TreeNode): Output {
    const value = this.plan(node)
    return value.type === "boolean" ? value : unplanned(`a ${value.type} as a condition`)
  }

  #group(node: TreeNode): Output | undefined {
    if (node.class !== "COLUMN_REF" && node.class !== "FUNCTION") return undefined
    try {
      const value = scalar(node, this.#scope)
      const index = this.#groupKeys.indexOf(scalarKey(value))
      return index < 0 ? undefined : { kind: "group", index, type: value.type }
    } catch (error) {
      if (error instanceof Unplanned) return undefined
      throw error
    }
  }

  #alias(node: TreeNode): Output {
    const expression = columnOf(node, this.#scope) === undefined ? aliased(node, this.#scope) : undefined
    // An alias may name an expression that names the alias.
    if (expression === undefined || expression.class === "COLUMN_REF") {
      return unplanned("a column that is neither grouped nor aggregated")
    }
    return this.plan({ ...expression, alias: "" })
  }

  #aggregate(node: TreeNode): Output {
    const call = aggregate(node, this.#scope)
    const { aggregates } = this.#grouped
    const key = JSON.stringify(call, (_, value) => (typeof value === "bigint" ? `${value}n` : value))
    const known = aggregates.findIndex(
      other => JSON.stringify(other, (_, value) => (typeof value === "bigint" ? `${value}n` : value)) === key,
    )
    const index = known < 0 ? aggregates.push(call) - 1 : known
    return { kind: "aggregate", index, type: call.type }
  }

  #constant(node: TreeNode, approximate: boolean): Output | undefined {
    const literal = literalOf(node)
    switch (literal?.kind) {
      case "integer":
        return { kind: "constant", value: literal.value, type: literal.isLong ? "long" : "int" }
      case "double":
        return { kind: "constant", value: literal.value, type: "double" }
      case "decimal": {
        if (!approximate) return unplanned("a decimal constant")
        return { kind: "constant", value: literal.unscaled / 10 ** literal.scale, type: "double" }
      }
      case "text":
        return { kind: "constant", value: literal.value, type: "string" }
      case "boolean":
        return { kind: "constant", value: literal.value === 1, type: "boolean" }
      default:
        return undefined
    }
  }

  #call(node: TreeNode, approximate: boolean): Output {
    const called = node.distinct === true ? undefined : callOf(node)
    const { fn, args } = called ?? unplanned("a function with DISTINCT")
    const [first, second, third] = args
    if (first === undefined || third !== undefined) return unplanned(`the function ${fn}`)
    if (fn === "round") return this.#round(first, second)
    if (!["+", "-", "*", "/", "//", "%"].includes(fn)) return unplanned(`the function ${fn}`)
    if (second === undefined) {
      const value = this.plan(first, approximate)
      if (fn !== "-" || !numbers.includes(value.type)) return unplanned(`${fn} of one ${value.type}`)
      return { kind: "call", fn: "neg", args: [value], type: value.type }
    }
    const loose = approximate || fn === "/"
    const values = [this.plan(first, loose), this.plan(second, loose)] as const
    const type = this.#mixed(arithmeticType(fn, values[0].type, values[1].type), values, loose, [
      first,
      second,
    ])
    if ((fn === "//" || fn === "%") && !integers.includes(type)) return unplanned(`${fn} over ${type}`)
    return { kind: "call", fn, args: values, type }
  }

  /** Beside a double from a column, a decimal constant is a double in DuckDB too. */
  #mixed(
    type: ValueType,
    values: readonly Output[],
    loose: boolean,
    written: readonly TreeNode[],
  ): ValueType {
    if (loose || type !== "double") return type
    const isReal = values.some(
      (value, at) => value.type === "double" && literalOf(written[at] ?? {})?.kind !== "decimal",
    )
    return isReal ? type : unplanned("arithmetic over decimals")
  }

  #round(first: TreeNode, second: TreeNode | undefined): Output {
    const value = this.plan(first)
    const literal = second === undefined ? undefined : literalOf(second)
    const digits = second === undefined ? 0 : literal?.kind === "integer" ? literal.value : -1
    if (value.type !== "double" || digits < 0 || digits > 15) return unplanned(`round of ${value.type}`)
    const places: Output = { kind: "constant", value: digits, type: "int" }
    return { kind: "call", fn: "round", args: [value, places], type: "double" }
  }

  #cast(node: TreeNode): Output {
    const type = isNode(node.cast_type) ? text(node.cast_type.id) : ""
    const child = isNode(node.child) ? node.child : unplanned("an incomplete cast")
    if (type !== "DOUBLE" || node.try_cast === true) return unplanned(`a cast to ${type}`)
    const value = this.plan(child, true)
    if (!numbers.includes(value.type)) return unplanned(`a cast from ${value.type}`)
    return { kind: "call", fn: "double", args: [value], type: "double" }
  }

  #comparison(node: TreeNode): Output {
    const fn = comparisons[text(node.type)] ?? unplanned(`the comparison ${text(node.type)}`)
    const [left, right] = [node.left, node.right]
    if (!isNode(left) || !isNode(right)) return unplanned("an incomplete comparison")
    const value = this.plan(left)
    const other = this.#beside(right, value.type)
    const isNumeric = integers.includes(value.type) || value.type === "double"
    const fits = isNumeric
      ? integers.includes(other.type) || other.type === "double"
      : value.type === other.type && value.type !== "float"
    if (!fits) return unplanned(`a ${value.type} beside a ${other.type}`)
    return { kind: "call", fn, args: [value, other], type: "boolean" }
  }

  #beside(node: TreeNode, type: ValueType): Output {
    const literal = literalOf(node)
    if (literal === undefined || type === "huge" || type === "json" || type === "bytes" || type === "float") {
      return this.plan(node, type === "double")
    }
    const value = constantFor(node, type)
    if (type === "boolean") return { kind: "constant", value: value === 1, type }
    // An integer beside a constant such as 2.5 is compared as a number.
    const kept: ValueType = integers.includes(type) && !Number.isInteger(value) ? "double" : type
    return { kind: "constant", value: value as string | number | bigint, type: kept }
  }

  #operator(node: TreeNode): Output {
    const [only] = nodes(node.children)
    if (only === undefined) return unplanned("an operator of nothing")
    switch (text(node.type)) {
      case "OPERATOR_NOT":
        return { kind: "call", fn: "not", args: [this.#condition(only)], type: "boolean" }
      case "OPERATOR_IS_NULL":
        return { kind: "call", fn: "is null", args: [this.plan(only)], type: "boolean" }
      case "OPERATOR_IS_NOT_NULL":
        return { kind: "call", fn: "is not null", args: [this.plan(only)], type: "boolean" }
      default:
        return unplanned(`the operator ${text(node.type)}`)
    }
  }
}

/** A column as rows are selected. */
export function selected(node: TreeNode, scope: Scope): Output {
  if (node.class === "COLUMN_REF") {
    const column = columnOf(node, scope) ?? unplanned("a name that is no column")
    return { kind: "column", column: column.name, type: column.type satisfies ColumnType }
  }
  return unplanned("an expression over rows")
}
