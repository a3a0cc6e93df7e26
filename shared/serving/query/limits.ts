import type { QueryLimits } from "../types.ts"

/** Pinot's default too (`brokerTimeoutMs`). */
export const DEADLINE_MS_DEFAULT = 10_000

/** The longest that a request may ask for: what outlives it would hold a child of a few. */
export const DEADLINE_MS_MAX = 60_000

/** Replies are at most 4 MB, on every carrier; the fields around the rows take less than 64 KB of it. */
export const RESULT_BYTES_MAX = 4 * 1024 ** 2 - 64 * 1024

/** With two short columns a row takes some forty bytes of the four megabytes. */
export const ROWS_MAX = 100_000

/**
 * Of an answer that is kept for a cursor: what a child holds of it in memory, as values, is a few times as much, and a
 * child may hold 256 MB.
 */
export const LARGE_RESULT_BYTES_MAX = 32 * 1024 ** 2
export const LARGE_ROWS_MAX = 500_000

export const LIMITS_DEFAULT: QueryLimits = {
  deadlineMs: DEADLINE_MS_DEFAULT,
  rowsMax: ROWS_MAX,
  resultBytesMax: RESULT_BYTES_MAX,
}
