import { BATCH_BYTES_TARGET } from "../../log/limits.ts"
import {
  createBatchBuilder,
  partitionForKey,
  type RecordBatchBuilder,
  type RecordCursor,
} from "../../log/records/index.ts"
import type { OutputBatch } from "../task/commit.ts"
import { SEQUENCE_MODULUS, type TopicWriterOptions } from "./topic-writer.ts"

const utf8 = new TextEncoder()
/** Names what was wrong, in a header. */
export const ERROR_HEADER = "millrace.error"

export type DeadLetterWriterOptions = Omit<TopicWriterOptions, "texts">

/** Hands on records as they are stored, key and value, with what was wrong with them. */
export class DeadLetterWriter {
  readonly #options: DeadLetterWriterOptions
  readonly #sequences: Map<string, number>
  readonly #open = new Map<number, RecordBatchBuilder>()
  #done: OutputBatch[] = []

  /** @param sequences the next sequence of each output partition, shared by all writers of a task */
  constructor(options: DeadLetterWriterOptions, sequences: Map<string, number>) {
    this.#options = options
    this.#sequences = sequences
  }

  /** @param at the record, its value not null */
  writeStored(at: RecordCursor, error = ""): void {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp } = at
    const { partitions } = this.#options.output
    const partition = keyStart < 0 ? 0 : partitionForKey(buffer.subarray(keyStart, keyEnd), partitions)
    let builder = this.#open.get(partition)
    if (builder !== undefined && builder.sizeBytes + valueEnd - valueStart > BATCH_BYTES_TARGET) {
      this.#close(partition, builder)
      builder = undefined
    }
    builder ??= createBatchBuilder({ capacityBytes: 16 * 1024 })
    this.#open.set(partition, builder)
    const headers = [{ key: ERROR_HEADER, value: utf8.encode(error) }]
    builder.add(buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp, headers)
  }

  #close(partition: number, builder: RecordBatchBuilder): void {
    this.#open.delete(partition)
    const { output, codec, producerId } = this.#options
    const id = `${output.topicId}#${partition}`
    const sequence = this.#sequences.get(id) ?? 0
    const { bytes, count } = builder.finish({ codec, producerId, producerEpoch: 0, baseSequence: sequence })
    this.#sequences.set(id, (sequence + count) % SEQUENCE_MODULUS)
    this.#done.push({ topicId: output.topicId, partition, sequence, count, bytes })
  }

  /** The batches since the last call, in their order. */
  take(): readonly OutputBatch[] {
    for (const [partition, builder] of [...this.#open]) this.#close(partition, builder)
    const done = this.#done
    this.#done = []
    return done
  }
}
