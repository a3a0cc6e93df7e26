import { isUtf8 } from "node:buffer"
import { parseDecimal } from "../expression/decimal.ts"
import { BadValue, type JsonObject, type Value } from "../expression/value.ts"

/** A double holds any number of 15 significant digits; longer ones are read digit by digit. */
const SAFE_DIGITS = 15
/** Longer numbers are refused: reading one takes time that grows with the square of its length. */
const NUMBER_CHARS_MAX = 400

/**
 * Reads a record's value, a JSON object, exactly: numbers that a double does not hold become bigints or decimals. Of
 * repeated keys the last counts. Throws `BadValue` for anything else than an object.
 */
export function parseRecord(buffer: Buffer, start: number, end: number): JsonObject {
  const text = buffer.toString("utf8", start, end)
  // Decoding puts U+FFFD in the place of bytes that are not UTF-8, but a text may hold that character itself.
  if (text.includes("\ufffd") && !isUtf8(buffer.subarray(start, end)))
    throw new BadValue("value is not UTF-8")
  let value: Value
  try {
    value = parseValue(text, buffer, start, end)
  } catch (error) {
    if (error instanceof BadValue) throw error
    throw new BadValue("value is not JSON")
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new BadValue("value is not a JSON object")
  }
  return value as JsonObject
}

/**
 * Any JSON value, its numbers exact. Throws `SyntaxError`, and `BadValue` for a number that is too long.
 * @param text what `buffer` holds from `start` to `end`
 */
export function parseValue(text: string, buffer: Uint8Array, start: number, end: number): Value {
  return hasLongNumber(buffer, start, end) ? parseExactly(text) : JSON.parse(text)
}

const ZERO = 0x30
const NINE = 0x39
const POINT = 0x2e
const QUOTE = 0x22

const inNumber = (byte: number) => (byte >= ZERO && byte <= NINE) || byte === POINT

/**
 * Whether a number may have more than 15 digits. A run of 16 digits and points covers every sixteenth byte of some
 * step, so that only those are looked at. A run right after a quotation mark is the start of a string.
 */
export function hasLongNumber(buffer: Uint8Array, start: number, end: number): boolean {
  for (let at = start + SAFE_DIGITS; at < end; at += SAFE_DIGITS + 1) {
    if (!inNumber(buffer[at]!)) continue
    let first = at
    while (first > start && inNumber(buffer[first - 1]!)) first--
    let last = at
    while (last + 1 < end && inNumber(buffer[last + 1]!)) last++
    if (last - first + 1 > SAFE_DIGITS && buffer[first - 1] !== QUOTE) return true
    at = last - SAFE_DIGITS
  }
  return false
}

/** The third argument of a reviver, the value's source text, is ECMAScript 2026 and not yet in the library's types. */
type SourceReviver = (key: string, value: Value, context: { readonly source?: string }) => Value
const parseExactly = (text: string): Value =>
  (JSON.parse as (text: string, reviver: SourceReviver) => Value)(text, exactNumber)

function exactNumber(_key: string, value: Value, context: { readonly source?: string }): Value {
  if (typeof value !== "number") return value
  const source = context.source
  if (source === undefined || source.length <= SAFE_DIGITS) return value
  if (source.length > NUMBER_CHARS_MAX) throw new BadValue("number is out of range")
  if (Number.isSafeInteger(value) && String(value) === source) return value
  const decimal = parseDecimal(source)
  if (decimal === undefined) throw new BadValue("number is out of range")
  if (decimal.scale > 0) return decimal
  const narrow = Number(decimal.unscaled)
  return Number.isSafeInteger(narrow) ? narrow : decimal.unscaled
}
