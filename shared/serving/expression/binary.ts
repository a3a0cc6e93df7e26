import type { Expr, ExprBinary, ExprTernary } from "pgsql-ast-parser"
import { type ArithmeticOperator, arithmetic, arithmeticType } from "./arithmetic.ts"
import { textOf } from "./cast.ts"
import { type ComparisonOperator, comparison } from "./comparison.ts"
import type { Argument } from "./functions.ts"
import { likeMatcher } from "./like.ts"
import { and, isIn, not, or } from "./logic.ts"
import { FaultError, positionOf } from "./syntax.ts"
import { likeCache } from "./text.ts"
import type { Compiled, SqlType } from "./value.ts"

const ARITHMETIC = new Set<string>(["+", "-", "*", "/", "%"])
const COMPARISONS = new Set<string>(["=", "!=", "<", "<=", ">", ">="])

/** Compiles `left operator right`. */
export function binary(node: ExprBinary, compile: (expr: Expr) => Argument): Compiled {
  const { op } = node
  if (op === "IN" || op === "NOT IN") {
    if (node.right.type !== "list")
      throw new FaultError("IN wants a list in brackets", positionOf(node.right))
    const test = isIn(compile(node.left), node.right.expressions.map(compile))
    return op === "IN" ? test : not(test)
  }
  const left = compile(node.left)
  const right = compile(node.right)
  if (op === "AND") return and(left, right)
  if (op === "OR") return or(left, right)
  if (ARITHMETIC.has(op)) return calculate(op as ArithmeticOperator, left, right, positionOf(node))
  if (COMPARISONS.has(op)) return compare(op as ComparisonOperator, left, right)
  if (op === "||") return join(left, right)
  if (op.endsWith("LIKE")) return like(left, right, op.startsWith("NOT"), op.endsWith("ILIKE"))
  throw new FaultError(`there is no operator '${op}'`, positionOf(node))
}

/** Compiles BETWEEN, which is two comparisons. */
export function ternary(node: ExprTernary, compile: (expr: Expr) => Compiled): Compiled {
  const value = compile(node.value)
  const test = and(compare(">=", value, compile(node.lo)), compare("<=", value, compile(node.hi)))
  return node.op === "BETWEEN" ? test : not(test)
}

const NO_NUMBERS: readonly SqlType[] = ["string", "boolean", "timestamp"]

function calculate(op: ArithmeticOperator, left: Compiled, right: Compiled, position: number): Compiled {
  if (NO_NUMBERS.includes(left.type) || NO_NUMBERS.includes(right.type)) {
    const wrong = NO_NUMBERS.includes(left.type) ? left.type : right.type
    throw new FaultError(`'${op}' wants numbers, got a ${wrong}`, position)
  }
  const apply = arithmetic(op, left.type, right.type)
  return {
    type: arithmeticType(op, left.type, right.type),
    evaluate: record => apply(left.evaluate(record), right.evaluate(record)),
  }
}

function compare(op: ComparisonOperator, left: Compiled, right: Compiled): Compiled {
  const test = comparison(op, left.type, right.type)
  return { type: "boolean", evaluate: record => test(left.evaluate(record), right.evaluate(record)) }
}

function join(left: Compiled, right: Compiled): Compiled {
  return {
    type: "string",
    evaluate: record => {
      const a = left.evaluate(record)
      const b = right.evaluate(record)
      return a === null || b === null ? null : textOf(a, left.type) + textOf(b, right.type)
    },
  }
}

function like(left: Compiled, right: Argument, negated: boolean, ignoreCase: boolean): Compiled {
  const cache = likeCache(ignoreCase)
  const fixed = right.literal === undefined ? undefined : likeMatcher(right.literal, ignoreCase)
  return {
    type: "boolean",
    evaluate: record => {
      const text = left.evaluate(record)
      const pattern = right.evaluate(record)
      if (text === null || pattern === null) return null
      const subject = textOf(text, left.type)
      const matched = fixed === undefined ? cache(subject, textOf(pattern, right.type)) : fixed(subject)
      return matched !== negated
    },
  }
}
