import { type Duration, durationMs } from "../../definition/duration.ts"
import { DefinitionError, Faults } from "../../definition/faults.ts"
import { boundedJob } from "../../definition/job/bounded-job.ts"
import type { Job } from "../../definition/job/job.ts"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import type { SinkFunction } from "../../definition/job/sinks.ts"
import { droppedUids, graphText } from "../../definition/plan-job.ts"
import { resolveJob } from "../../definition/resolve-job.ts"
import type { Table } from "../../definition/table.ts"
import type { Topic } from "../../definition/topic.ts"
import type { EngineInput, Poison } from "../engine/engine.ts"
import { END_OF_TIME } from "../operator.ts"
import type { KeyPart } from "../state/keys.ts"
import type { TaskCounters } from "../task/commit.ts"
import { stateOf, type TestTimer, timersOf } from "./inspect.ts"
import { type TestInput, TestTopics } from "./partitions.ts"
import type { TestOutput, TestSideOutput } from "./results.ts"
import { TestTask } from "./test-task.ts"

export interface TestJobOptions {
  /** Every source ends, as with `--bounded`: event time stands still until `end()`. Default: as the job's sources say. */
  readonly bounded?: boolean
  /** An earlier version of the job, from whose last commit this one goes on: its state is found by the steps' uids. */
  readonly upgradeOf?: TestJob
  /** The clock at first, epoch ms. Default 0. */
  readonly now?: number
  /** Other numbers of partitions than the topics', by the topic's name. */
  readonly partitions?: Readonly<Record<string, number>>
}

export interface PushOptions {
  /** The record's own timestamp, epoch ms; event time where neither source nor topic say another. Default: the clock. */
  readonly timestamp?: number
  /** Default: by the key as producers choose it; without one 0. */
  readonly partition?: number
  /** Default: the topic's key field, where it has one. */
  readonly key?: string
}

export type OptionsOfEach<T> = PushOptions | ((record: T, index: number) => PushOptions)

/** Which partitions of which topic: default all. */
export interface PartitionChoice {
  readonly topic?: Topic | string
  readonly partition?: number
}

/** A test asks for something that the job does not have, or a function of the job's threw. */
export class JobTestError extends Error {
  override readonly name = "JobTestError"
  /** What the job's functions do not take, where that is why. */
  readonly poison: Poison | undefined

  constructor(message: string, poison?: Poison) {
    super(message)
    this.poison = poison
  }
}

/**
 * A job at work in memory: synchronous, without a clock of its own, in the engine that runs everywhere. Throws
 * `DefinitionError` for a job with mistakes.
 */
export function testJob(job: Job, options: TestJobOptions = {}): TestJob {
  return new TestJob(job, options)
}

export class TestJob {
  readonly job: Job
  readonly #topics: TestTopics
  readonly #task: TestTask
  readonly #definition: JobDefinition
  readonly #seen = new Map<string, number>()
  #now: number

  constructor(given: Job, { bounded = false, now = 0, partitions = {}, upgradeOf }: TestJobOptions) {
    const job = bounded ? boundedJob(given) : given
    const faults = new Faults()
    const definition = resolveJob(job, faults)
    if (definition === undefined) throw new DefinitionError(faults.list)
    this.job = job
    this.#definition = definition
    const ends = definition.bounded
    if (upgradeOf === undefined) {
      this.#now = now
      this.#topics = new TestTopics(job, partitions)
      this.#task = new TestTask(job, ends, this.#topics)
    } else {
      this.#now = Math.max(now, upgradeOf.#now)
      this.#topics = new TestTopics(job, partitions, upgradeOf.#topics)
      this.#task = new TestTask(job, ends, this.#topics, {
        task: upgradeOf.#task,
        dropped: droppedUids(upgradeOf.#definition, definition),
        sameGraph: graphText(upgradeOf.#definition) === graphText(definition),
      })
    }
  }

  /** Gives the job a record. Event time goes on by it as the source's watermark says, and what is due fires. */
  push<T>(topic: Topic<T>, record: NoInfer<T>, options?: PushOptions): this
  push(topic: string, record: unknown, options?: PushOptions): this
  push(topic: Topic | string, record: unknown, options: PushOptions = {}): this {
    return this.#push(this.#topic(topic), [this.#input(topic, record, options)])
  }

  /**
   * Gives the job records at once, as one batch: event time goes on after the last of them.
   * @param options of all records, or a function that gives each one's
   */
  pushAll<T>(topic: Topic<T>, records: Iterable<NoInfer<T>>, options?: OptionsOfEach<T>): this
  pushAll(topic: string, records: Iterable<unknown>, options?: OptionsOfEach<unknown>): this
  pushAll(topic: Topic | string, records: Iterable<unknown>, options: OptionsOfEach<never> = {}): this {
    const inputs = Array.from(records, (record, index) =>
      this.#input(topic, record, typeof options === "function" ? options(record as never, index) : options),
    )
    return this.#push(this.#topic(topic), inputs)
  }

  /** Event time has come to `to` (epoch ms) on those partitions, whatever the records say. It never falls. */
  advanceWatermark(to: number, choice: PartitionChoice = {}): this {
    const watermarks = this.#chosen(choice).map(input => [input, to] as const)
    return this.#run({ now: this.#now, watermarks })
  }

  /** Those partitions do not hold event time back until records come. */
  idle(choice: PartitionChoice = {}): this {
    return this.#run({ now: this.#now, idle: this.#chosen(choice) })
  }

  /** The clock goes on: processing-time timers that are due fire. @param by such as `"5s"`, or ms */
  advanceClock(by: Duration | number): this {
    const ms = typeof by === "number" ? by : durationMs(by)
    if (ms === undefined || !(ms >= 0)) {
      throw new JobTestError(`advanceClock: expected a duration such as "5s", or ms, found ${String(by)}`)
    }
    this.#now += ms
    return this.#run({ now: this.#now })
  }

  /** The topics end: everything that is due by event time fires. Then a commit is made. */
  end(choice: PartitionChoice = {}): this {
    const chosen = this.#chosen(choice)
    const batches = chosen.map(({ source, topicId, partition }) => {
      const next = this.#positionOf(topicId, partition)
      return { source, topicId, partition, batches: [], from: next, next, ended: true }
    })
    // A source that has no end of its own goes on: what ends is its time.
    const watermarks = chosen
      .filter(({ source }) => !this.#isBounded(source))
      .map(input => [input, END_OF_TIME] as const)
    return this.#run({
      now: this.#now,
      batches: batches.filter(({ source }) => this.#isBounded(source)),
      watermarks,
    }).commit()
  }

  #isBounded(source: number): boolean {
    const operator = this.job.graph[source]?.operator
    return operator?.kind === "source" && operator.bounded
  }

  #positionOf(topicId: string, partition: number): number {
    const positions = this.#task.engine.positions()
    return positions.find(at => at.topicId === topicId && at.partition === partition)?.next ?? 0
  }

  /** A commit, as the runtime makes one every second: rows of updating streams are given with it. */
  commit(): this {
    const poison = this.#task.commit(this.#now)
    if (poison !== undefined) throw poisonError(this.job, poison)
    return this
  }

  /**
   * The process dies, and another one goes on from the last commit: state as it was stored, and what was pushed since
   * comes again. Results that were not committed are thrown away and made anew.
   */
  kill(): this {
    this.#task.restart()
    return this
  }

  /** The records that the job has written to a topic, or to a table of `records(…)`. */
  output<T>(topic: Topic<T> | Table<T>): readonly T[]
  output(topic: string): readonly unknown[]
  output(topic: Topic | Table | string): readonly unknown[] {
    return this.#outputs(topic).map(({ value }) => value)
  }

  /** As `output`, with keys, timestamps, headers and partitions. */
  outputs<T>(topic: Topic<T> | Table<T>): readonly TestOutput<T>[]
  outputs(topic: string): readonly TestOutput[]
  outputs(topic: Topic | Table | string): readonly TestOutput[] {
    return [...this.#outputs(topic)]
  }

  /** The records that were written to a topic since the last call of this method for it. */
  newOutput<T>(topic: Topic<T> | Table<T>): readonly T[]
  newOutput(topic: string): readonly unknown[]
  newOutput(topic: Topic | Table | string): readonly unknown[] {
    const name = nameOf(topic)
    const all = this.#outputs(topic)
    const from = this.#seen.get(name) ?? 0
    this.#seen.set(name, all.length)
    return all.slice(from).map(({ value }) => value)
  }

  /** What a step gave to a side output, read or not: `late` of a window, a tag of a process function. */
  sideOutput(uid: string, tag: string): readonly TestSideOutput[] {
    this.#known(uid)
    return this.#task.results.sides.filter(side => side.operator === uid && side.tag === tag)
  }

  /** The records that a sink of one's own was given. */
  sinkRecords<T>(sink: SinkFunction<T>): readonly T[] {
    return this.#task.results.sink(this.job, sink) as readonly T[]
  }

  /**
   * A step's state for a key, as plain data; undefined: none. Of a process function by the states' names; of a window a
   * list of windows with their accumulators.
   * @param key one value, or the key's fields
   */
  state(uid: string, key: KeyPart | Readonly<Record<string, KeyPart>>): unknown {
    const table = this.#known(uid)
    const parts = typeof key === "object" && key !== null ? Object.values(key) : [key]
    return stateOf(this.job, uid, table, parts)
  }

  /** Timers that are set, in ascending order of their times. @param uid of a step; default: of all */
  timers(uid?: string): readonly TestTimer[] {
    const uids = uid === undefined ? [...this.#task.engine.states().keys()] : [uid]
    const timers = uids.flatMap(each => timersOf(this.job, each, this.#known(each)))
    return timers.sort((left, right) => left.time - right.time)
  }

  /** Records in and out, and those that were dropped: `late`, `duplicate`, `expired`, `skipped`. */
  get counters(): TaskCounters {
    return this.#task.engine.counters
  }

  /** How far event time has come at the job's sinks, epoch ms; −∞ at first, `Infinity` once everything has ended. */
  get watermark(): number {
    const { watermark } = this.#task.engine
    return watermark === END_OF_TIME ? Number.POSITIVE_INFINITY : watermark
  }

  /** The clock, epoch ms. */
  get now(): number {
    return this.#now
  }

  #push(topic: Topic, inputs: readonly TestInput[]): this {
    const reads = this.#topics.inputsOf(topic)
    if (reads.length === 0) throw this.#unread(topic.name)
    this.#task.addInputs(reads)
    return this.#run({ now: this.#now, batches: this.#topics.batches(topic, inputs) })
  }

  #run(action: Parameters<TestTask["run"]>[0]): this {
    const poison = this.#task.run(action)
    if (poison !== undefined) throw poisonError(this.job, poison)
    return this
  }

  #input(given: Topic | string, record: unknown, options: PushOptions): TestInput {
    const topic = this.#topic(given)
    const { timestamp = this.#now, key = keyOf(topic, record) } = options
    const partition = options.partition ?? this.#topics.partitionFor(topic, key)
    const partitions = this.#topics.partitionsOf(topic)
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
      throw new JobTestError(
        `${topic.name}: expected a partition from 0 to ${partitions - 1}, found ${partition}`,
      )
    }
    if (!Number.isSafeInteger(timestamp)) {
      throw new JobTestError(`${topic.name}: expected a timestamp in epoch ms, found ${String(timestamp)}`)
    }
    return { record, timestamp, key, partition }
  }

  #topic(topic: Topic | string): Topic {
    if (typeof topic !== "string") return topic
    const named = this.#topics.read.find(({ name }) => name === topic)
    return named ?? { kind: "topic", name: topic, options: {} }
  }

  #unread(topic: string): JobTestError {
    const read = [...new Set(this.#task.inputs.map(input => input.topic))].join(", ")
    return new JobTestError(
      `the job ${this.job.name} does not read the topic ${topic}; it reads ${read || "none yet"}`,
    )
  }

  #chosen({ topic, partition }: PartitionChoice): readonly EngineInput[] {
    const name = topic === undefined ? undefined : nameOf(topic)
    const chosen = this.#task.inputs.filter(
      input =>
        (name === undefined || input.topic === name) &&
        (partition === undefined || input.partition === partition),
    )
    if (chosen.length === 0 && name !== undefined)
      throw this.#unread(`${name}${partition === undefined ? "" : `/${partition}`}`)
    return chosen
  }

  #outputs(topic: Topic | Table | string): readonly TestOutput[] {
    const name = nameOf(topic)
    const written = this.#topics.outputs.map(output => output.topic)
    if (!written.includes(name)) {
      throw new JobTestError(
        `the job ${this.job.name} does not write the topic ${name}; it writes ${written.join(", ") || "none"}`,
      )
    }
    return this.#task.results.topic(name)
  }

  #known(uid: string) {
    const states = this.#task.engine.states()
    const table = states.get(uid)
    if (table !== undefined) return table
    throw new JobTestError(
      `the job ${this.job.name} has no step with state and the uid ${uid}; it has ${[...states.keys()].join(", ") || "none"}`,
    )
  }
}

function nameOf(target: Topic | Table | string): string {
  if (typeof target === "string") return target
  return target.kind === "table" ? (target.sink?.name ?? target.name) : target.name
}

function keyOf({ options }: Topic, record: unknown): string | undefined {
  if (typeof options.key !== "string") return undefined
  const key = (record as Readonly<Record<string, unknown>> | null)?.[options.key]
  return key === undefined || key === null ? undefined : typeof key === "string" ? key : JSON.stringify(key)
}

function poisonError({ name }: Job, poison: Poison): JobTestError {
  if ("operator" in poison) {
    const { operator, kind, time, key, error } = poison
    const what = kind === "commit" ? "the row" : `the ${kind}-time timer at ${time}`
    return new JobTestError(
      `the job ${name} stops: ${error}\n  in ${what} of ${operator}, key ${key}`,
      poison,
    )
  }
  const { topicId, partition, offset, error, record } = poison
  const topic = topicId.slice(topicId.indexOf("/") + 1)
  return new JobTestError(
    `the job ${name} stops: ${error}\n  at ${topic}, partition ${partition}, offset ${offset}: ${record}`,
    poison,
  )
}
