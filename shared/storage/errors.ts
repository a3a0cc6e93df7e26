export type StorageErrorCode =
  /** The store did not answer; the read may be tried again. */
  | "unavailable"
  /** A limit of the store was broken: item, transaction or key size. */
  | "too_large"
  /** The call itself is wrong: a bad key, a condition without `notAfter`, a number that is not finite. */
  | "invalid"
  /** The data folder belongs to a living process. */
  | "folder_in_use"
  /** The data folder cannot be made or written. */
  | "folder_unusable"
  /** A stored item or object has a format version that this code does not know. */
  | "unknown_format"
  /** Stored bytes are not what was written. */
  | "corrupt"

/** An error of the storage ports. `retryable` tells whether the same call may succeed later. */
export class StorageError extends Error {
  override readonly name = "StorageError"
  readonly code: StorageErrorCode
  readonly retryable: boolean

  constructor(code: StorageErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.retryable = code === "unavailable"
  }
}
