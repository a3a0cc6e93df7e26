// Patterns for timestamps in text: the letters of Java's DateTimeFormatter that have one fixed width, in UTC.

interface TimePart {
  readonly letter: string
  readonly width: number
}

/** A pattern taken apart: texts stand for themselves. */
export type TimeFormat = readonly (string | TimePart)[]

const WIDTHS: Readonly<Record<string, readonly number[]>> = {
  y: [4],
  M: [2],
  d: [2],
  H: [2],
  m: [2],
  s: [2],
  S: [1, 2, 3, 4, 5, 6, 7, 8, 9],
}
/** Long enough for any timestamp. */
const PATTERN_CHARS_MAX = 60

const TOKEN = /'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+|'/g

export const TIME_FORMAT_EXPECTED =
  "a pattern of yyyy MM dd HH mm ss S, other letters in 'quotes', such as yyyy/MM/dd HH:mm"

/** Takes a pattern apart; a string says what is wrong with it. */
export function parseTimeFormat(pattern: string): TimeFormat | string {
  if (pattern.length > PATTERN_CHARS_MAX) return `is longer than ${PATTERN_CHARS_MAX} characters`
  const parts: (string | TimePart)[] = []
  const letters = new Set<string>()
  for (const [token, quoted, letter] of pattern.matchAll(TOKEN)) {
    if (quoted !== undefined) parts.push(quoted === "" ? "'" : quoted.replaceAll("''", "'"))
    else if (letter === undefined) {
      if (token === "'") return "has a quote that is not closed"
      parts.push(token)
    } else {
      if (WIDTHS[letter]?.includes(token.length) !== true)
        return `has ${token}; expected ${TIME_FORMAT_EXPECTED}`
      if (letters.has(letter)) return `names ${token} twice`
      letters.add(letter)
      parts.push({ letter, width: token.length })
    }
  }
  return letters.has("y") ? parts : `names no year; expected ${TIME_FORMAT_EXPECTED}`
}

/**
 * Makes a reader of timestamps: text → epoch milliseconds, undefined for text that is not exactly of the pattern, names
 * no real moment or one that is finer than a millisecond.
 */
export function timeReader(format: TimeFormat): (text: string) => number | undefined {
  const total = format.reduce((sum, part) => sum + (typeof part === "string" ? part.length : part.width), 0)
  return text => {
    if (text.length !== total) return undefined
    let year = 1970
    let month = 1
    let day = 1
    let ms = 0
    let offset = 0
    for (const part of format) {
      if (typeof part === "string") {
        if (!text.startsWith(part, offset)) return undefined
        offset += part.length
        continue
      }
      const value = digits(text, offset, part.width)
      if (value < 0) return undefined
      offset += part.width
      if (part.letter === "y") year = value
      else if (part.letter === "M") month = value
      else if (part.letter === "d") day = value
      else {
        const unitMs = part.letter === "S" ? 1_000 / 10 ** part.width : (UNIT_MS[part.letter] ?? 0)
        if (value > (HIGHEST[part.letter] ?? Number.POSITIVE_INFINITY)) return undefined
        if (unitMs < 1 && value % (1 / unitMs) !== 0) return undefined
        ms += Math.round(value * unitMs)
      }
    }
    return moment(year, month, day, ms)
  }
}

const HIGHEST: Readonly<Record<string, number>> = { H: 23, m: 59, s: 59 }
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, m: 60_000, s: 1_000 }

function moment(year: number, month: number, day: number, ms: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; the Gregorian calendar repeats after 400 years.
  const shifted = Date.UTC(year + 400, month - 1, day)
  return shifted - GREGORIAN_CYCLE_MS + ms
}

const GREGORIAN_CYCLE_MS = 146_097 * 86_400_000
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysOf(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return (DAYS[month - 1] ?? 0) + (leap ? 1 : 0)
}

function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let index = from; index < from + count; index++) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
