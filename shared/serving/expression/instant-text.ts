import { INSTANT_MS_MAX, instant, MINUTE_MS } from "./calendar.ts"
import { BadValue } from "./value.ts"

const ISO =
  /^([+-]?\d{4,6})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$/

/**
 * Reads ISO 8601 text as epoch milliseconds; text without an offset is UTC. Throws `BadValue` for anything else, and,
 * unless `truncate`, for digits beyond the millisecond that are not zero.
 */
export function parseInstant(text: string, truncate = false): number {
  const match = ISO.exec(text)
  if (match === null) throw new BadValue("text is not a timestamp")
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", offset] = match
  const padded = fraction.padEnd(9, "0")
  if (!truncate && Number(padded.slice(3)) !== 0) throw new BadValue("timestamp is finer than a millisecond")
  const local = instant(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(padded.slice(0, 3)),
  )
  if (Number.isNaN(local)) throw new BadValue("text is not a timestamp")
  return checkedInstant(local - offsetMs(offset))
}

/** Throws `BadValue` for instants that no timestamp column holds. */
export function checkedInstant(epochMs: number): number {
  if (!(Math.abs(epochMs) <= INSTANT_MS_MAX)) throw new BadValue("timestamp is out of range")
  return epochMs
}

/** Milliseconds east of UTC of `Z`, `+02`, `+0200` or `+02:00`; NaN when no such offset exists. */
export function offsetMs(offset: string | undefined): number {
  if (offset === undefined || /^(z|utc)$/i.test(offset)) return 0
  const digits = offset.slice(1).replace(":", "")
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2) || "0")
  if (hours > 15 || minutes > 59) return Number.NaN
  return (offset[0] === "-" ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS
}
