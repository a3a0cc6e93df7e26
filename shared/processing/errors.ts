export type ProcessingErrorCode =
  /** A record's key is not something that records can be brought together by. */
  | "bad_key"
  /** A record's timestamp is not a finite number. */
  | "bad_timestamp"
  /** A function of the user's threw. */
  | "user_function"
  /** A job is asked for something that its operators cannot do. */
  | "unsupported"
  /** Stored state or a commit record is of a format that this version does not know. */
  | "unknown_format"
  /** Stored state or a commit record is not what its checksum says. */
  | "corrupt"
  /** A key's state does not fit. */
  | "state_too_large"
  /** A session merges into a window that is late already. */
  | "late_merge"

/** A failure of processing that its user can understand. */
export class ProcessingError extends Error {
  override readonly name = "ProcessingError"
  readonly code: ProcessingErrorCode

  constructor(code: ProcessingErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
