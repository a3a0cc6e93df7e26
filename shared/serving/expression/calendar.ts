/** Proleptic Gregorian calendar, UTC, as arithmetic: no Date object, no time zone, any year. */

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** The range of an ECMAScript date, ± 100 million days; DuckDB's timestamps reach a little further. */
export const INSTANT_MS_MAX = 8_640_000_000_000_000

export interface CivilDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

export function daysInMonth(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return leap ? 29 : (MONTH_DAYS[month - 1] ?? 0)
}

/** Days since 1970-01-01. Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The inverse of `daysFromCivil`; same source, civil_from_days. */
export function civilFromDays(days: number): CivilDate {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 }
}

/** The instant of a UTC date and time, epoch ms; NaN when a part is out of its range. */
export function instant(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millisecond: number,
): number {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return Number.NaN
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN
  const time = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + millisecond
  return daysFromCivil(year, month, day) * DAY_MS + time
}

/** `2020-01-02 03:04:05.006`, as DuckDB prints a TIMESTAMP. */
export function instantText(epochMs: number): string {
  const days = Math.floor(epochMs / DAY_MS)
  const { year, month, day } = civilFromDays(days)
  let rest = epochMs - days * DAY_MS
  const hour = Math.floor(rest / HOUR_MS)
  rest -= hour * HOUR_MS
  const minute = Math.floor(rest / MINUTE_MS)
  rest -= minute * MINUTE_MS
  const second = Math.floor(rest / SECOND_MS)
  const millisecond = rest - second * SECOND_MS
  const fraction = millisecond === 0 ? "" : `.${pad(millisecond, 3).replace(/0+$/, "")}`
  const yearText = year > 0 ? pad(year, 4) : pad(1 - year, 4)
  const era = year > 0 ? "" : " (BC)"
  return `${yearText}-${pad(month, 2)}-${pad(day, 2)}${era} ${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${fraction}`
}

export function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0")
}
