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
import { materialised } from "../record.ts"
import type { OutputBatch } from "../task/commit.ts"
import type { EngineOutput } from "./engine.ts"

const utf8 = new TextEncoder()
const NO_KEY = new Uint8Array(0)
/** Kafka's sequences are int32 and wrap round to 0. */
const SEQUENCE_MODULUS = 2 ** 31

interface OpenBatch {
  readonly partition: number
  readonly builder: RecordBatchBuilder
}

export interface TopicWriterOptions {
  readonly output: EngineOutput
  readonly codec: BatchCodec
  readonly producerId: number
}

/**
 * Encodes results for a topic into final RecordBatches: one after the other for each partition, under the task's
 * producer, their sequences counted on.
 */
export class TopicWriter {
  readonly #options: TopicWriterOptions
  readonly #sink: TopicSinkOptions<unknown>
  readonly #keyOf: (record: unknown) => unknown
  readonly #open = new Map<number, OpenBatch>()
  readonly #sequences: Map<string, number>
  #done: OutputBatch[] = []
  #nextKeyless = 0
  #scratch = new Uint8Array(4 * 1024)
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
    this.#sink = sink
    this.#keyOf = keyReaderOf(node, sink, topicKey)
    this.#sequences = sequences
  }

  write(record: unknown, timestamp: number): void {
    const { partitions } = this.#options.output
    const key = keyBytesOf(this.#keyOf(record))
    const text = JSON.stringify(materialised(record))
    if (text === undefined) throw new ProcessingError("user_function", "a result that JSON cannot say")
    const partition = this.#partitionOf(record, key, partitions)
    const headers = this.#sink.headers === undefined ? undefined : headersOf(this.#sink.headers(record))
    const source = this.#room((key?.length ?? 0) + text.length * 3)
    const keyEnd = key?.length ?? 0
    if (key !== undefined) source.set(key)
    const { written } = utf8.encodeInto(text, source.subarray(keyEnd))
    const batch = this.#batchFor(partition, keyEnd + written)
    batch.builder.add(
      source,
      key === undefined ? -1 : 0,
      keyEnd,
      keyEnd,
      keyEnd + written,
      timestamp,
      headers,
    )
    this.records++
  }

  #partitionOf(record: unknown, key: Uint8Array | undefined, partitions: number): number {
    if (this.#sink.partition !== undefined) {
      const chosen = this.#sink.partition(record, partitions)
      if (Number.isInteger(chosen) && chosen >= 0 && chosen < partitions) return chosen
      throw new ProcessingError("user_function", `partition: expected 0 to ${partitions - 1}, got ${chosen}`)
    }
    // Keyless results stay together for a commit.
    return key === undefined ? this.#nextKeyless % partitions : partitionForKey(key, partitions)
  }

  #room(bytes: number): Uint8Array {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(bytes * 2)
    return this.#scratch
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
      batch = { partition, builder: createBatchBuilder({ capacityBytes: 16 * 1024 }) }
      this.#open.set(partition, batch)
    }
    return batch
  }

  #close({ partition, builder }: OpenBatch): void {
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
    for (const batch of [...this.#open.values()]) if (batch.builder.count > 0) this.#close(batch)
    const done = this.#done
    this.#done = []
    this.#nextKeyless++
    return done
  }
}

function keyReaderOf(
  node: GraphNode,
  sink: TopicSinkOptions<unknown>,
  topicKey: string | undefined,
): (record: unknown) => unknown {
  if (sink.key !== undefined) return sink.key
  const [input] = node.inputs
  const isRanked = input?.operator.kind === "topN"
  const fields = topicKey !== undefined && !isRanked ? [topicKey] : input?.keyFields
  if (fields === undefined) return () => undefined
  const all = isRanked ? [...fields, "rank"] : fields
  const [only] = all
  if (all.length === 1 && only !== undefined) return record => (record as Record<string, unknown>)[only]
  return record => all.map(field => (record as Record<string, unknown>)[field])
}

/** A text key is its UTF-8, any other its JSON text. */
function keyBytesOf(key: unknown): Uint8Array | undefined {
  if (key === undefined || key === null) return undefined
  const text = typeof key === "string" ? key : JSON.stringify(key)
  return text === "" ? NO_KEY : utf8.encode(text)
}

function headersOf(headers: Readonly<Record<string, string>>): readonly RecordHeader[] {
  return Object.entries(headers).map(([key, value]) => ({ key, value: utf8.encode(value) }))
}
