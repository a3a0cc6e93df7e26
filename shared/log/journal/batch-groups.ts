import { BATCH_BYTES_TARGET, JOURNALLED_BATCHES_MAX, JOURNALLED_BYTES_MAX } from "../limits.ts"
import {
  BATCH_HEADER_BYTES,
  type BatchBuilder,
  type BatchCodec,
  createBatchBuilder,
  type FinishedBatch,
  RecordCursor,
  recordHeaders,
} from "../records/index.ts"
import type { JournalledBatch } from "../types.ts"

/**
 * Cuts a journal's batches into groups that become one stored batch each: neighbours share one of up to
 * `BATCH_BYTES_TARGET`. Greedy, so that what follows any first part makes no more groups than the whole.
 */
export function groupBatches(batches: readonly JournalledBatch[]): JournalledBatch[][] {
  const groups: JournalledBatch[][] = []
  let bytes = 0
  let [min, max] = [0, 0]
  for (const batch of batches) {
    const group = groups.at(-1)
    const joins =
      group !== undefined &&
      !batch.compressed &&
      !group[0].compressed &&
      bytes + batch.bytes.length <= BATCH_BYTES_TARGET &&
      // A batch cannot hold times further apart.
      Math.max(max, batch.maxTimestamp) - Math.min(min, batch.minTimestamp) <= Number.MAX_SAFE_INTEGER
    if (joins) {
      group.push(batch)
      bytes += batch.bytes.length - BATCH_HEADER_BYTES
      min = Math.min(min, batch.minTimestamp)
      max = Math.max(max, batch.maxTimestamp)
    } else {
      groups.push([batch])
      bytes = batch.bytes.length
      min = batch.minTimestamp
      max = batch.maxTimestamp
    }
  }
  return groups
}

/** Cuts batches into runs that each fit one slot. */
export function slotfuls(batches: readonly JournalledBatch[]): JournalledBatch[][] {
  const runs: JournalledBatch[][] = []
  let run: JournalledBatch[] = []
  let groups = 0
  let bytes = 0
  for (const group of groupBatches(batches)) {
    let groupBytes = 0
    for (const batch of group) groupBytes += batch.bytes.length
    if (groups === JOURNALLED_BATCHES_MAX || (groups > 0 && bytes + groupBytes > JOURNALLED_BYTES_MAX)) {
      runs.push(run)
      run = []
      groups = 0
      bytes = 0
    }
    for (const batch of group) run.push(batch)
    groups++
    bytes += groupBytes
  }
  if (run.length > 0) runs.push(run)
  return runs
}

/** The stored batch of a group. Compressed ones are stored as they are. */
export function encodeGroup(group: readonly JournalledBatch[], codec: BatchCodec): FinishedBatch {
  const [first] = group
  if (group.length === 1 && (first.compressed || codec === "none")) return first
  let capacityBytes = 0
  for (const batch of group) capacityBytes += batch.bytes.length
  const builder = createBatchBuilder({ capacityBytes })
  for (const batch of group) copyRecords(batch.bytes, builder)
  return builder.finish({ codec })
}

/** Writes a batch's records, times included, into another. */
export function copyRecords(batch: Uint8Array, builder: BatchBuilder): void {
  const cursor = new RecordCursor(batch)
  while (cursor.next()) {
    const headers =
      cursor.headerCount === 0
        ? undefined
        : recordHeaders(cursor.buffer, cursor.headersStart, cursor.headersEnd)
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp } = cursor
    builder.add(buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp, headers)
  }
}
