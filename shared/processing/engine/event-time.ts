import { ProcessingError } from "../errors.ts"

/** How a source finds a record's time, epoch ms: a function, a field, or the log's own timestamp. */
export type TimestampReader = (record: unknown, logTimestamp: number) => number

export function timestampReader(
  select: ((record: unknown) => unknown) | undefined,
  field: string | undefined,
): TimestampReader {
  if (select !== undefined) return record => checked(select(record), "timestamp")
  if (field !== undefined)
    return record => fieldTime((record as Record<string, unknown> | null)?.[field], field)
  return (_record, logTimestamp) => logTimestamp
}

function fieldTime(value: unknown, field: string): number {
  return checked(typeof value === "string" ? Date.parse(value) : value, field)
}

function checked(time: unknown, field: string): number {
  if (typeof time === "number" && Number.isFinite(time)) return Math.floor(time)
  throw new ProcessingError(
    "bad_timestamp",
    `${field}: expected epoch milliseconds or ISO 8601 text, got ${String(time)}`,
  )
}
