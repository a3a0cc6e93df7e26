import { instant } from "../expression/calendar.ts"
import { checkedInstant, offsetMs } from "../expression/instant-text.ts"
import { BadValue } from "../expression/value.ts"

/** A step of a pattern: digits of a part, a literal, or an offset from UTC. */
type Step =
  | { readonly part: number; readonly digits: number; readonly exact: boolean }
  | { readonly literal: string }
  | { readonly offset: true }

const YEAR = 0
const MONTH = 1
const DAY = 2
const HOUR = 3
const MINUTE = 4
const SECOND = 5
const MILLISECOND = 6
const PARTS: Readonly<Record<string, number>> = {
  y: YEAR,
  u: YEAR,
  M: MONTH,
  d: DAY,
  H: HOUR,
  m: MINUTE,
  s: SECOND,
  S: MILLISECOND,
}
/** How often a letter may stand: `yyyy`, `MM` or `M`, `SSS` … */
const LENGTHS: Readonly<Record<string, readonly number[]>> = {
  y: [4],
  u: [4],
  M: [1, 2],
  d: [1, 2],
  H: [1, 2],
  m: [1, 2],
  s: [1, 2],
  S: [1, 2, 3],
}

/** Reads text as epoch ms; throws `BadValue` when it does not match the pattern. */
export type InstantReader = (text: string) => number

/**
 * Compiles a pattern of `yyyy MM dd HH mm ss SSS`, `XXX` (an offset) and literals, letters among them in quotes, such
 * as `yyyy-MM-dd'T'HH:mm`. What the pattern does not name is its least value; without an offset the text is UTC.
 * A string says what is wrong with the pattern.
 */
export function patternReader(pattern: string): InstantReader | string {
  const steps: Step[] = []
  const fault = readSteps(pattern, steps)
  if (fault !== undefined) return fault
  return text => read(steps, text)
}

function readSteps(pattern: string, steps: Step[]): string | undefined {
  const seen = new Set<number>()
  for (let at = 0; at < pattern.length; ) {
    const letter = pattern[at]!
    if (letter === "'") {
      const close = pattern.indexOf("'", at + 1)
      if (close < 0) return "a quotation mark is not closed"
      steps.push({ literal: close === at + 1 ? "'" : pattern.slice(at + 1, close) })
      at = close + 1
      continue
    }
    let end = at + 1
    while (pattern[end] === letter) end++
    const run = pattern.slice(at, end)
    const part = PARTS[letter]
    if (letter === "X" || letter === "Z") steps.push({ offset: true })
    else if (part !== undefined) {
      if (!LENGTHS[letter]?.includes(run.length)) return `there is no '${run}'`
      if (seen.has(part)) return `'${run}' stands twice`
      seen.add(part)
      const next = pattern[end]
      // A single letter takes one or two digits, unless another part follows at once.
      const exact = run.length > 1 || letter === "S" || (next !== undefined && next in PARTS)
      steps.push({ part, digits: run.length > 1 ? run.length : letter === "S" || exact ? 1 : 2, exact })
    } else if (/[A-Za-z]/.test(letter)) return `there is no '${run}'`
    else steps.push({ literal: run })
    at = end
  }
  return seen.has(YEAR) ? undefined : "'yyyy' is missing"
}

const mismatch = () => new BadValue("text does not match its format")

function read(steps: readonly Step[], text: string): number {
  const parts = [1970, 1, 1, 0, 0, 0, 0]
  let offset = 0
  let at = 0
  for (const step of steps) {
    if ("literal" in step) {
      if (!text.startsWith(step.literal, at)) throw mismatch()
      at += step.literal.length
    } else if ("offset" in step) {
      const match = /^(?:Z|[+-]\d{2}:?(?:\d{2})?)/.exec(text.slice(at))
      if (match === null) throw mismatch()
      offset = offsetMs(match[0])
      at += match[0].length
    } else {
      let value = 0
      let digits = 0
      for (; digits < step.digits; digits++) {
        const digit = text.charCodeAt(at + digits) - 48
        if (!(digit >= 0 && digit <= 9)) break
        value = value * 10 + digit
      }
      if (digits === 0 || (step.exact && digits < step.digits)) throw mismatch()
      parts[step.part] = step.part === MILLISECOND ? value * 10 ** (3 - digits) : value
      at += digits
    }
  }
  if (at !== text.length) throw mismatch()
  const [year, month, day, hour, minute, second, millisecond] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const local = instant(year, month, day, hour, minute, second, millisecond)
  if (Number.isNaN(local - offset)) throw mismatch()
  return checkedInstant(local - offset)
}
