import {
  civilFromDays,
  DAY_MS,
  daysFromCivil,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
} from "../../expression/calendar.ts"
import { type NumberColumn, numberColumn } from "../columns/block-column.ts"

/** 1970-01-01 was a Thursday, three days after a Monday. */
const EPOCH_WEEKDAY = 3

function weekday(days: number): number {
  return (((days + EPOCH_WEEKDAY) % 7) + 7) % 7
}

const widths: Readonly<Record<string, number>> = {
  second: SECOND_MS,
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
}

/** The first instant of the unit that holds an instant, epoch ms. */
function truncated(unit: string, epochMs: number): number {
  const width = widths[unit]
  if (width !== undefined) return Math.floor(epochMs / width) * width
  const days = Math.floor(epochMs / DAY_MS)
  if (unit === "week") return (days - weekday(days)) * DAY_MS
  const { year, month } = civilFromDays(days)
  const first = unit === "year" ? 1 : unit === "quarter" ? month - ((month - 1) % 3) : month
  return daysFromCivil(year, first, 1) * DAY_MS
}

type Part = (epochMs: number) => number

const civil = (epochMs: number) => civilFromDays(Math.floor(epochMs / DAY_MS))

function dayOfYear(epochMs: number): number {
  const days = Math.floor(epochMs / DAY_MS)
  return days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1
}

const parts: Readonly<Record<string, Part>> = {
  year: epochMs => civil(epochMs).year,
  quarter: epochMs => Math.floor((civil(epochMs).month - 1) / 3) + 1,
  month: epochMs => civil(epochMs).month,
  day: epochMs => civil(epochMs).day,
  dayofmonth: epochMs => civil(epochMs).day,
  // Sunday is 0.
  dayofweek: epochMs => (weekday(Math.floor(epochMs / DAY_MS)) + 1) % 7,
  isodow: epochMs => weekday(Math.floor(epochMs / DAY_MS)) + 1,
  dayofyear: dayOfYear,
  hour: epochMs => Math.floor(epochMs / HOUR_MS) - Math.floor(epochMs / DAY_MS) * 24,
  minute: epochMs => Math.floor(epochMs / MINUTE_MS) - Math.floor(epochMs / HOUR_MS) * 60,
}

/** `date_trunc` or a part of a timestamp column, row by row. */
export function instantColumn(fn: string, unit: string | undefined, column: NumberColumn): NumberColumn {
  const part = fn === "date_trunc" ? (epochMs: number) => truncated(unit ?? "", epochMs) : parts[fn]
  if (part === undefined) throw new RangeError(`no function ${fn}`)
  const { values, nulls } = column
  const made = new Float64Array(values.length)
  let last = Number.NaN
  let lastPart = 0
  for (let row = 0; row < made.length; row++) {
    const value = values[row]!
    if (value !== last) {
      last = value
      lastPart = part(value)
    }
    made[row] = lastPart
  }
  return numberColumn(made, nulls)
}
