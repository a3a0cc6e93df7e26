import { civilFromDays, DAY_MS, daysFromCivil, HOUR_MS, MINUTE_MS, SECOND_MS } from "./calendar.ts"

/** Truncates an instant to the start of a unit, UTC. */
export type Truncate = (epochMs: number) => number
/** A part of an instant, UTC. */
export type Extract = (epochMs: number) => number

const toMultiple =
  (unitMs: number): Truncate =>
  epochMs =>
    Math.floor(epochMs / unitMs) * unitMs

const dayOf = (epochMs: number) => Math.floor(epochMs / DAY_MS)
const civil = (epochMs: number) => civilFromDays(dayOf(epochMs))

/** 0 is Monday: 1970-01-01 was a Thursday. */
const weekdayFromMonday = (epochMs: number) => (((dayOf(epochMs) + 3) % 7) + 7) % 7

const toYears =
  (years: number, first: number): Truncate =>
  epochMs => {
    const { year } = civil(epochMs)
    return daysFromCivil(Math.floor((year - first) / years) * years + first, 1, 1) * DAY_MS
  }

const TRUNCATES: Readonly<Record<string, Truncate>> = {
  millisecond: toMultiple(1),
  second: toMultiple(SECOND_MS),
  minute: toMultiple(MINUTE_MS),
  hour: toMultiple(HOUR_MS),
  day: toMultiple(DAY_MS),
  week: epochMs => (dayOf(epochMs) - weekdayFromMonday(epochMs)) * DAY_MS,
  month: epochMs => {
    const { year, month } = civil(epochMs)
    return daysFromCivil(year, month, 1) * DAY_MS
  },
  quarter: epochMs => {
    const { year, month } = civil(epochMs)
    return daysFromCivil(year, month - ((month - 1) % 3), 1) * DAY_MS
  },
  year: toYears(1, 0),
  decade: toYears(10, 0),
  century: toYears(100, 0),
}

const timeOfDay = (epochMs: number) => epochMs - dayOf(epochMs) * DAY_MS

const EXTRACTS: Readonly<Record<string, Extract>> = {
  year: epochMs => civil(epochMs).year,
  quarter: epochMs => Math.floor((civil(epochMs).month + 2) / 3),
  month: epochMs => civil(epochMs).month,
  week: isoWeek,
  day: epochMs => civil(epochMs).day,
  dow: epochMs => (weekdayFromMonday(epochMs) + 1) % 7,
  isodow: epochMs => weekdayFromMonday(epochMs) + 1,
  doy: epochMs => dayOf(epochMs) - daysFromCivil(civil(epochMs).year, 1, 1) + 1,
  hour: epochMs => Math.floor(timeOfDay(epochMs) / HOUR_MS),
  minute: epochMs => Math.floor(timeOfDay(epochMs) / MINUTE_MS) % 60,
  second: epochMs => Math.floor(timeOfDay(epochMs) / SECOND_MS) % 60,
  millisecond: epochMs => timeOfDay(epochMs) % MINUTE_MS,
  epoch: epochMs => epochMs / SECOND_MS,
}

/** ISO 8601's week: the one that holds the Thursday of these days. */
function isoWeek(epochMs: number): number {
  const thursday = dayOf(epochMs) - weekdayFromMonday(epochMs) + 3
  const { year } = civilFromDays(thursday)
  return Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1
}

const ALIASES: Readonly<Record<string, string>> = {
  milliseconds: "millisecond",
  ms: "millisecond",
  seconds: "second",
  minutes: "minute",
  hours: "hour",
  days: "day",
  weeks: "week",
  months: "month",
  quarters: "quarter",
  years: "year",
  dayofweek: "dow",
  dayofyear: "doy",
  weekday: "dow",
}

const resolve = (unit: string) => ALIASES[unit.toLowerCase()] ?? unit.toLowerCase()

export function truncateTo(unit: string): Truncate | undefined {
  const name = resolve(unit)
  return Object.hasOwn(TRUNCATES, name) ? TRUNCATES[name] : undefined
}

export function extractPart(unit: string): Extract | undefined {
  const name = resolve(unit)
  return Object.hasOwn(EXTRACTS, name) ? EXTRACTS[name] : undefined
}
