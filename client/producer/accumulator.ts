import type { Codec } from "../edge/natives.ts"
import { ClientError, clientError } from "../errors.ts"
import { recordBytesMax } from "../records/batch-encoder.ts"
import type { OutgoingRecord } from "../types.ts"
import { Batch } from "./batch.ts"
import type { BatchSender } from "./batch-sender.ts"
import type { Delivery } from "./delivery.ts"
import type { PartitionQueue } from "./partition-queue.ts"
import { Partitioner } from "./partitioner.ts"

/** A stored batch has at most 4 MiB; this is left for what its framing takes. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024 - 256 * 1024

/** Buffers kept for further batches: as many as a few requests hold. */
const SPARE_MAX = 32

export interface AccumulatorOptions {
  readonly lingerMs: number
  readonly batchBytes: number
  readonly compression: Codec
}

/** Writes records into batches, one open for each partition, and hands those that are full or have waited to the sender. */
export class Accumulator {
  readonly #options: AccumulatorOptions
  readonly #sender: BatchSender
  readonly #partitioner = new Partitioner()
  readonly #open = new Map<PartitionQueue, Batch>()
  readonly #live = new Set<Batch>()
  readonly #spare: Uint8Array[] = []
  /** By topic and partition, so that no text is made for each record. */
  readonly #queues = new Map<string, (PartitionQueue | undefined)[]>()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Bytes of records in batches that are not settled. */
  heldBytes = 0

  constructor(sender: BatchSender, options: AccumulatorOptions) {
    this.#sender = sender
    this.#options = options
  }

  /** Writes a record. @param partitions how many the topic has. Throws `unknown_partition`, `record_too_large`. */
  add(record: OutgoingRecord, partitions: number, delivery?: Delivery): void {
    const { topic, key = null, value, headers, timestamp } = record
    const partition = record.partition ?? this.#partitioner.partition(topic, key, partitions)
    if (partition >= partitions || partition < 0)
      throw new ClientError(
        "unknown_partition",
        `${topic} has partitions 0 to ${partitions - 1}, got ${partition}`,
      )
    const queue = this.#queueOf(topic, partition)
    const bytesMax = recordBytesMax(key, value, headers)
    let batch = this.#open.get(queue)
    if (batch !== undefined && batch.encoder.sizeBytes + bytesMax > BATCH_BYTES_MAX) {
      this.#close(queue, batch)
      batch = undefined
    }
    batch ??= this.#begin(queue)
    const { encoder } = batch
    const before = encoder.sizeBytes
    encoder.add(key, value, timestamp ?? Date.now(), headers)
    const added = encoder.sizeBytes - before
    batch.heldBytes += added
    this.heldBytes += added
    if (encoder.sizeBytes > BATCH_BYTES_MAX) {
      this.#drop(queue, batch)
      throw new ClientError(
        "record_too_large",
        `a record for ${topic} has ${added} bytes, at most ${BATCH_BYTES_MAX} fit a batch; send it in parts`,
      )
    }
    delivery?.place(batch, encoder.count - 1)
    if (encoder.sizeBytes >= this.#options.batchBytes) {
      this.#close(queue, batch)
      if (key === null && record.partition === undefined) this.#partitioner.moveOn(topic)
    }
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    let queues = this.#queues.get(topic)
    if (queues === undefined) {
      queues = []
      this.#queues.set(topic, queues)
    }
    queues[partition] ??= this.#sender.queue(topic, partition)
    return queues[partition]
  }

  #begin(queue: PartitionQueue): Batch {
    const batch = new Batch(queue.topic, queue.partition, this.#spare.pop())
    this.#open.set(queue, batch)
    this.#live.add(batch)
    if (this.#timer === undefined && Number.isFinite(this.#options.lingerMs))
      this.#timer = setTimeout(() => this.#tick(), this.#options.lingerMs)
    return batch
  }

  /** A record that fits no batch was alone in one. */
  #drop(queue: PartitionQueue, batch: Batch): void {
    this.#open.delete(queue)
    this.free(batch)
  }

  /** Closes what has waited long enough. */
  #tick(): void {
    this.#timer = undefined
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const [queue, batch] of this.#open) {
      const left = batch.began + this.#options.lingerMs - now
      // A timer may fire a little early; what is due within a millisecond goes along.
      if (left > 1) next = Math.min(next, left)
      else {
        this.#close(queue, batch, false)
        this.#partitioner.moveOn(queue.topic)
      }
    }
    this.#sender.kick()
    if (next !== Number.POSITIVE_INFINITY && this.#timer === undefined)
      this.#timer = setTimeout(() => this.#tick(), next)
  }

  #close(queue: PartitionQueue, batch: Batch, kicks = true): void {
    this.#open.delete(queue)
    const { compression } = this.#options
    if (compression === "none") {
      batch.sealPlain()
      this.#sender.add(queue, batch)
      if (kicks) this.#sender.kick()
      return
    }
    this.#sender.add(queue, batch)
    batch.seal(compression).then(
      () => this.#sender.kick(),
      error => {
        this.#sender.refuse(queue, batch, clientError(error))
      },
    )
  }

  /** Closes all open batches. */
  closeAll(): void {
    for (const [queue, batch] of this.#open) this.#close(queue, batch, false)
    this.#sender.kick()
  }

  /** A batch is settled: its memory may be used again. */
  free(batch: Batch): void {
    this.heldBytes -= batch.heldBytes
    batch.heldBytes = 0
    this.#live.delete(batch)
    if (this.#spare.length < SPARE_MAX) this.#spare.push(batch.encoder.buffer)
  }

  /** All batches that are not settled. */
  live(): Batch[] {
    return [...this.#live]
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** The open batches, closed and not handed to the sender: for who sends them in its own way. */
  takeAll(): Batch[] {
    const taken = [...this.#open.values()]
    this.#open.clear()
    return taken
  }
}
