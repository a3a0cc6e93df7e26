import type { GraphNode } from "../../definition/job/graph.ts"
import type { TopicSinkOptions } from "../../definition/job/sinks.ts"
import { BATCH_BYTES_TARGET } from "../../log/limits.ts"
import {
  type BatchCodec,
  createBatchBuilder,
  partitionForKey,
  type RecordBatchBuilder,
  type RecordHeader,
} from "../../log/records/index.ts"
import { ProcessingError } from "../errors.ts"
import { type RecordBytes, recordBytes } from "../record.ts"
import type { RecordTexts } from "../records/record-texts.ts"
import type { OutputBatch } from "../task/commit.ts"
import type { EngineOutput } from "./engine.ts"
import { RowEncoder } from "./row-encoder.ts"

const utf8 = new TextEncoder()
const CAPACITY_BYTES_MIN = 16 * 1024
/** Kafka's sequences are int32 and wrap round to 0. */
export const SEQUENCE_MODULUS = 2 ** 31

interface OpenBatch {
  readonly partition: number
  readonly builder: RecordBatchBuilder
}

export interface TopicWriterOptions {
  readonly output: EngineOutput
  readonly codec: BatchCodec
  readonly producerId: number
  /** Of the record at hand. */
  readonly texts: RecordTexts
}

/**
 * Encodes results for a topic into final RecordBatches: one after the other for each partition, under the task's
 * producer, their sequences counted on.
 */
export class TopicWriter {
  readonly #options: TopicWriterOptions
  readonly #sink: TopicSinkOptions<unknown>
  readonly #key: KeySource
  readonly #open = new Map<number, OpenBatch>()
  readonly #sequences: Map<string, number>
  #done: OutputBatch[] = []
  #nextKeyless = 0
  /** What the last batch came to: the next one will be about as large. */
  #capacityBytes = CAPACITY_BYTES_MIN
  readonly #encoder: RowEncoder
  records = 0

  /** @param sequences the next sequence of each output partition, shared by all writers of a task */
  constructor(
    node: GraphNode,
    sink: TopicSinkOptions<unknown>,
    topicKey: string | undefined,
    options: TopicWriterOptions,
    sequences: Map<string, number>,
  ) {
    this.#options = options
    this.#encoder = new RowEncoder(options.texts)
    this.#sink = sink
    this.#key = keySourceOf(node, sink, topicKey)
    this.#sequences = sequences
  }

  write(record: unknown, timestamp: number): void {
    const headers = this.#sink.headers === undefined ? undefined : headersOf(this.#sink.headers(record))
    const bytes = typeof record === "object" && record !== null ? recordBytes(record) : undefined
    if (bytes === undefined || !this.#forward(record, bytes, timestamp, headers)) {
      this.#encode(record, timestamp, headers)
    }
    this.records++
  }

  /** A record that nobody changed goes on as the bytes that came; false: its key is not among them. */
  #forward(
    record: unknown,
    bytes: RecordBytes,
    timestamp: number,
    headers: readonly RecordHeader[] | undefined,
  ): boolean {
    const { buffer, start, end } = bytes
    const { field, isRanked } = this.#key
    let keyStart = -1
    let keyEnd = -1
    if (isRanked === true) {
      keyStart = bytes.keyStart
      keyEnd = bytes.keyEnd
      if (keyStart < 0) return false
    } else if (field !== undefined) {
      keyStart = bytes.plainField(field)
      if (keyStart < 0) return false
      keyEnd = bytes.fieldEnd
    } else if (this.#key.of !== undefined) return false
    const hasChoice = this.#options.output.partitions > 1 || this.#sink.partition !== undefined
    const key = hasChoice && keyStart >= 0 ? buffer.subarray(keyStart, keyEnd) : undefined
    const partition = hasChoice ? this.#partitionOf(record, key) : 0
    const { builder } = this.#batchFor(partition, keyEnd - keyStart + end - start)
    builder.add(buffer, keyStart, keyEnd, start, end, timestamp, headers)
    return true
  }

  #encode(record: unknown, timestamp: number, headers: readonly RecordHeader[] | undefined): void {
    const encoder = this.#encoder
    encoder.end = 0
    const keyText = keyTextOf(this.#key.of?.(record))
    if (keyText !== undefined) encoder.text(keyText)
    const keyEnd = encoder.end
    if (!encoder.record(record)) throw new ProcessingError("user_function", "a result that JSON cannot say")
    const { buffer, end } = encoder
    const key = keyText === undefined ? undefined : buffer.subarray(0, keyEnd)
    const partition = this.#partitionOf(record, key)
    const { builder } = this.#batchFor(partition, end)
    builder.add(buffer, keyText === undefined ? -1 : 0, keyEnd, keyEnd, end, timestamp, headers)
  }

  #partitionOf(record: unknown, key: Uint8Array | undefined): number {
    const { partitions } = this.#options.output
    if (this.#sink.partition !== undefined) {
      const chosen = this.#sink.partition(record, partitions)
      if (Number.isInteger(chosen) && chosen >= 0 && chosen < partitions) return chosen
      throw new ProcessingError("user_function", `partition: expected 0 to ${partitions - 1}, got ${chosen}`)
    }
    // Keyless results stay together for a commit.
    if (partitions === 1) return 0
    return key === undefined ? this.#nextKeyless % partitions : partitionForKey(key, partitions)
  }

  #batchFor(partition: number, bytes: number): OpenBatch {
    let batch = this.#open.get(partition)
    if (
      batch !== undefined &&
      batch.builder.count > 0 &&
      batch.builder.sizeBytes + bytes > BATCH_BYTES_TARGET
    ) {
      this.#close(batch)
      batch = undefined
    }
    if (batch === undefined) {
      batch = { partition, builder: createBatchBuilder({ capacityBytes: this.#capacityBytes }) }
      this.#open.set(partition, batch)
    }
    return batch
  }

  #close({ partition, builder }: OpenBatch): void {
    this.#open.delete(partition)
    const { output, codec, producerId } = this.#options
    const id = `${output.topicId}#${partition}`
    const sequence = this.#sequences.get(id) ?? 0
    this.#capacityBytes = Math.max(CAPACITY_BYTES_MIN, builder.sizeBytes + (builder.sizeBytes >> 3))
    const { bytes, count } = builder.finish({ codec, producerId, producerEpoch: 0, baseSequence: sequence })
    this.#sequences.set(id, (sequence + count) % SEQUENCE_MODULUS)
    this.#done.push({ topicId: output.topicId, partition, sequence, count, bytes })
  }

  /** The batches since the last call, in their order. */
  take(): readonly OutputBatch[] {
    for (const batch of [...this.#open.values()]) if (batch.builder.count > 0) this.#close(batch)
    const done = this.#done
    this.#done = []
    this.#nextKeyless++
    return done
  }
}

/** Where results' keys come from; neither: they have none. */
interface KeySource {
  readonly of?: (record: unknown) => unknown
  /** The field that `of` gives, where it does nothing else. */
  readonly field?: string
  /** Of ranked rows, which may bring it along. */
  readonly isRanked?: boolean
}

function keySourceOf(
  node: GraphNode,
  sink: TopicSinkOptions<unknown>,
  topicKey: string | undefined,
): KeySource {
  if (sink.key !== undefined) return { of: sink.key }
  const [input] = node.inputs
  const isRanked = input?.operator.kind === "topN"
  const fields = topicKey !== undefined && !isRanked ? [topicKey] : input?.keyFields
  if (fields === undefined) return {}
  const all = isRanked ? [...fields, "rank"] : fields
  const [only] = all
  if (all.length === 1 && only !== undefined) {
    return { of: record => (record as Record<string, unknown>)[only], field: only }
  }
  return { of: record => all.map(field => (record as Record<string, unknown>)[field]), isRanked }
}

/** A text key is its UTF-8, any other its JSON text. */
function keyTextOf(key: unknown): string | undefined {
  if (key === undefined || key === null) return undefined
  return typeof key === "string" ? key : JSON.stringify(key)
}

function headersOf(headers: Readonly<Record<string, string>>): readonly RecordHeader[] {
  return Object.entries(headers).map(([key, value]) => ({ key, value: utf8.encode(value) }))
}
