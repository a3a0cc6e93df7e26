import { Decimal, decimalOfNumber, decimalToNumber, parseDecimal } from "./decimal.ts"
import { BadValue, kindOf, type Value } from "./value.ts"

/** A number as it stands in an expression. */
export type Numeric = number | bigint | Decimal

const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 63n - 1n

/** An integer as a number where that is safe, else a bigint within 64 bits; throws `BadValue` beyond. */
export function integer(value: bigint): number | bigint {
  const narrow = Number(value)
  if (Number.isSafeInteger(narrow)) return narrow
  if (value < LONG_MIN || value > LONG_MAX) throw new BadValue("number is out of range")
  return value
}

/** The numeric value of a number or of text that spells one; else `BadValue`. */
export function numeric(value: Value): Numeric {
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Decimal) return value
  if (typeof value === "boolean") return value ? 1 : 0
  if (typeof value === "string") return numberFromText(value)
  throw new BadValue(`expected a number, got ${kindOf(value)}`)
}

/** Reads text as an exact number: an integer where it is one, else a decimal. */
export function numberFromText(text: string): Numeric {
  const decimal = parseDecimal(text.trim())
  if (decimal === undefined) throw new BadValue("text is not a number")
  return decimal.scale === 0 ? integer(decimal.unscaled) : decimal
}

export function isInteger(value: Numeric): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value))
}

export function toDouble(value: Numeric): number {
  return value instanceof Decimal ? decimalToNumber(value) : Number(value)
}

export function toDecimal(value: Numeric): Decimal {
  if (value instanceof Decimal) return value
  return typeof value === "bigint" ? new Decimal(value, 0) : decimalOfNumber(value)
}
