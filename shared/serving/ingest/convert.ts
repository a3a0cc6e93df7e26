import { textOf, toBoolean } from "../expression/cast.ts"
import { checked, Decimal, rescaleExactly, rescaleRounded } from "../expression/decimal.ts"
import { checkedInstant, parseInstant } from "../expression/instant-text.ts"
import { stringifyExactly } from "../expression/json-text.ts"
import { type Numeric, numberFromText, toDecimal, toDouble } from "../expression/number.ts"
import { BadValue, kindOf, type SqlType, type Value } from "../expression/value.ts"
import { DECIMAL_SCALE } from "./column.ts"

/** Conversions of a value into a column's type. A loss is `BadValue`: nothing is rounded, cut or wrapped. */

function numberOf(value: Value): Numeric {
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Decimal) return value
  if (typeof value === "string") return numberFromText(value)
  throw new BadValue(`expected a number, got ${kindOf(value)}`)
}

const INT_MIN = -(2 ** 31)
const INT_MAX = 2 ** 31 - 1

export function toInt(value: Value): number {
  if (typeof value === "number" && (value | 0) === value) return value
  const whole = toLong(value)
  if (whole < INT_MIN || whole > INT_MAX) throw new BadValue("number is out of range")
  return Number(whole)
}

export function toLong(value: Value): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value)
  const number = numberOf(value)
  if (typeof number === "number" && !Number.isFinite(number)) throw new BadValue("number is out of range")
  const whole = typeof number === "bigint" ? number : rescaleExactly(toDecimal(number), 0)
  if (whole === undefined) throw new BadValue("number has a fraction")
  if (BigInt.asIntN(64, whole) !== whole) throw new BadValue("number is out of range")
  return whole
}

/** Doubles are approximate by nature: only what is beyond their range is lost. */
export function toFiniteDouble(value: Value, from: SqlType): number {
  const double = typeof value === "number" ? value : toDouble(numberOf(value))
  if (!Number.isFinite(double) && from !== "double") throw new BadValue("number is out of range")
  return double
}

export function toFloat(value: Value, from: SqlType): number {
  const double = toFiniteDouble(value, from)
  const float = Math.fround(double)
  if (!Number.isFinite(float) && Number.isFinite(double)) throw new BadValue("number is out of range")
  return float
}

/** `approximate`: the value was computed in doubles, so that its last digits are rounded away, not refused. */
export function toUnscaled(value: Value, approximate: boolean): bigint {
  const number = numberOf(value)
  if (typeof number === "number" && !Number.isFinite(number)) throw new BadValue("number is out of range")
  const decimal = toDecimal(number)
  const rounds = approximate && typeof number === "number"
  const unscaled = rounds ? rescaleRounded(decimal, DECIMAL_SCALE) : rescaleExactly(decimal, DECIMAL_SCALE)
  if (unscaled === undefined) throw new BadValue(`number has more than ${DECIMAL_SCALE} decimals`)
  checked(new Decimal(unscaled, DECIMAL_SCALE))
  return unscaled
}

export function toFlag(value: Value): boolean {
  if (typeof value === "boolean") return value
  if (typeof value === "string") return toBoolean(value)
  throw new BadValue(`expected a boolean, got ${kindOf(value)}`)
}

/** Text as it is, scalars as SQL prints them, objects and arrays as JSON. */
export function toText(value: Value, from: SqlType): string {
  return typeof value === "string" ? value : textOf(value, from)
}

export const toJsonText = (value: Value): string => stringifyExactly(value)

export function toEpochMs(value: Value, read: (text: string) => number = parseInstant): number {
  if (typeof value === "string") return read(value)
  if (typeof value !== "number") throw new BadValue(`expected a timestamp, got ${kindOf(value)}`)
  if (!Number.isInteger(value)) throw new BadValue("timestamp is finer than a millisecond")
  return checkedInstant(value)
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** Bytes travel in JSON as base64. */
export function toBytes(value: Value): Uint8Array {
  if (typeof value !== "string") throw new BadValue(`expected base64 text, got ${kindOf(value)}`)
  if (!BASE64.test(value)) throw new BadValue("text is not base64")
  return new Uint8Array(Buffer.from(value, "base64"))
}
