import { checked, Decimal, powerOfTen } from "./decimal.ts"
import { integer, isInteger, type Numeric, numeric, toDecimal, toDouble } from "./number.ts"
import { BadValue, type SqlType, type Value } from "./value.ts"

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%"

/** The static type of an arithmetic result; `/` is always a double, as in DuckDB. */
export function arithmeticType(operator: ArithmeticOperator, left: SqlType, right: SqlType): SqlType {
  if (operator === "/" || left === "double" || right === "double") return "double"
  if (left === "any" || right === "any") return "any"
  return left === "decimal" || right === "decimal" ? "decimal" : "int"
}

/**
 * Two numbers under an operator, null when either is null. Integers stay integers and are exact up to 64 bits;
 * decimals are exact up to 38 digits; a double on either side makes the result a double.
 */
export function arithmetic(
  operator: ArithmeticOperator,
  left: SqlType,
  right: SqlType,
): (a: Value, b: Value) => Value {
  const approximate = arithmeticType(operator, left, right) === "double"
  const onDoubles = DOUBLES[operator]
  const onIntegers = INTEGERS[operator]
  return (a, b) => {
    if (a === null || b === null) return null
    const x = operand(a)
    const y = operand(b)
    if (approximate) return onDoubles(toDouble(x), toDouble(y))
    if (isInteger(x) && isInteger(y)) return onIntegers(x, y)
    if (isFraction(x) || isFraction(y)) return onDoubles(toDouble(x), toDouble(y))
    return onDecimals(operator, toDecimal(x), toDecimal(y))
  }
}

/** A number from a record that has a fraction is a double, whatever it meets. */
function isFraction(value: Numeric): boolean {
  return typeof value === "number" && !Number.isSafeInteger(value)
}

function operand(value: Value): Numeric {
  if (typeof value === "boolean" || typeof value === "string")
    throw new BadValue("arithmetic on a value that is no number")
  return numeric(value)
}

const DOUBLES: Record<ArithmeticOperator, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
}

const INTEGERS: Record<ArithmeticOperator, (a: number | bigint, b: number | bigint) => Value> = {
  "+": (a, b) => safe(a, b, Number(a) + Number(b)) ?? integer(BigInt(a) + BigInt(b)),
  "-": (a, b) => safe(a, b, Number(a) - Number(b)) ?? integer(BigInt(a) - BigInt(b)),
  "*": (a, b) => safe(a, b, Number(a) * Number(b)) ?? integer(BigInt(a) * BigInt(b)),
  "/": (a, b) => Number(a) / Number(b),
  "%": (a, b) => (Number(b) === 0 ? null : integer(BigInt(a) % BigInt(b))),
}

/** The result where it is exact: of safe operands, a result beyond 2^53 never rounds to a safe one. */
function safe(a: number | bigint, b: number | bigint, result: number): number | undefined {
  if (typeof a !== "number" || typeof b !== "number" || !Number.isSafeInteger(result)) return undefined
  return result + 0
}

function onDecimals(operator: ArithmeticOperator, a: Decimal, b: Decimal): Value {
  if (operator === "*") return checked(new Decimal(a.unscaled * b.unscaled, a.scale + b.scale))
  const scale = Math.max(a.scale, b.scale)
  const x = a.unscaled * powerOfTen(scale - a.scale)
  const y = b.unscaled * powerOfTen(scale - b.scale)
  if (operator === "+") return checked(new Decimal(x + y, scale))
  if (operator === "-") return checked(new Decimal(x - y, scale))
  return y === 0n ? null : new Decimal(x % y, scale)
}

export function negate(value: Value): Value {
  if (value === null) return null
  const number = operand(value)
  if (number instanceof Decimal) return new Decimal(-number.unscaled, number.scale)
  return typeof number === "bigint" ? integer(-number) : 0 - number
}
