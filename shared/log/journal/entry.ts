import { LogError } from "../errors.ts"
import { ByteReader, ByteWriter } from "../packing.ts"
import { NO_PRODUCER_ID, type VerifiedBatch, verifyBatch } from "../records/index.ts"

/** `J`: what begins otherwise was not written here. */
const MAGIC = 0x4a
export const JOURNAL_ENTRY_FORMAT = 1
/** Bytes of an entry besides its batch: magic, format, the topic's id and its length, the partition. */
export const JOURNAL_ENTRY_OVERHEAD = 2 + 1 + 64 + 3

/** What a journal's record holds: a RecordBatch v2 without a producer, for one partition. */
export interface JournalEntry {
  readonly topicId: string
  readonly partition: number
  readonly batch: Uint8Array
}

/** A record of a journal that can never be appended by this code. */
export interface EntryFault {
  readonly fault: "not_an_entry" | "unknown_format" | "corrupt_batch" | "unknown_partition"
  readonly message: string
}

export function encodeEntry({ topicId, partition, batch }: JournalEntry): Uint8Array {
  const out = new ByteWriter(JOURNAL_ENTRY_OVERHEAD + batch.length)
  out.byte(MAGIC)
  out.byte(JOURNAL_ENTRY_FORMAT)
  out.text(topicId)
  out.unsigned(partition)
  out.raw(batch)
  return out.bytes()
}

/** Reads an entry and checks its batch to the last byte; the batch is a view of `data`. */
export function decodeEntry(
  data: Uint8Array,
): { readonly entry: JournalEntry; readonly verified: VerifiedBatch } | EntryFault {
  if (data.length < 2 || data[0] !== MAGIC) {
    return { fault: "not_an_entry", message: "the record does not begin as a journal's entry does" }
  }
  if (data[1] !== JOURNAL_ENTRY_FORMAT) {
    const message = `the entry has format ${data[1]}, expected ${JOURNAL_ENTRY_FORMAT}`
    return { fault: "unknown_format", message }
  }
  let entry: JournalEntry
  try {
    const from = new ByteReader(data.subarray(2))
    entry = { topicId: from.text(), partition: from.unsigned(), batch: from.rest() }
  } catch (error) {
    return { fault: "not_an_entry", message: (error as Error).message }
  }
  try {
    const verified = verifyBatch(entry.batch)
    if (verified.producerId === NO_PRODUCER_ID) return { entry, verified }
    return { fault: "corrupt_batch", message: "the batch names a producer, which a journal's may not" }
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    return { fault: "corrupt_batch", message: error.message }
  }
}
