import { type BatchHeader, checkBatchCrc, corruptBatch, NO_PRODUCER_ID } from "./batch-header.ts"
import { RecordCursor } from "./record-cursor.ts"

/** Kafka's mark for "no time given", the lowest a record's time may be. */
const NO_TIMESTAMP = -1

export interface VerifyOptions {
  /** Accepts a control batch, which no client may write. */
  readonly control?: boolean
}

/** A batch that was read to its last byte. */
export interface VerifiedBatch extends BatchHeader {
  /** The records' lowest time, epoch ms; `maxTimestamp` is the highest. */
  readonly minTimestamp: number
}

/**
 * The check at the door: the bytes are exactly one RecordBatch v2 with a right CRC32C, whose records decode to the
 * last byte with offset deltas 0 to count − 1 and whose header says the truth about them. Throws `corrupt_batch`
 * naming what is wrong. Base offset and leader epoch are not looked at: they are the log's to set.
 */
export function verifyBatch(bytes: Uint8Array, options: VerifyOptions = {}): VerifiedBatch {
  const header = checkBatchCrc(bytes)
  if (header.sizeBytes !== bytes.length)
    throw corruptBatch("batch length", `one batch of ${bytes.length} bytes`, header.sizeBytes)
  checkHeader(header, options)
  let minTimestamp = Number.MAX_SAFE_INTEGER
  let maxTimestamp = NO_TIMESTAMP
  const cursor = new RecordCursor(bytes, header)
  while (cursor.next()) {
    if (cursor.timestamp < minTimestamp) minTimestamp = cursor.timestamp
    if (cursor.timestamp > maxTimestamp) maxTimestamp = cursor.timestamp
  }
  if (minTimestamp < NO_TIMESTAMP || maxTimestamp > Number.MAX_SAFE_INTEGER)
    throw corruptBatch("record timestamps", "-1 to 2^53 - 1", `${minTimestamp} to ${maxTimestamp}`)
  if (maxTimestamp !== header.maxTimestamp)
    throw corruptBatch("batch max timestamp", `${maxTimestamp}, the records' highest`, header.maxTimestamp)
  return { ...header, minTimestamp }
}

function checkHeader(header: BatchHeader, options: VerifyOptions): void {
  const { count, lastOffsetDelta, producerId } = header
  if (count < 1) throw corruptBatch("batch record count", "1 or more", count)
  if (count !== lastOffsetDelta + 1)
    throw corruptBatch("batch last offset delta", `${count - 1}, one below the count`, lastOffsetDelta)
  if (header.control && options.control !== true)
    throw corruptBatch("batch attributes", "no control batch from a client", "control")
  if (header.logAppendTime)
    throw corruptBatch("batch attributes", "the records' own times", "time of the append")
  if (producerId < NO_PRODUCER_ID) throw corruptBatch("batch producer id", "-1 or more", producerId)
  if (producerId === NO_PRODUCER_ID) {
    if (header.transactional)
      throw corruptBatch("batch producer id", "one in a transactional batch", producerId)
    return
  }
  if (header.producerEpoch < 0) throw corruptBatch("batch producer epoch", "0 or more", header.producerEpoch)
  if (header.baseSequence < 0 && !header.control)
    throw corruptBatch("batch base sequence", "0 or more", header.baseSequence)
}
