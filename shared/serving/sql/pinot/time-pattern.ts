// Patterns of Joda-Time as DuckDB's strftime and strptime take them.

/** By letter and width; 0 is any other width. */
const SPECIFIERS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  y: { 0: "%Y", 2: "%y" },
  Y: { 0: "%Y", 2: "%y" },
  u: { 0: "%Y" },
  x: { 0: "%G" },
  w: { 2: "%V" },
  M: { 1: "%-m", 2: "%m", 3: "%b", 4: "%B" },
  d: { 1: "%-d", 2: "%d" },
  D: { 1: "%-j", 3: "%j" },
  e: { 1: "%u" },
  E: { 1: "%a", 2: "%a", 3: "%a", 4: "%A" },
  a: { 0: "%p" },
  H: { 1: "%-H", 2: "%H" },
  h: { 1: "%-I", 2: "%I" },
  m: { 1: "%-M", 2: "%M" },
  s: { 1: "%-S", 2: "%S" },
  S: { 3: "%g", 6: "%f", 9: "%n" },
}

/** Of an offset in UTC, by width. */
const UTC_OFFSETS: Readonly<Record<number, string>> = { 1: "+0000", 2: "+00:00" }

const TOKEN = /'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+|'/g

function literal(text: string): string {
  return text.replaceAll("%", "%%")
}

/** What is to become of a pattern: text that is read, or text that is written of an instant in UTC or elsewhere. */
export type PatternUse = "read" | "write-utc" | "write-local"

function zone(token: string, use: PatternUse): string | undefined {
  if (token.startsWith("z")) return use === "write-utc" ? "UTC" : use === "read" ? "%Z" : undefined
  if (use === "read") return "%z"
  return use === "write-utc" ? UTC_OFFSETS[token.length] : undefined
}

/** A pattern in DuckDB's form; `{ fault }` names the letters that DuckDB has nothing for. */
export function strftimePattern(pattern: string, use: PatternUse): string | { readonly fault: string } {
  let made = ""
  for (const [token, quoted, letter] of pattern.matchAll(TOKEN)) {
    if (quoted !== undefined) made += quoted === "" ? "'" : literal(quoted.replaceAll("''", "'"))
    else if (letter === undefined) {
      if (token === "'") return { fault: "a quote that is not closed" }
      made += literal(token)
    } else {
      const specifiers = SPECIFIERS[letter]
      const specifier = /[zZ]/.test(letter)
        ? zone(token, use)
        : (specifiers?.[token.length] ?? specifiers?.[0])
      if (specifier === undefined) return { fault: token }
      made += specifier
    }
  }
  return made
}

/** How a column holds an instant: Pinot's `1:DAYS:SIMPLE_DATE_FORMAT:yyyy-MM-dd`, `EPOCH|HOURS|6` and the like. */
export type TimeForm =
  | { readonly kind: "epoch"; readonly unit: TimeUnit; readonly size: number }
  | { readonly kind: "text"; readonly pattern: string; readonly zone: string }
  | { readonly kind: "timestamp" }

export type TimeUnit =
  | "NANOSECONDS"
  | "MICROSECONDS"
  | "MILLISECONDS"
  | "SECONDS"
  | "MINUTES"
  | "HOURS"
  | "DAYS"

/** Nanoseconds, exact. */
export const UNIT_NANOS: Readonly<Record<TimeUnit, bigint>> = {
  NANOSECONDS: 1n,
  MICROSECONDS: 1_000n,
  MILLISECONDS: 1_000_000n,
  SECONDS: 1_000_000_000n,
  MINUTES: 60_000_000_000n,
  HOURS: 3_600_000_000_000n,
  DAYS: 86_400_000_000_000n,
}

export function timeUnit(text: string | undefined): TimeUnit | undefined {
  const unit = text?.trim().toUpperCase()
  return unit !== undefined && unit in UNIT_NANOS ? (unit as TimeUnit) : undefined
}

function size(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*[1-9]\d{0,8}\s*$/.test(text) ? Number(text) : undefined
}

const TZ = /^(.*?)\s*tz\(([^)]*)\)\s*$/s

function textForm(pattern: string, zone: string | undefined): TimeForm {
  const [, bare, named] = TZ.exec(pattern) ?? []
  return { kind: "text", pattern: bare ?? pattern, zone: named?.trim() || zone?.trim() || "UTC" }
}

function pipeForm(text: string): TimeForm | undefined {
  const [kind = "", second, third] = text.split("|")
  if (kind === "TIMESTAMP") return { kind: "timestamp" }
  if (kind === "SIMPLE_DATE_FORMAT") return textForm(second ?? "yyyy-MM-dd HH:mm:ss", third)
  const unit = timeUnit(second ?? "MILLISECONDS")
  const count = size(third ?? "1")
  if (kind !== "EPOCH" || unit === undefined || count === undefined) return undefined
  return { kind: "epoch", unit, size: count }
}

/** Undefined: not a format that Pinot knows. */
export function timeForm(text: string): TimeForm | undefined {
  const colon = /^\s*(\d+):([A-Za-z]+):([A-Za-z_]+)(?::(.*))?$/s.exec(text)
  if (colon === null) return pipeForm(text.trim())
  const [, count, unitText, kind, pattern] = colon
  if (kind === "SIMPLE_DATE_FORMAT") return pattern === undefined ? undefined : textForm(pattern, undefined)
  if (kind === "TIMESTAMP") return { kind: "timestamp" }
  const unit = timeUnit(unitText)
  const units = size(count)
  return kind === "EPOCH" && unit !== undefined && units !== undefined
    ? { kind: "epoch", unit, size: units }
    : undefined
}

/** `15:MINUTES` or `MINUTES|15`; undefined: neither. */
export function granularity(text: string): { readonly unit: TimeUnit; readonly size: number } | undefined {
  const [first, second] = text.includes("|") ? text.split("|").reverse() : text.split(":")
  const unit = timeUnit(second)
  const count = size(first)
  return unit === undefined || count === undefined ? undefined : { unit, size: count }
}
