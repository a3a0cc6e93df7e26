import { LogError } from "./errors.ts"
import { encodeGroup } from "./journal/batch-groups.ts"
import { BATCH_BYTES_MAX, BATCH_BYTES_TARGET } from "./limits.ts"
import type { Marker, PendingAppend } from "./pending.ts"
import { BATCH_HEADER_BYTES, type BatchCodec, createBatchBuilder } from "./records/index.ts"
import {
  ABORT,
  CONTROL,
  type ProducerRange,
  type SlotEntry,
  type SourcePosition,
  TRANSACTIONAL,
} from "./slot.ts"
import type { JournalledBatch } from "./types.ts"

/** An append in a plan, and the offset of its first record counted from the slot's base. */
export interface Placed {
  readonly append: PendingAppend
  readonly at: number
}

/** Collects what goes into one slot. */
export class SlotDraft {
  readonly entries: SlotEntry[] = []
  readonly pieces: Uint8Array[] = []
  readonly placed: Placed[] = []
  readonly #codec: BatchCodec
  count = 0
  bytes = 0
  minTimestamp = Number.POSITIVE_INFINITY
  maxTimestamp = Number.NEGATIVE_INFINITY

  constructor(codec: BatchCodec) {
    this.#codec = codec
  }

  add(
    bytes: Uint8Array,
    count: number,
    min: number,
    max: number,
    {
      producer,
      source,
      flags = 0,
    }: { producer?: ProducerRange; source?: SourcePosition; flags?: number } = {},
  ): void {
    this.entries.push({ length: bytes.length, count, maxTimestamp: max, flags, producer, source })
    this.pieces.push(bytes)
    this.count += count
    this.bytes += bytes.length
    if (min < this.minTimestamp) this.minTimestamp = min
    if (max > this.maxTimestamp) this.maxTimestamp = max
  }

  /** One append with a producer: one entry, since its sequences are recognised as a whole. */
  addProduced(append: PendingAppend, range: ProducerRange, now: number): boolean {
    const { content } = append
    const at = this.count
    if ("batch" in content) {
      this.add(content.batch.bytes, append.count, content.batch.minTimestamp, content.batch.maxTimestamp, {
        producer: range,
        flags: content.batch.transactional === true ? TRANSACTIONAL : 0,
      })
    } else if ("records" in content) {
      const builder = createBatchBuilder({ capacityBytes: append.bytesMax })
      content.records.write(builder, 0, append.count, now)
      const { bytes, minTimestamp, maxTimestamp } = builder.finish({
        codec: this.#codec,
        producerId: range.id,
        producerEpoch: range.epoch,
        baseSequence: range.firstSequence,
      })
      if (bytes.length > BATCH_BYTES_MAX) {
        append.fail(tooLarge(bytes.length))
        return false
      }
      this.add(bytes, append.count, minTimestamp, maxTimestamp, { producer: range })
    }
    this.placed.push({ append, at })
    return true
  }

  /** A transaction's end: an entry of one offset. */
  addMarker(append: PendingAppend, { producerId, epoch, committed, bytes, timestamp }: Marker): void {
    this.placed.push({ append, at: this.count })
    this.add(bytes, 1, timestamp, timestamp, {
      producer: { id: producerId, epoch, firstSequence: 0, lastSequence: 0 },
      flags: TRANSACTIONAL | CONTROL | (committed ? 0 : ABORT),
    })
  }

  /** Batches of a journal that become one, which stands for all of them with the last one's position. */
  addGroup(group: readonly JournalledBatch[], shard: string): void {
    const { bytes, count, minTimestamp, maxTimestamp } = encodeGroup(group, this.#codec)
    const { sequence, index } = group[group.length - 1]
    this.add(bytes, count, minTimestamp, maxTimestamp, { source: { shard, sequence, index } })
  }

  /** Appends without a producer share batches of about `BATCH_BYTES_TARGET`, so that a fetch can cut between them. */
  addPlain(appends: readonly PendingAppend[], now: number): void {
    const encoded: PendingAppend[] = []
    let left = BATCH_HEADER_BYTES
    for (const append of appends) left += append.bytesMax
    let builder = createBatchBuilder({ capacityBytes: Math.min(left, BATCH_BYTES_TARGET) })
    const finish = () => {
      if (builder.count === 0) return
      const count = builder.count
      const { bytes, minTimestamp, maxTimestamp } = builder.finish({ codec: this.#codec })
      this.add(bytes, count, minTimestamp, maxTimestamp)
    }
    for (const append of appends) {
      if ("batch" in append.content) {
        encoded.push(append)
        continue
      }
      if (!("records" in append.content)) continue
      this.placed.push({ append, at: this.count + builder.count })
      const { records } = append.content
      for (let from = 0; from < records.count; ) {
        const room = BATCH_BYTES_TARGET - builder.sizeBytes
        const fit = Math.floor((records.count * room) / records.bytesMax)
        if (fit < 1 && builder.count > 0) {
          left -= builder.sizeBytes
          finish()
          builder = createBatchBuilder({ capacityBytes: Math.min(left, BATCH_BYTES_TARGET) })
          continue
        }
        const to = Math.min(records.count, from + Math.max(1, fit))
        records.write(builder, from, to, now)
        from = to
      }
    }
    finish()
    for (const append of encoded) {
      const { batch } = append.content as {
        batch: { bytes: Uint8Array; minTimestamp: number; maxTimestamp: number }
      }
      this.placed.push({ append, at: this.count })
      this.add(batch.bytes, append.count, batch.minTimestamp, batch.maxTimestamp)
    }
  }
}

function tooLarge(bytes: number): LogError {
  return new LogError(
    "record_too_large",
    `the batch has ${bytes} bytes, at most ${BATCH_BYTES_MAX} can be stored`,
    {
      detail: { bytes, bytesMax: BATCH_BYTES_MAX },
    },
  )
}
