import type { QueryLimits } from "../types.ts"

/** Pinot's default too (`brokerTimeoutMs`). */
export const deadlineMsDefault = 10_000

/** The longest that a request may ask for: what outlives it would hold a child of a few. */
export const deadlineMsMax = 60_000

/** Replies are at most 4 MB, on every carrier; the fields around the rows take less than 64 KB of it. */
export const resultBytesMax = 4 * 1024 ** 2 - 64 * 1024

/** With two short columns a row takes some forty bytes of the four megabytes. */
export const rowsMax = 100_000

export const limitsDefault: QueryLimits = { deadlineMs: deadlineMsDefault, rowsMax, resultBytesMax }
