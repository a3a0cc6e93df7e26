/** A length of time as an app file writes it: `500ms`, `5s`, `1m`, `1h`, `7d`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const PATTERN = /^(\d{1,15})(ms|s|m|h|d)$/

export const DURATION_EXPECTED = 'a duration such as "5s", "1m", "1h" or "7d"'

/** Milliseconds; undefined for anything but a whole number above zero with a unit. */
export function durationMs(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const ms = Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? 0)
  return ms > 0 && Number.isSafeInteger(ms) ? ms : undefined
}
