import { compareDecimals, Decimal } from "./decimal.ts"
import { parseInstant } from "./instant-text.ts"
import { type Numeric, numberFromText, toDecimal, toDouble } from "./number.ts"
import { BadValue, kindOf, type SqlType, type Value } from "./value.ts"

export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">="

const TESTS: Record<ComparisonOperator, (order: number) => boolean> = {
  "=": order => order === 0,
  "!=": order => order !== 0,
  "<": order => order < 0,
  "<=": order => order <= 0,
  ">": order => order > 0,
  ">=": order => order >= 0,
}

/** Negative, zero or positive for two values that are not null; `BadValue` when they cannot be compared. */
export type Order = (a: Value, b: Value) => number

/** How values of these static types are ordered. Text beside a timestamp is read as one, beside a number as a number. */
export function orderOf(left: SqlType, right: SqlType): Order {
  if (left === "timestamp" || right === "timestamp") {
    return (a, b) => instantOf(a, left) - instantOf(b, right)
  }
  return compareValues
}

/** A comparison as SQL has it: null when either side is null. */
export function comparison(
  operator: ComparisonOperator,
  left: SqlType,
  right: SqlType,
): (a: Value, b: Value) => boolean | null {
  const order = orderOf(left, right)
  const test = TESTS[operator]
  return (a, b) => (a === null || b === null ? null : test(order(a, b)))
}

function instantOf(value: Value, type: SqlType): number {
  if (type === "timestamp" || typeof value === "number") return value as number
  if (typeof value === "string") return parseInstant(value, true)
  throw new BadValue(`expected a timestamp, got ${kindOf(value)}`)
}

function compareValues(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b)
  if (typeof a === "number" && typeof b === "number") return a - b
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b)
  const x = comparable(a, b)
  const y = comparable(b, a)
  if (!(x instanceof Decimal) && !(y instanceof Decimal)) return x < y ? -1 : x > y ? 1 : 0
  if (isFraction(x) || isFraction(y)) return toDouble(x) - toDouble(y)
  return compareDecimals(toDecimal(x), toDecimal(y))
}

function isFraction(value: Numeric): boolean {
  return typeof value === "number" && !Number.isSafeInteger(value)
}

function comparable(value: Value, other: Value): Numeric {
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Decimal) return value
  const besideNumber = typeof other !== "string" && typeof other !== "boolean"
  if (typeof value === "string" && besideNumber) return numberFromText(value)
  throw new BadValue(`cannot compare ${kindOf(value)} with ${kindOf(other)}`)
}

/** By UTF-8 bytes, which is by code points: UTF-16 order differs above U+D800. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above every other unit. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit
}
