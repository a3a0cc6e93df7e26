import { instantText } from "./calendar.ts"
import { checked, Decimal, decimalText, rescaleRounded } from "./decimal.ts"
import { checkedInstant, parseInstant } from "./instant-text.ts"
import { stringifyExactly } from "./json-text.ts"
import { integer, type Numeric, numeric, toDecimal, toDouble } from "./number.ts"
import { BadValue, kindOf, type SqlType, type Value } from "./value.ts"

/** A cast to a SQL type: rounds where the type says so, fails where the value does not fit. */
export interface Cast {
  readonly type: SqlType
  readonly convert: (value: Value, from: SqlType) => Value
}

const INTEGER_BITS: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  int2: 16n,
  short: 16n,
  int: 32n,
  integer: 32n,
  int4: 32n,
  bigint: 64n,
  int8: 64n,
  long: 64n,
}
const DOUBLES = new Set(["double", "double precision", "float8"])
const FLOATS = new Set(["float", "real", "float4"])
const TEXTS = new Set(["varchar", "text", "string", "char", "bpchar"])
const DECIMALS = new Set(["decimal", "numeric", "dec"])
/** DuckDB's DECIMAL without arguments is DECIMAL(18,3). */
const DECIMAL_DEFAULT: readonly [number, number] = [18, 3]

/** The cast to a type by its SQL name, or undefined when there is none. */
export function castTo(name: string, config: readonly number[] = []): Cast | undefined {
  const bits = INTEGER_BITS[name]
  if (bits !== undefined) return { type: "int", convert: (value, from) => toInteger(value, from, bits) }
  if (DOUBLES.has(name)) return { type: "double", convert: value => toDouble(numeric(value)) }
  if (FLOATS.has(name)) return { type: "double", convert: value => Math.fround(toDouble(numeric(value))) }
  if (TEXTS.has(name)) return { type: "string", convert: textOf }
  if (name === "boolean" || name === "bool") return { type: "boolean", convert: toBoolean }
  if (name === "timestamp") return { type: "timestamp", convert: toInstant }
  if (DECIMALS.has(name)) {
    const [width, scale] = config.length === 0 ? DECIMAL_DEFAULT : [config[0]!, config[1] ?? 0]
    if (!(width >= 1 && width <= 38 && scale >= 0 && scale <= width)) return undefined
    return { type: "decimal", convert: value => toScale(numeric(value), width, scale) }
  }
  return undefined
}

/** Doubles round half to even, decimals and text half away from zero: as in DuckDB. */
function toInteger(value: Value, from: SqlType, bits: bigint): Value {
  const number = numeric(value)
  let whole: bigint
  if (typeof number === "bigint" || Number.isSafeInteger(number)) whole = BigInt(number as number)
  else if (typeof number === "number" && (from === "double" || from === "any")) {
    if (!Number.isFinite(number)) throw new BadValue("number is out of range")
    whole = BigInt(roundHalfEven(number))
  } else whole = rescaleRounded(toDecimal(number), 0)
  if (BigInt.asIntN(Number(bits), whole) !== whole) throw new BadValue("number is out of range")
  return integer(whole)
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

function toScale(value: Numeric, width: number, scale: number): Decimal {
  const unscaled = rescaleRounded(toDecimal(value), scale)
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().length
  if (digits > width) throw new BadValue("number is out of range")
  return checked(new Decimal(unscaled, scale))
}

const TRUE = new Set(["true", "t", "yes", "y", "1"])
const FALSE = new Set(["false", "f", "no", "n", "0"])

/** True, false, or `BadValue`. */
export function toBoolean(value: Value): boolean {
  if (typeof value === "boolean") return value
  if (typeof value === "number" || typeof value === "bigint") return value !== 0 && value !== 0n
  if (value instanceof Decimal) return value.unscaled !== 0n
  if (typeof value === "string") {
    const text = value.toLowerCase()
    if (TRUE.has(text)) return true
    if (FALSE.has(text)) return false
  }
  throw new BadValue(`expected a boolean, got ${kindOf(value)}`)
}

/** Epoch ms of a timestamp, of text that spells one, or of a field's number of milliseconds. */
export function toInstant(value: Value, from: SqlType): number {
  if (typeof value === "string") return parseInstant(value, true)
  if (typeof value === "number" && (from === "timestamp" || from === "any"))
    return checkedInstant(Math.trunc(value))
  throw new BadValue(`expected a timestamp, got ${kindOf(value)}`)
}

/** A value as text, as DuckDB's cast to VARCHAR writes it. */
export function textOf(value: Value, type: SqlType): string {
  if (typeof value === "string") return value
  if (typeof value === "number") {
    if (type === "timestamp") return instantText(value)
    return type !== "double" && Number.isSafeInteger(value) ? String(value) : doubleText(value)
  }
  if (typeof value === "bigint" || typeof value === "boolean") return String(value)
  return value instanceof Decimal ? decimalText(value) : stringifyExactly(value)
}

/** Shortest digits that read back as the same double, in DuckDB's layout: `1.0`, `1e-05`, `1e+16`. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf"
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0"
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e")
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0")
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${size}`
  }
  const sign = value < 0 ? "-" : ""
  const digits = mantissa.replace(/[-.]/g, "")
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0")
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`
}
