import { BATCH_HEADER_BYTES, type BatchHeader, CODECS, sealBatch } from "./batch-header.ts"
import { compress } from "./compression.ts"
import { allocate } from "./native.ts"
import { RecordCursor } from "./record-cursor.ts"

/** A batch of which some records are left out. */
export interface FilteredBatch {
  readonly bytes: Uint8Array
  readonly count: number
  /** Epoch ms. */
  readonly maxTimestamp: number
}

/**
 * The batch with those records alone that `keep` says; undefined: none of them. All else stays as Kafka's compaction leaves
 * it: base offset, last offset delta, the records' own deltas, producer and codec; so offsets do not move. A batch that
 * keeps all its records is given back as it is. Throws `corrupt_batch`.
 */
export function filterBatch(
  batch: Uint8Array,
  header: BatchHeader,
  keep: (cursor: RecordCursor) => boolean,
): FilteredBatch | undefined {
  const cursor = new RecordCursor(batch, header)
  const ranges: number[] = []
  let size = 0
  let count = 0
  let maxTimestamp = -1
  while (cursor.next()) {
    if (!keep(cursor)) continue
    const { start, end } = cursor
    if (ranges.length > 0 && ranges[ranges.length - 1] === start) ranges[ranges.length - 1] = end
    else ranges.push(start, end)
    size += end - start
    count++
    if (cursor.timestamp > maxTimestamp) maxTimestamp = cursor.timestamp
  }
  if (count === header.count) return { bytes: batch, count, maxTimestamp: header.maxTimestamp }
  if (count === 0) return undefined
  const records = allocate(size)
  let at = 0
  for (let index = 0; index < ranges.length; index += 2) {
    const range = cursor.buffer.subarray(ranges[index], ranges[index + 1])
    records.set(range, at)
    at += range.length
  }
  const body = header.codec === CODECS[0] ? records : compress(header.codec, records)
  const bytes = allocate(BATCH_HEADER_BYTES + body.length)
  bytes.set(batch.subarray(0, BATCH_HEADER_BYTES))
  bytes.set(body, BATCH_HEADER_BYTES)
  sealBatch(bytes, { count, maxTimestamp })
  return { bytes, count, maxTimestamp }
}
