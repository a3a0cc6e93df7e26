/** Rows of one segment, as sorted 32-bit numbers. */
export interface RowSet {
  readonly size: number
  has(row: number): boolean
  /** Calls `each` with ranges of consecutive rows, ascending: from `first` up to, not including, `end`. */
  forEachRange(each: (first: number, end: number) => void): void
  /** The set's rows from `first` up to, not including, `end`, ascending and less `first`. */
  rowsBetween(first: number, end: number): Uint32Array
}
