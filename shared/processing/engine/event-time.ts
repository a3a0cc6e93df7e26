import { checkedTimestamp } from "../time/checked-timestamp.ts"

const EXPECTED = "epoch milliseconds or ISO 8601 text"

/** How a source finds a record's time, epoch ms: a function, a field, or the log's own timestamp. */
export type TimestampReader = (record: unknown, logTimestamp: number) => number

export function timestampReader(
  select: ((record: unknown) => unknown) | undefined,
  field: string | undefined,
): TimestampReader {
  if (select !== undefined) return record => checkedTimestamp(select(record), "timestamp", EXPECTED)
  if (field !== undefined)
    return record => fieldTime((record as Record<string, unknown> | null)?.[field], field)
  return (_record, logTimestamp) => logTimestamp
}

function fieldTime(value: unknown, field: string): number {
  return checkedTimestamp(typeof value === "string" ? Date.parse(value) : value, field, EXPECTED)
}
