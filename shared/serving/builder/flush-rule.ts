/** What speaks for and against making a segment of a tail now. */
export interface TailMeasure {
  readonly records: number
  /** Bytes of keys and values. */
  readonly decodedBytes: number
  /** Commit slots that a cold reader would have to read. */
  readonly slots: number
  /** Flush objects likewise; 0 where slots hold their payloads or nobody counts. */
  readonly walObjects: number
  /** Store time since the position last moved, ms. */
  readonly ageMs: number
  /** Dollars that queries paid to read this tail. */
  readonly queryCost: number
}

/** What a query may have to read of a tail; a segment is made at half of any. */
export const TAIL_LIMITS = { records: 25_000, decodedBytes: 4 * 1024 * 1024, walObjects: 64, slots: 2_000 }
/** Each second a flush would cost over a hundred dollars a partition and month, and the tail is fresh anyway. */
export const FLUSH_AGE_MS = 6 * 3_600_000
/** Six to eight puts. */
export const FLUSH_COST = 0.000_05

/** Whether to make a segment now. Pure; never without new records. */
export function shouldFlush(measure: TailMeasure, flushCost: number = FLUSH_COST): boolean {
  const { records, decodedBytes, slots, walObjects, ageMs, queryCost } = measure
  if (records === 0) return false
  return (
    records * 2 >= TAIL_LIMITS.records ||
    decodedBytes * 2 >= TAIL_LIMITS.decodedBytes ||
    walObjects * 2 >= TAIL_LIMITS.walObjects ||
    slots * 2 >= TAIL_LIMITS.slots ||
    queryCost > flushCost ||
    ageMs >= FLUSH_AGE_MS
  )
}
