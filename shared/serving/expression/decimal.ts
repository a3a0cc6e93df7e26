import { BadValue } from "./value.ts"

/** An exact decimal number: `unscaled` / 10^`scale`. */
export class Decimal {
  readonly unscaled: bigint
  readonly scale: number

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled
    this.scale = scale
  }
}

/** DuckDB's widest DECIMAL: more digits are an error, never rounded. */
export const DECIMAL_DIGITS_MAX = 38
/** Keeps `1e999999999` from becoming a gigabyte of digits. */
const EXPONENT_MAX = 400

const POWERS = Array.from({ length: 77 }, (_, power) => 10n ** BigInt(power))
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

export function powerOfTen(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent)
}

/** Reads decimal text exactly; undefined when it is no number or its exponent is absurd. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text)
  if (match === null) return undefined
  const [, sign, whole = "", fraction = "", exponentText = "0"] = match
  if (whole === "" && fraction === "") return undefined
  const exponent = Number(exponentText)
  if (Math.abs(exponent) > EXPONENT_MAX || fraction.length > EXPONENT_MAX) return undefined
  let unscaled = BigInt(`${whole}${fraction}`)
  if (sign === "-") unscaled = -unscaled
  const scale = fraction.length - exponent
  return scale >= 0 ? new Decimal(unscaled, scale) : new Decimal(unscaled * powerOfTen(-scale), 0)
}

/** The decimal that a number's shortest text says: for 15 significant digits, what its source said. */
export function decimalOfNumber(value: number): Decimal {
  const decimal = Number.isSafeInteger(value) ? new Decimal(BigInt(value), 0) : parseDecimal(String(value))
  if (decimal === undefined) throw new BadValue("number is out of range")
  return decimal
}

/** The same number with another scale; undefined when digits would be lost. */
export function rescaleExactly(value: Decimal, scale: number): bigint | undefined {
  if (scale >= value.scale) return value.unscaled * powerOfTen(scale - value.scale)
  const divisor = powerOfTen(value.scale - scale)
  return value.unscaled % divisor === 0n ? value.unscaled / divisor : undefined
}

/** The same number with another scale, rounded half away from zero, as DuckDB does. */
export function rescaleRounded(value: Decimal, scale: number): bigint {
  if (scale >= value.scale) return value.unscaled * powerOfTen(scale - value.scale)
  const divisor = powerOfTen(value.scale - scale)
  const half = divisor / 2n
  return (value.unscaled + (value.unscaled < 0n ? -half : half)) / divisor
}

/** Throws `BadValue` beyond 38 digits. */
export function checked(value: Decimal): Decimal {
  const limit = powerOfTen(DECIMAL_DIGITS_MAX)
  if (value.unscaled >= limit || value.unscaled <= -limit) throw new BadValue("number is out of range")
  return value
}

export function decimalToNumber(value: Decimal): number {
  return Number(decimalText(value))
}

export function decimalText({ unscaled, scale }: Decimal): string {
  if (scale === 0) return unscaled.toString()
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0")
  const sign = unscaled < 0n ? "-" : ""
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Negative, zero or positive, like a subtraction. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  const scale = Math.max(left.scale, right.scale)
  const a = left.unscaled * powerOfTen(scale - left.scale)
  const b = right.unscaled * powerOfTen(scale - right.scale)
  return a < b ? -1 : a > b ? 1 : 0
}
