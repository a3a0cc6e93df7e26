import type { Expr } from "pgsql-ast-parser"
import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { Comparison, PlanValue, Predicate } from "../direct/plan.ts"
import { parseDecimal } from "../expression/decimal.ts"
import {
  type ExpressionFault,
  FaultError,
  parseSyntax,
  positionOf,
  sourceOf,
  splitPath,
} from "../expression/syntax.ts"
import { BadValue, type SqlType, type Value } from "../expression/value.ts"
import { toEpochMs, toFiniteDouble, toFlag, toFloat, toInt, toLong, toUnscaled } from "../ingest/convert.ts"

/**
 * Reads the condition of a purge: columns compared with constants (`= <> < <= > >=`, IN, BETWEEN, LIKE, IS NULL), joined by
 * AND, OR and NOT. It is computed for every row there is, in two engines, at any time: what may fail for some row, or
 * differ between them, is not in it. Constants are taken as the column's type, exactly.
 */
export function parseWhere(
  sql: string,
  columns: readonly ColumnSpec[],
): Predicate | { readonly fault: ExpressionFault } {
  try {
    return new Reader(sql, columns).condition(parseSyntax(sql))
  } catch (error) {
    if (error instanceof FaultError) return { fault: error.fault }
    // The stack's depth is the only bound of nesting.
    if (error instanceof RangeError)
      return { fault: { message: "the condition is nested too deep", position: 1 } }
    throw error
  }
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  "=": "=",
  "!=": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
}
/** The operator once its sides have changed places. */
const TURNED: Readonly<Record<Comparison, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
}
/** A fault about an unknown column names this many of the known ones. */
const COLUMNS_NAMED_MAX = 20

class Reader {
  readonly #sql: string
  readonly #columns: readonly ColumnSpec[]

  constructor(sql: string, columns: readonly ColumnSpec[]) {
    this.#sql = sql
    this.#columns = columns
  }

  condition(node: Expr): Predicate {
    switch (node.type) {
      case "boolean":
        return { kind: "constant", value: node.value }
      case "unary":
        if (node.op === "NOT") return { kind: "not", part: this.condition(node.operand) }
        if (node.op === "IS NULL" || node.op === "IS NOT NULL") {
          return { kind: "null", column: this.#column(node.operand).name, negated: node.op === "IS NOT NULL" }
        }
        break
      case "binary":
        if (node.op === "AND" || node.op === "OR") {
          const parts = [this.condition(node.left), this.condition(node.right)]
          return { kind: node.op === "AND" ? "and" : "or", parts }
        }
        return this.#comparison(node)
      case "ternary": {
        const column = this.#column(node.value)
        const [low, high] = [this.#constant(node.lo, column), this.#constant(node.hi, column)]
        const between: Predicate = { kind: "between", column: column.name, low, high }
        return node.op === "BETWEEN" ? between : { kind: "not", part: between }
      }
      case "ref": {
        const column = this.#column(node)
        if (column.type === "boolean") return { kind: "compare", op: "=", column: column.name, value: 1 }
        throw new FaultError(`expected a condition, got the column ${column.name}`, positionOf(node))
      }
    }
    throw this.#unsupported(node)
  }

  #comparison(node: Extract<Expr, { type: "binary" }>): Predicate {
    if (node.op === "IN" || node.op === "NOT IN") {
      const column = this.#column(node.left)
      if (node.right.type !== "list")
        throw new FaultError("IN wants a list in brackets", positionOf(node.right))
      const values = node.right.expressions.map(item => this.#constant(item, column))
      return { kind: "in", column: column.name, values, negated: node.op === "NOT IN" }
    }
    if (node.op === "LIKE" || node.op === "NOT LIKE") {
      const column = this.#column(node.left)
      if (column.type !== "string") throw new FaultError("LIKE wants a column of text", positionOf(node.left))
      const pattern = String(this.#constant(node.right, column))
      return { kind: "like", column: column.name, pattern, negated: node.op === "NOT LIKE" }
    }
    const op = COMPARISONS[node.op]
    if (op === undefined) throw this.#unsupported(node)
    if (node.left.type !== "ref" && node.right.type === "ref") {
      const column = this.#column(node.right)
      return {
        kind: "compare",
        op: TURNED[op],
        column: column.name,
        value: this.#constant(node.left, column),
      }
    }
    const column = this.#column(node.left)
    return { kind: "compare", op, column: column.name, value: this.#constant(node.right, column) }
  }

  #column(node: Expr): ColumnSpec {
    const text = sourceOf(this.#sql, node)
    const path = node.type === "ref" ? splitPath(text) : undefined
    if (path?.length !== 1) throw new FaultError(`expected a column, got '${text}'`, positionOf(node))
    const [name = ""] = path
    const column =
      this.#columns.find(one => one.name === name) ??
      this.#columns.find(one => one.name.toLowerCase() === name.toLowerCase())
    if (column === undefined) {
      const known = this.#columns.slice(0, COLUMNS_NAMED_MAX).map(one => one.name)
      throw new FaultError(`there is no column '${name}'; there is ${known.join(", ")}`, positionOf(node))
    }
    if (column.type === "json" || column.type === "bytes" || column.list === true) {
      const what = column.list === true ? "list" : column.type
      throw new FaultError(
        `column ${column.name} is of type ${what}, which cannot be compared here`,
        positionOf(node),
      )
    }
    return column
  }

  /** A constant as the column's vectors hold its values. */
  #constant(node: Expr, column: ColumnSpec): PlanValue {
    const [value, type] = this.#literal(node)
    if (value === null) throw new FaultError("nothing equals NULL: use IS NULL", positionOf(node))
    try {
      return convert(value, type, column)
    } catch (error) {
      if (!(error instanceof BadValue)) throw error
      const text = sourceOf(this.#sql, node)
      throw new FaultError(
        `expected a ${column.type} for ${column.name}, got ${text}: ${error.reason}`,
        positionOf(node),
      )
    }
  }

  #literal(node: Expr): readonly [Value, SqlType] {
    switch (node.type) {
      case "null":
        return [null, "null"]
      case "boolean":
        return [node.value, "boolean"]
      case "string":
        return [node.value, "string"]
      // `TIMESTAMP '…'` and `'…'::TIMESTAMP`: the column's type tells as much.
      case "cast":
        if (node.operand.type === "string") return [node.operand.value, "string"]
        break
      case "integer":
      case "numeric":
        return [this.#number(sourceOf(this.#sql, node)), "decimal"]
      case "unary":
        if (node.op === "-" && (node.operand.type === "integer" || node.operand.type === "numeric")) {
          return [this.#number(`-${sourceOf(this.#sql, node.operand)}`), "decimal"]
        }
    }
    throw new FaultError(`expected a constant, got '${sourceOf(this.#sql, node)}'`, positionOf(node))
  }

  #number(text: string): Value {
    return parseDecimal(text.replace(/\s/g, "")) ?? text
  }

  #unsupported(node: Expr): FaultError {
    const text = sourceOf(this.#sql, node)
    return new FaultError(
      `expected comparisons of columns with constants, joined by AND, OR and NOT, got '${text}'`,
      positionOf(node),
    )
  }
}

function convert(value: Value, from: SqlType, { type }: ColumnSpec): PlanValue {
  switch (type) {
    case "int":
      return toInt(value)
    case "long":
      return toLong(value)
    case "float":
      return toFloat(value, from)
    case "double":
      return toFiniteDouble(value, from)
    case "decimal":
      return toUnscaled(value, false)
    case "boolean":
      return toFlag(value) ? 1 : 0
    case "timestamp":
      return BigInt(toEpochMs(value))
    default:
      if (typeof value !== "string") throw new BadValue("it is no text")
      // The engine's own parser would end the statement there.
      if (value.includes("\0")) throw new BadValue("it holds a NUL")
      return value
  }
}
