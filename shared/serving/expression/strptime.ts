import { instant } from "./calendar.ts"
import { checkedInstant, offsetMs } from "./instant-text.ts"
import { BadValue } from "./value.ts"

/** Reads text by a pattern as epoch ms; throws `BadValue` when it does not match. */
export type InstantReader = (text: string) => number

/** What a pattern may hold: the name of a part and how its digits look. */
const PARTS: Readonly<Record<string, readonly [part: string, digits: string]>> = {
  Y: ["year", "\\d{1,4}"],
  y: ["shortYear", "\\d{1,2}"],
  m: ["month", "\\d{1,2}"],
  "-m": ["month", "\\d{1,2}"],
  d: ["day", "\\d{1,2}"],
  "-d": ["day", "\\d{1,2}"],
  H: ["hour", "\\d{1,2}"],
  "-H": ["hour", "\\d{1,2}"],
  I: ["halfHour", "\\d{1,2}"],
  p: ["half", "[AaPp][Mm]"],
  M: ["minute", "\\d{1,2}"],
  "-M": ["minute", "\\d{1,2}"],
  S: ["second", "\\d{1,2}"],
  "-S": ["second", "\\d{1,2}"],
  g: ["millisecond", "\\d{1,3}"],
  f: ["fraction", "\\d{1,9}"],
  j: ["dayOfYear", "\\d{1,3}"],
  z: ["offset", "Z|[+-]\\d{2}(?::?\\d{2})?"],
  b: ["monthName", "[A-Za-z]{3}"],
}
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

/** Compiles a strptime pattern; a string names the specifier that is not known. */
export function strptimeReader(pattern: string): InstantReader | { readonly unknown: string } {
  let source = ""
  const seen = new Set<string>()
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!
    if (char !== "%") {
      source += char.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
      continue
    }
    i += 1
    if (pattern[i] === "%") {
      source += "%"
      continue
    }
    const specifier = pattern[i] === "-" ? `-${pattern[++i] ?? ""}` : (pattern[i] ?? "")
    const part = PARTS[specifier]
    if (part === undefined || seen.has(part[0])) return { unknown: `%${specifier}` }
    seen.add(part[0])
    source += `(?<${part[0]}>${part[1]})`
  }
  const expression = new RegExp(`^\\s*${source}\\s*$`)
  return text => {
    const parts = expression.exec(text)?.groups
    if (parts === undefined && !expression.test(text)) throw new BadValue("text does not match its format")
    return instantOfParts(parts ?? {})
  }
}

function instantOfParts(parts: Readonly<Record<string, string>>): number {
  const part = (name: string, otherwise: number) =>
    parts[name] === undefined ? otherwise : Number(parts[name])
  const short = part("shortYear", 0)
  const year =
    parts.year === undefined && parts.shortYear !== undefined
      ? short + (short < 69 ? 2000 : 1900)
      : part("year", 1900)
  const month =
    parts.monthName === undefined ? part("month", 1) : MONTHS.indexOf(parts.monthName.toLowerCase()) + 1
  let hour = part("hour", 0)
  if (parts.halfHour !== undefined) {
    const half = Number(parts.halfHour)
    hour = half < 1 || half > 12 ? 99 : (half % 12) + (/p/i.test(parts.half ?? "") ? 12 : 0)
  }
  const fraction = (parts.fraction ?? "").padEnd(3, "0").slice(0, 3)
  const millisecond = parts.fraction === undefined ? part("millisecond", 0) : Number(fraction)
  const dayOfYear = part("dayOfYear", 1)
  const day = parts.dayOfYear === undefined ? part("day", 1) : 1
  const local = instant(year, month, day, hour, part("minute", 0), part("second", 0), millisecond)
  if (Number.isNaN(local) || dayOfYear < 1 || dayOfYear > 366)
    throw new BadValue("text does not match its format")
  return checkedInstant(local + (dayOfYear - 1) * 86_400_000 - offsetMs(parts.offset))
}
