export type TableErrorCode =
  | "unknown_table"
  | "table_exists"
  /** The name belongs to a table that is being dropped; it will be free shortly. */
  | "table_being_dropped"
  /** `faults` names each fault and its path. */
  | "invalid_table"
  /** The condition of an erasure is none that every row can be tested with. */
  | "invalid_purge"
  | "too_many_purges"
  | "managed_by_app"
  /** Rows that stand were made otherwise; the message says what to do instead. */
  | "alteration_refused"
  /** Somebody else changed the table meanwhile, or the store did not say: look at it again. */
  | "outcome_unknown"

/** An error of making, altering or dropping a table. */
export class TableError extends Error {
  override readonly name = "TableError"
  readonly code: TableErrorCode

  constructor(code: TableErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
