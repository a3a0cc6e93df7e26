import type { Expr, ExprCase, ExprCast, ExprRef, ExprUnary } from "pgsql-ast-parser"
import { negate } from "./arithmetic.ts"
import { binary, ternary } from "./binary.ts"
import { castTo, toInstant } from "./cast.ts"
import { comparison } from "./comparison.ts"
import { parseDecimal } from "./decimal.ts"
import { type Argument, FUNCTIONS, ofInstant, similarNames } from "./functions.ts"
import { commonType, firstTrue, isNull, isTruth, not } from "./logic.ts"
import { integer } from "./number.ts"
import { index, member, path } from "./path.ts"
import { type ExpressionFault, FaultError, parseSyntax, positionOf, sourceOf, splitPath } from "./syntax.ts"
import { extractPart } from "./time.ts"
import { BadValue, type Compiled, type SqlType, type Value } from "./value.ts"

/**
 * Compiles a SQL expression over a record's fields to a closure. Names are the record's field names, case and all;
 * the functions are DuckDB's, and so are their results. A fault names what is wrong and its position, from 1; with
 * `fields`, a name that is none of them is one.
 */
export function compileExpression(
  sql: string,
  fields?: ReadonlySet<string>,
): Compiled | { readonly fault: ExpressionFault } {
  try {
    return new Compiler(sql, fields).compile(parseSyntax(sql))
  } catch (error) {
    if (error instanceof FaultError) return { fault: error.fault }
    // The stack's depth is the only bound of nesting that parser and compiler share.
    if (error instanceof RangeError)
      return { fault: { message: "the expression is nested too deep", position: 1 } }
    throw error
  }
}

export const constant = (type: SqlType, value: Value): Compiled => ({ type, evaluate: () => value })

/** A fault about an unknown field names this many of the known ones. */
const FIELDS_NAMED_MAX = 20

class Compiler {
  readonly #sql: string
  readonly #fields: ReadonlySet<string> | undefined

  constructor(sql: string, fields: ReadonlySet<string> | undefined) {
    this.#sql = sql
    this.#fields = fields
  }

  compile(node: Expr): Compiled {
    switch (node.type) {
      case "null":
        return constant("null", null)
      case "boolean":
        return constant("boolean", node.value)
      case "string":
        return constant("string", node.value)
      case "integer":
      case "numeric":
        return this.#number(node)
      case "ref":
        return this.#field(node)
      case "unary":
        return this.#unary(node)
      case "binary":
        return binary(node, expr => this.argument(expr))
      case "ternary":
        return ternary(node, expr => this.compile(expr))
      case "case":
        return this.#case(node)
      case "cast":
        return this.#cast(node)
      case "member":
        return member(this.compile(node.operand), node.member, node.op === "->>")
      case "arrayIndex":
        return index(this.compile(node.array), this.compile(node.index))
      case "extract":
        return this.#extract(node.field.name, this.compile(node.from), node)
      case "substring": {
        const args = [node.value, node.from ?? { type: "integer", value: 1, _location: node._location }]
        return this.#call("substr", node.for ? ([...args, node.for] as Expr[]) : (args as Expr[]), node)
      }
      case "call":
        if (
          node.distinct ||
          node.filter ||
          node.over ||
          node.orderBy ||
          node.withinGroup ||
          node.function.schema
        ) {
          throw new FaultError("expected a plain function call", positionOf(node))
        }
        return this.#call(node.function.name.toLowerCase(), node.args, node)
      default:
        throw new FaultError(`'${sourceOf(this.#sql, node)}' is not supported here`, positionOf(node))
    }
  }

  argument(node: Expr): Argument {
    const compiled = this.compile(node)
    return node.type === "string" ? { ...compiled, literal: node.value } : compiled
  }

  #number(node: Expr): Compiled {
    const text = sourceOf(this.#sql, node).replace(/\s/g, "")
    const decimal = parseDecimal(text)
    if (decimal === undefined) throw new FaultError(`'${text}' is not a number`, positionOf(node))
    if (decimal.scale > 0) return constant("decimal", decimal)
    try {
      return constant("int", integer(decimal.unscaled))
    } catch {
      throw new FaultError(`'${text}' does not fit 64 bits`, positionOf(node))
    }
  }

  #field(node: ExprRef): Compiled {
    const names = splitPath(sourceOf(this.#sql, node))
    if (names === undefined || node.name === "*") {
      throw new FaultError(`expected a field, got '${sourceOf(this.#sql, node)}'`, positionOf(node))
    }
    if (this.#fields?.has(names[0]!) === false) {
      const known = [...this.#fields].slice(0, FIELDS_NAMED_MAX).join(", ")
      throw new FaultError(`there is no field '${names[0]}'; there is ${known}`, positionOf(node))
    }
    return path(names)
  }

  #unary(node: ExprUnary): Compiled {
    const operand = this.compile(node.operand)
    switch (node.op) {
      case "NOT":
        return not(operand)
      case "IS NULL":
      case "IS NOT NULL":
        return isNull(operand, node.op === "IS NOT NULL")
      case "IS TRUE":
      case "IS NOT TRUE":
        return isTruth(operand, true, node.op === "IS NOT TRUE")
      case "IS FALSE":
      case "IS NOT FALSE":
        return isTruth(operand, false, node.op === "IS NOT FALSE")
      case "+":
      case "-": {
        if (!["int", "decimal", "double", "any", "null"].includes(operand.type)) {
          throw new FaultError(`'${node.op}' wants a number`, positionOf(node))
        }
        const { type, evaluate } = operand
        return node.op === "+" ? operand : { type, evaluate: record => negate(evaluate(record)) }
      }
    }
  }

  #case(node: ExprCase): Compiled {
    const subject = node.value ? this.compile(node.value) : undefined
    const branches = node.whens.map(({ when, value }) => {
      const condition = this.compile(when)
      const result = this.compile(value)
      return { when: subject === undefined ? condition : equals(subject, condition), result }
    })
    const otherwise = node.else ? this.compile(node.else) : constant("null", null)
    const results = [...branches.map(branch => branch.result), otherwise]
    const type = commonType(results.map(result => result.type))
    if (type === undefined)
      throw new FaultError("the branches of CASE have different types", positionOf(node))
    const unify = (result: Compiled) => (type === "timestamp" ? asInstant(result) : result)
    const unified = branches.map(({ when, result }) => ({ when, result: unify(result) }))
    return { ...firstTrue(unified, unify(otherwise)), type }
  }

  #cast(node: ExprCast): Compiled {
    const to = node.to as { name?: string; config?: number[]; kind?: string }
    const cast = to.kind === undefined ? castTo((to.name ?? "").toLowerCase(), to.config) : undefined
    if (cast === undefined) {
      throw new FaultError(
        `there is no type '${sourceOf(this.#sql, node.to)}' to cast to`,
        positionOf(node.to),
      )
    }
    const { type, evaluate } = this.compile(node.operand)
    const convert = cast.convert
    return {
      type: cast.type,
      evaluate: record => {
        const value = evaluate(record)
        return value === null ? null : convert(value, type)
      },
    }
  }

  #extract(unit: string, argument: Compiled, node: Expr): Compiled {
    const apply = extractPart(unit)
    if (apply === undefined) throw new FaultError(`extract knows no '${unit}'`, positionOf(node))
    return ofInstant(argument, apply, unit.toLowerCase() === "epoch" ? "double" : "int")
  }

  #call(name: string, args: readonly Expr[], node: Expr): Compiled {
    const found = FUNCTIONS.get(name)
    if (found === undefined) {
      const similar = similarNames(name)
      const hint = similar.length > 0 ? `; there is ${similar.join(", ")}` : ""
      throw new FaultError(`there is no function '${name}'${hint}`, positionOf(node))
    }
    if (args.length < found.min || args.length > found.max) {
      const wanted = found.min === found.max ? `${found.min}` : `${found.min} to ${found.max}`
      throw new FaultError(`'${name}' takes ${wanted} arguments, got ${args.length}`, positionOf(node))
    }
    const built = found.build(args.map(arg => this.argument(arg)))
    if (typeof built === "string") throw new FaultError(`'${name}' wants ${built}`, positionOf(node))
    return built
  }
}

function equals(left: Compiled, right: Compiled): Compiled {
  const test = comparison("=", left.type, right.type)
  return { type: "boolean", evaluate: record => test(left.evaluate(record), right.evaluate(record)) }
}

function asInstant({ type, evaluate }: Compiled): Compiled {
  return {
    type: "timestamp",
    evaluate: record => {
      const value = evaluate(record)
      if (value === null) return null
      if (typeof value === "string" || typeof value === "number") return toInstant(value, type)
      throw new BadValue("expected a timestamp")
    },
  }
}
