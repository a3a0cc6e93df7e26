import { Decimal, powerOfTen, rescaleRounded } from "./decimal.ts"
import { integer, type Numeric } from "./number.ts"

export function absolute(value: Numeric): Numeric {
  if (value instanceof Decimal) return value.unscaled < 0n ? new Decimal(-value.unscaled, value.scale) : value
  if (typeof value === "bigint") return integer(value < 0n ? -value : value)
  return Math.abs(value)
}

/** The integer at or below (`down`) or at or above a number. */
export function toWhole(value: Numeric, down: boolean): Numeric {
  if (typeof value === "bigint") return value
  if (typeof value === "number") return down ? Math.floor(value) : Math.ceil(value)
  const divisor = powerOfTen(value.scale)
  const rest = value.unscaled % divisor
  let whole = value.unscaled / divisor
  if (down && rest < 0n) whole -= 1n
  if (!down && rest > 0n) whole += 1n
  return new Decimal(whole, 0)
}

/** Rounds half away from zero to `digits` after the point (before it, when negative). */
export function roundTo(value: Numeric, digits: number): Numeric {
  if (value instanceof Decimal) {
    if (digits >= value.scale) return value
    if (digits >= 0) return new Decimal(rescaleRounded(value, digits), digits)
    return new Decimal(rescaleRounded(value, digits) * powerOfTen(-digits), 0)
  }
  if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    if (digits >= 0) return value
    return integer(rescaleRounded(new Decimal(BigInt(value), 0), digits) * powerOfTen(-digits))
  }
  const factor = 10 ** Math.abs(digits)
  const scaled = digits >= 0 ? value * factor : value / factor
  const rounded = Math.sign(scaled) * Math.round(Math.abs(scaled))
  const result = digits >= 0 ? rounded / factor : rounded * factor
  return Number.isFinite(result) ? result : value
}
