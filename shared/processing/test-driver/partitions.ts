import type { Job } from "../../definition/job/job.ts"
import type { Topic } from "../../definition/topic.ts"
import { createBatchBuilder, partitionForKey } from "../../log/records/index.ts"
import type { EngineBatch, EngineInput, EngineOutput } from "../engine/engine.ts"

/** A record as it is pushed. */
export interface TestInput {
  readonly record: unknown
  /** Epoch ms. */
  readonly timestamp: number
  readonly key: string | undefined
  readonly partition: number
}

const utf8 = new TextEncoder()

/** Topics as a test has them: their ids are their names. */
export class TestTopics {
  readonly #job: Job
  readonly #partitions: Readonly<Record<string, number>>
  /** The next offset of each partition, by `topic#partition`. */
  readonly #offsets = new Map<string, number>()

  constructor(job: Job, partitions: Readonly<Record<string, number>>, before?: TestTopics) {
    this.#job = job
    this.#partitions = before === undefined ? partitions : { ...before.#partitions, ...partitions }
    if (before === undefined) return
    for (const [id, offset] of before.#offsets) this.#offsets.set(id, offset)
  }

  partitionsOf({ name, options }: Topic): number {
    return this.#partitions[name] ?? (typeof options.partitions === "number" ? options.partitions : 1)
  }

  /** What the job reads of a topic; none: it does not read it. */
  inputsOf(topic: Topic): readonly EngineInput[] {
    return this.#job.graph.flatMap(({ operator }, source) => {
      if (operator.kind !== "source") return []
      const reads =
        operator.topics.some(({ name }) => name === topic.name) || operator.pattern?.test(topic.name) === true
      if (!reads) return []
      return Array.from({ length: this.partitionsOf(topic) }, (_, partition) => {
        const topicId = inputTopicId(source, topic.name)
        return { source, topic: topic.name, topicId, partition }
      })
    })
  }

  /** The topics that the job's sources name. */
  get read(): readonly Topic[] {
    return this.#job.graph.flatMap(({ operator }) => (operator.kind === "source" ? operator.topics : []))
  }

  get outputs(): readonly EngineOutput[] {
    const { poison } = this.#job.options
    const topics = this.#job.graph.flatMap(({ operator }) =>
      operator.kind === "topicSink" ? [operator.topic] : [],
    )
    if (typeof poison === "object") topics.push(poison.deadLetter)
    return topics.map(topic => ({
      topic: topic.name,
      topicId: topic.name,
      partitions: this.partitionsOf(topic),
    }))
  }

  /** The record's partition where the test does not say one: by its key, as producers choose it. */
  partitionFor(topic: Topic, key: string | undefined): number {
    return key === undefined ? 0 : partitionForKey(utf8.encode(key), this.partitionsOf(topic))
  }

  /** The records as the log would give them, a batch for each partition that has some and each source that reads it. */
  batches(topic: Topic, inputs: readonly TestInput[]): readonly EngineBatch[] {
    const byPartition = Map.groupBy(inputs, ({ partition }) => partition)
    return [...byPartition].flatMap(([partition, records]) => {
      const id = `${topic.name}#${partition}`
      const from = this.#offsets.get(id) ?? 0
      const next = from + records.length
      this.#offsets.set(id, next)
      const bytes = encoded(records, from)
      return this.inputsOf(topic)
        .filter(input => input.partition === partition)
        .map(({ source, topicId }) => ({
          source,
          topicId,
          partition,
          batches: [bytes],
          from,
          next,
          ended: false,
        }))
    })
  }
}

/** A topic that two sources read is two to the engine. */
function inputTopicId(source: number, topic: string): string {
  return `${source}/${topic}`
}

function encoded(records: readonly TestInput[], baseOffset: number): Uint8Array {
  const builder = createBatchBuilder()
  for (const { record, timestamp, key } of records) {
    const text = JSON.stringify(record)
    if (text === undefined) throw new TypeError(`a record: expected what JSON can say, got ${typeof record}`)
    const keyBytes = key === undefined ? undefined : utf8.encode(key)
    const value = utf8.encode(text)
    const keyEnd = keyBytes?.length ?? 0
    const source = new Uint8Array(keyEnd + value.length)
    if (keyBytes !== undefined) source.set(keyBytes)
    source.set(value, keyEnd)
    builder.add(source, keyBytes === undefined ? -1 : 0, keyEnd, keyEnd, source.length, timestamp)
  }
  return builder.finish({ baseOffset }).bytes
}
