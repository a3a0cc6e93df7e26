export type LogErrorCode =
  | "unknown_topic"
  | "unknown_partition"
  | "topic_exists"
  | "topic_being_deleted"
  | "topic_deleted"
  | "managed_by_app"
  | "invalid_topic"
  /** A record batch whose framing, CRC, compression or counts are wrong. */
  | "corrupt_batch"
  | "record_too_large"
  /** A request's records are no valid JSON; `detail` holds the 1-based line and byte column. */
  | "malformed_json"
  /** A request's records are valid JSON that is no record; `detail.path` names where. */
  | "invalid_record"
  /** The records of a request with producer headers do not share one partition. */
  | "not_one_partition"
  | "invalid_producer"
  /** The producer's epoch is below the one that the partition knows. */
  | "fenced"
  /** Committed before, but the offsets are forgotten: to a client a success. */
  | "duplicate"
  /** Records are missing before this sequence; `detail.expected` is the sequence to send. */
  | "gap"
  /** Overlaps what is committed without equalling a known append. */
  | "sequence_conflict"
  | "too_many_in_flight"
  /** The append may or may not be committed, now or later; a retry with the same sequence tells. */
  | "outcome_unknown"
  /** Below the log's start; `detail.start` is the first offset that can be read. */
  | "offset_out_of_range"
  /** Stored data is missing or damaged: never answered with fewer records. */
  | "log_damaged"
  | "overloaded"
  | "unknown_group"
  /** The member's session has ended, or it never joined: it joins again. */
  | "unknown_member"
  /** Another member owns the partition, or the member's epoch is another: what it read is not to be committed. */
  | "fenced_member"
  /** The group has members: its offsets cannot be set or deleted from outside. */
  | "group_in_use"
  | "invalid_group"
  | "group_too_large"
  | "unknown_transaction"
  /** The transaction is not open, or is being decided otherwise. */
  | "invalid_transaction"
  | "transaction_too_large"
  /** A record without a key for a compacted topic. */
  | "compaction_needs_key"

/** An error of the log. `detail` carries the figures that a client needs to go on. */
export class LogError extends Error {
  override readonly name = "LogError"
  readonly code: LogErrorCode
  readonly detail: Readonly<Record<string, string | number>>

  constructor(
    code: LogErrorCode,
    message: string,
    options?: { detail?: Readonly<Record<string, string | number>>; cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.detail = options?.detail ?? {}
  }
}
