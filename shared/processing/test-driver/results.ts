import type { Job } from "../../definition/job/job.ts"
import { decodeRecords } from "../../log/records/index.ts"
import { unpackState } from "../state/packing.ts"
import type { CommitDraft } from "../task/commit.ts"

/** A result as it lies in its topic. */
export interface TestOutput<T = unknown> {
  readonly value: T
  readonly key: string | undefined
  /** Epoch ms. */
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
  readonly partition: number
}

/** A record beside a step's main output. */
export interface TestSideOutput {
  readonly operator: string
  readonly tag: string
  readonly record: unknown
  readonly timestamp: number
}

const text = new TextDecoder()
const decoded = (bytes: Uint8Array | null) => (bytes === null ? undefined : text.decode(bytes))

/** Everything that a job has given so far, in order. */
export class TestResults {
  readonly #byTopic = new Map<string, TestOutput[]>()
  readonly #bySink = new Map<number, unknown[]>()
  readonly sides: TestSideOutput[] = []

  add({ outputs, sinks }: Pick<CommitDraft, "outputs" | "sinks">): void {
    for (const { topicId, partition, bytes } of outputs) {
      const records = decodeRecords(bytes).map(({ key, value, timestamp, headers }) => ({
        value: JSON.parse(decoded(value) ?? "null") as unknown,
        key: decoded(key),
        timestamp,
        headers: Object.fromEntries(headers.map(header => [header.key, decoded(header.value) ?? ""])),
        partition,
      }))
      this.#byTopic.set(topicId, [...this.topic(topicId), ...records])
    }
    for (const { sink, records } of sinks) {
      const sunk = this.#bySink.get(sink) ?? []
      sunk.push(...(unpackState(records) as unknown[]))
      this.#bySink.set(sink, sunk)
    }
  }

  topic(name: string): readonly TestOutput[] {
    return this.#byTopic.get(name) ?? []
  }

  /** The records for a function sink, by the function. */
  sink(job: Job, sink: unknown): readonly unknown[] {
    return job.graph.flatMap(({ operator }, index) =>
      operator.kind === "functionSink" && operator.sink === sink ? (this.#bySink.get(index) ?? []) : [],
    )
  }

  copy(): TestResults {
    const copy = new TestResults()
    for (const [topic, outputs] of this.#byTopic) copy.#byTopic.set(topic, [...outputs])
    for (const [sink, records] of this.#bySink) copy.#bySink.set(sink, [...records])
    copy.sides.push(...this.sides)
    return copy
  }
}
