/**
 * A durable queue before the log: it takes records at once, in shards, and hands each shard's records over in the order
 * in which it took them, at least once. Kinesis is one; a file is another.
 */
export interface Journal {
  /**
   * Takes records. Those of one key keep the order in which they are given, also when some are refused at first and
   * tried again; no record of unknown outcome is ever tried again.
   *
   * @param records at most `JOURNAL_PUT_RECORDS_MAX`, each at most `JOURNAL_RECORD_BYTES_MAX` with its key
   * @returns one outcome a record, in their order. After the first of a key that is not committed, the later ones of
   *   that key are refused without having been sent.
   */
  put(records: readonly JournalRecord[]): Promise<readonly JournalPut[]>
}

export interface JournalRecord {
  /** Decides the shard: records of one key are in one shard. At most 256 characters. */
  readonly key: string
  readonly data: Uint8Array
}

/** Where a record stands. Within a shard, sequences compare by length, then as text. */
export interface JournalPosition {
  readonly shard: string
  /** Decimal digits, at most 128; what is taken later comes later. Kinesis's have no leading zeros, an emulator's may. */
  readonly sequence: string
}

export type JournalPut =
  | { readonly outcome: "committed"; readonly position: JournalPosition }
  /** Not taken, and it never will be. */
  | { readonly outcome: "refused"; readonly cause?: unknown }
  /** It may have been taken, or may yet be. */
  | { readonly outcome: "unknown"; readonly cause?: unknown }

/** A record as a shard hands it over, perhaps again. */
export interface JournalDelivery {
  readonly position: JournalPosition
  readonly data: Uint8Array
}

/** Kinesis takes 500 records in one call … */
export const JOURNAL_PUT_RECORDS_MAX = 500
/** … of at most 1 MiB each, key included. */
export const JOURNAL_RECORD_BYTES_MAX = 1024 * 1024

/** Whether position `left` comes before, at or after `right` in their shard: negative, 0 or positive. */
export function comparePositions(
  left: Pick<JournalPosition, "sequence">,
  right: Pick<JournalPosition, "sequence">,
): number {
  const [one, two] = [left.sequence, right.sequence]
  if (one.length !== two.length) return one.length - two.length
  return one < two ? -1 : one > two ? 1 : 0
}
