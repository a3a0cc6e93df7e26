const ZERO = 48
const MINUS = 45
const POINT = 46
/** Digits that are written with 32-bit arithmetic. */
const BILLION = 1_000_000_000
const BILLION_DIGITS = 9

/** What a number's text takes at most; JavaScript's longest has 25 characters. */
export const NUMBER_BYTES_MAX = 32

/** Numbers with at most so many digits behind the point are written by way of an integer. */
const DECIMALS = 4
const DECIMAL_SCALE = 10 ** DECIMALS
/** So that the integer has at most 15 digits: decimals of so many, and doubles, tell each other. */
const DECIMAL_BELOW = 1e15 / DECIMAL_SCALE
/** Smaller numbers have a form of their own. */
const DECIMAL_MIN = 1e-4

/** Writes a number as JSON does and returns the index after it. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  if (Number.isSafeInteger(value)) return writeInteger(bytes, at, value)
  const magnitude = Math.abs(value)
  if (magnitude >= DECIMAL_MIN && magnitude < DECIMAL_BELOW) {
    let scaled = Math.round(magnitude * DECIMAL_SCALE)
    // The nearest double to a decimal of at most 15 digits, and so to no other one: without its zeros it is the shortest.
    if (scaled / DECIMAL_SCALE === magnitude) {
      let scale = DECIMAL_SCALE
      let decimals = DECIMALS
      while (scaled % 10 === 0) {
        scaled /= 10
        scale /= 10
        decimals--
      }
      return writeDecimal(bytes, at, value < 0, scaled, scale, decimals)
    }
  }
  return writeAscii(bytes, at, Number.isFinite(value) ? String(value) : "null")
}

/** Writes a short text of ASCII and returns the index after it. */
export function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  let to = at
  for (let index = 0; index < text.length; index++) bytes[to++] = text.charCodeAt(index)
  return to
}

function writeDecimal(
  bytes: Uint8Array,
  at: number,
  isNegative: boolean,
  scaled: number,
  scale: number,
  decimals: number,
): number {
  let to = at
  if (isNegative) bytes[to++] = MINUS
  const whole = Math.floor(scaled / scale)
  to = writeInteger(bytes, to, whole)
  bytes[to++] = POINT
  return digits(bytes, to, (scaled - whole * scale) | 0, decimals)
}

/** Writes a safe integer in decimal and returns the index after it. −0 is 0. */
function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  let from = at
  let rest = value
  if (value < 0) {
    bytes[from++] = MINUS
    rest = -value
  }
  if (rest < BILLION) return digits(bytes, from, rest | 0, 1)
  const high = Math.floor(rest / BILLION)
  return digits(bytes, digits(bytes, from, high | 0, 1), (rest - high * BILLION) | 0, BILLION_DIGITS)
}

/** @param value from 0 to 2^31 − 1 @param least digits, with zeros in front */
function digits(bytes: Uint8Array, at: number, value: number, least: number): number {
  let count = 1
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) count++
  if (count < least) count = least
  let rest = value
  for (let place = at + count - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0
    bytes[place] = ZERO + (rest - 10 * tenth)
    rest = tenth
  }
  return at + count
}
