import { ProcessingError } from "../errors.ts"

/**
 * A time that a record or a user's function gave, in whole epoch ms.
 * @param expected what would have been right, for the error
 * Throws `ProcessingError` `bad_timestamp`.
 */
export function checkedTimestamp(
  time: unknown,
  field = "timestamp",
  expected = "epoch milliseconds",
): number {
  if (typeof time === "number" && Number.isFinite(time)) return Math.floor(time)
  throw new ProcessingError("bad_timestamp", `${field}: expected ${expected}, got ${String(time)}`)
}
