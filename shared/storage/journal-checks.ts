import { StorageError } from "./errors.ts"
import { JOURNAL_PUT_RECORDS_MAX, JOURNAL_RECORD_BYTES_MAX, type JournalRecord } from "./journal.ts"
import { utf8Length } from "./utf8.ts"

/** Kinesis's bound of a partition key, in characters. */
const KEY_CHARS_MAX = 256

/** Bytes of a record as its bounds count them. */
export function journalRecordBytes({ key, data }: JournalRecord): number {
  return utf8Length(key) + data.length
}

/** Throws `StorageError` (`invalid`, `too_large`) for what no backend may take: nothing of it is put. */
export function checkJournalPut(records: readonly JournalRecord[]): void {
  if (records.length > JOURNAL_PUT_RECORDS_MAX) {
    const message = `journal: expected at most ${JOURNAL_PUT_RECORDS_MAX} records, got ${records.length}`
    throw new StorageError("too_large", message)
  }
  for (const [index, record] of records.entries()) {
    const { key } = record
    if (key.length < 1 || key.length > KEY_CHARS_MAX) {
      const message = `journal: record ${index}: expected a key of 1 to ${KEY_CHARS_MAX} characters, got ${key.length}`
      throw new StorageError("invalid", message)
    }
    const bytes = journalRecordBytes(record)
    if (bytes > JOURNAL_RECORD_BYTES_MAX) {
      const message = `journal: record ${index}: expected at most ${JOURNAL_RECORD_BYTES_MAX} bytes with its key, got ${bytes}`
      throw new StorageError("too_large", message)
    }
  }
}
