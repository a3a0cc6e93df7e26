import { LogError } from "./errors.ts"
import { BATCH_BYTES_MAX, RESERVED_PRODUCER_IDS } from "./limits.ts"
import type { PendingAppend } from "./pending.ts"
import { rangeOf } from "./producer-range.ts"
import { NO_PRODUCER_ID, verifyBatch } from "./records/index.ts"
import type { AppendPart } from "./types.ts"

/** What an append waits with. */
export type AppendContent = Pick<PendingAppend, "content" | "count" | "bytesMax" | "range">

/**
 * A part of a request as it waits; encoded batches are checked to their last byte.
 * @param producer as the request's headers name it
 * Throws `invalid_producer`, `record_too_large`, `corrupt_batch`.
 */
export function appendContent(
  part: AppendPart,
  producer: { id: number; epoch: number; sequence: number } | undefined,
): AppendContent {
  if ("records" in part) {
    const { records } = part
    const { count, bytesMax } = records
    const range = producer === undefined ? undefined : rangeOf(producer, count)
    return { content: { records }, count, bytesMax, range }
  }
  if (producer !== undefined) {
    throw new LogError("invalid_producer", "an encoded batch names its producer itself, not in headers")
  }
  const bytes = part.batch
  if (bytes.length > BATCH_BYTES_MAX) {
    throw new LogError("record_too_large", `the batch has ${bytes.length} bytes, at most ${BATCH_BYTES_MAX}`)
  }
  return batchContent(bytes)
}

/** A task's batch as it waits: its producer is in it, reserved, and was never given out. */
export function publishedContent(bytes: Uint8Array): AppendContent {
  const content = batchContent(bytes)
  const id = content.range?.id ?? NO_PRODUCER_ID
  if (id < RESERVED_PRODUCER_IDS) {
    throw new LogError("invalid_producer", `producer id ${id}: expected a reserved one`)
  }
  if ("batch" in content.content && content.content.batch.transactional === true) {
    throw new LogError("invalid_producer", `producer id ${id} is reserved: it has no transactions`)
  }
  return content
}

function batchContent(bytes: Uint8Array): AppendContent {
  const batch = verifyBatch(bytes)
  const { count, minTimestamp, maxTimestamp, transactional } = batch
  const { producerId: id, producerEpoch: epoch, baseSequence: sequence } = batch
  const range = id === NO_PRODUCER_ID ? undefined : rangeOf({ id, epoch, sequence }, count)
  const content = { batch: { bytes, minTimestamp, maxTimestamp, transactional } }
  return { content, count, bytesMax: bytes.length, range }
}
