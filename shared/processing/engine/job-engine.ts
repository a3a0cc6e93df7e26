import type { TopicSource } from "../../definition/job/graph.ts"
import type { Job } from "../../definition/job/job.ts"
import { type BatchCodec, RecordCursor } from "../../log/records/index.ts"
import { type DropReason, END_OF_TIME, type StateTable } from "../operator.ts"
import { TimerFault } from "../operators/timer-fault.ts"
import { Program, type ProgramHost, timerId } from "../program.ts"
import { materialised } from "../record.ts"
import { RecordTexts } from "../records/record-texts.ts"
import { packState } from "../state/packing.ts"
import { takeChanges, takeGroups } from "../state/run-codec.ts"
import { baseSeqs, inOrder, readRunOf } from "../state/run-levels.ts"
import type { CommitDraft, InputPosition, TaskCounters } from "../task/commit.ts"
import { DeadLetterWriter } from "./dead-letter-writer.ts"
import type {
  EngineBatch,
  EngineInput,
  EngineOptions,
  LoadedRun,
  LoadFrom,
  Poison,
  PoisonRecord,
  PoisonTimer,
  Skip,
  TaskEngine,
  WorkResult,
} from "./engine.ts"
import { type TimestampReader, timestampReader } from "./event-time.ts"
import { inputId, type SourceInput, SourceInputs } from "./source-input.ts"
import { TopicWriter } from "./topic-writer.ts"

/** What of a poison record is shown, characters. */
const POISON_SHOWN_MAX = 1_000

const decoder = new TextDecoder()

export interface JobEngineOptions extends EngineOptions {
  readonly job: Job
  readonly producerId: number
  readonly codec?: BatchCodec
}

const NO_COUNTERS: TaskCounters = {
  recordsIn: 0,
  recordsOut: 0,
  late: 0,
  duplicate: 0,
  expired: 0,
  skipped: 0,
}

/** A task's computing side over a job's own functions, in this thread. */
export class JobEngine implements TaskEngine, ProgramHost {
  readonly #job: Job
  readonly #program: Program
  readonly #sources = new Map<number, SourceInputs>()
  readonly #timestamps = new Map<number, TimestampReader>()
  readonly #byId = new Map<string, SourceInput>()
  readonly #writers = new Map<number, TopicWriter>()
  readonly #sinkRecords = new Map<number, unknown[]>()
  readonly #deadLetters: DeadLetterWriter | undefined
  readonly #sequences = new Map<string, number>()
  #counters: { -readonly [K in keyof TaskCounters]: TaskCounters[K] } = { ...NO_COUNTERS }
  processingTime = 0
  skippedTimers: ReadonlySet<string> = new Set()

  constructor(options: JobEngineOptions) {
    const { job, bounded, outputs, inputs } = options
    this.#job = job
    this.#program = new Program(job, this, { bounded })
    const texts = new RecordTexts()
    for (const [index, node] of job.graph.entries()) {
      const { operator } = node
      if (operator.kind === "source") {
        this.#sources.set(index, new SourceInputs(operator, texts))
      } else if (operator.kind === "topicSink") {
        const output = outputs.find(({ topic }) => topic === operator.topic.name)
        if (output === undefined) continue
        const key = operator.topic.options.key as string | undefined
        const writer = { output, codec: options.codec ?? "none", producerId: options.producerId, texts }
        this.#writers.set(
          index,
          new TopicWriter(node, operator.options as never, key, writer, this.#sequences),
        )
      } else if (operator.kind === "functionSink") this.#sinkRecords.set(index, [])
    }
    const letters = outputs.find(({ topic }) => topic === options.deadLetters)
    if (letters !== undefined) {
      const writer = { output: letters, codec: options.codec ?? "none", producerId: options.producerId }
      this.#deadLetters = new DeadLetterWriter(writer, this.#sequences)
    }
    this.addInputs(inputs)
  }

  addInputs(inputs: readonly EngineInput[], positions: readonly InputPosition[] = []): void {
    for (const input of inputs) {
      const sources = this.#sources.get(input.source)
      if (sources === undefined) continue
      const id = inputId(input)
      sources.add(
        input,
        positions.find(position => inputId(position) === id),
      )
      this.#byId.set(id, sources.inputs.get(id) as SourceInput)
      this.#timestamps.set(input.source, this.#timestampsOf(sources.source, input.topic))
    }
  }

  #timestampsOf(source: TopicSource, topic: string): TimestampReader {
    const named = source.topics.find(({ name }) => name === topic)
    return timestampReader(source.timestamp as never, named?.options.eventTime as string | undefined)
  }

  load(runs: readonly LoadedRun[], from: LoadFrom | undefined): void {
    if (from !== undefined) {
      this.#counters = { ...from.counters }
      for (const [id, sequence] of Object.entries(from.sequences)) this.#sequences.set(id, sequence)
      const inputs = [...this.#byId.values()].map(({ input }) => input)
      this.#byId.clear()
      for (const sources of this.#sources.values()) sources.inputs.clear()
      this.addInputs(inputs, from.inputs)
      for (const input of this.#byId.values()) input.lastRecordAt = from.quietSince
      this.#program.restoreTimes(from.times)
      for (const [index, sources] of this.#sources) {
        const watermark = from.times[index]?.watermark
        if (watermark !== undefined) sources.restore(watermark)
      }
    }
    const states = this.#program.states()
    const base = baseSeqs(runs)
    for (const run of inOrder(runs)) {
      readRunOf(run, base, (group, uid, key, value) => states.get(uid)?.load(group, key, value))
    }
    for (const table of states.values()) table.loaded()
  }

  work(batches: readonly EngineBatch[], now: number, skip: readonly Skip[]): WorkResult {
    const poison = this.process(batches, now, skip)
    return poison === undefined ? this.finish() : { ok: false, poison }
  }

  /** The first half of `work`: records and timers. It may come several times before `finish`. */
  process(batches: readonly EngineBatch[], now: number, skip: readonly Skip[]): Poison | undefined {
    this.processingTime = Math.max(this.processingTime, now)
    const timers = skip.flatMap(at => ("operator" in at ? [timerId(at.operator, at)] : []))
    this.skippedTimers = new Set(timers)
    this.#counters.skipped += this.skippedTimers.size
    return timerPoisonOf(() => {
      this.#program.advanceProcessingTime()
      const poison = this.#read(batches, skip)
      if (poison === undefined) this.#advanceTime()
      return poison
    })
  }

  /** The second half of `work`: what is given once a commit, and the draft. */
  finish(): WorkResult {
    const poison = timerPoisonOf(() => this.#program.beforeCommit())
    return poison === undefined ? { ok: true, draft: this.#draft() } : { ok: false, poison }
  }

  #inputOf({
    source,
    topicId,
    partition,
  }: Pick<EngineBatch, "source" | "topicId" | "partition">): SourceInput | undefined {
    if (source !== undefined) return this.#byId.get(inputId({ source, topicId, partition }))
    for (const at of this.#byId.values()) {
      if (at.input.topicId === topicId && at.input.partition === partition) return at
    }
    return undefined
  }

  /** Takes the records in, then looks who is idle. */
  #read(batches: readonly EngineBatch[], skip: readonly Skip[]): PoisonRecord | undefined {
    const fed = new Set<SourceInput>()
    for (const batch of batches) {
      const input = this.#inputOf(batch)
      if (input === undefined) continue
      const poison = this.#feed(input, batch, skip)
      if (poison !== undefined) return poison
      if (batch.next > input.next) fed.add(input)
      if (batch.missed !== undefined) {
        this.#counters.missed = (this.#counters.missed ?? 0) + batch.missed
      }
      input.next = batch.next
      if (batch.ended) input.ended = true
      if (batch.gone === true) input.idle = true
    }
    for (const input of this.#byId.values()) {
      input.look(
        this.processingTime,
        this.#sources.get(input.input.source)?.source.idleAfterMs,
        fed.has(input),
      )
    }
    return undefined
  }

  #advanceTime(): void {
    for (const [index, sources] of this.#sources) this.#program.sourceTime(index, sources.time())
    this.#program.endBatch()
    this.#program.advanceProcessingTime()
    if (this.#program.watermark === END_OF_TIME) this.#program.endProcessingTime()
  }

  #feed(input: SourceInput, batch: EngineBatch, skip: readonly Skip[]): PoisonRecord | undefined {
    const { topicId, partition } = batch
    const skipped = new Map(
      skip.flatMap(at =>
        "offset" in at && at.topicId === topicId && at.partition === partition
          ? [[at.offset, at.error] as const]
          : [],
      ),
    )
    const { source } = input.input
    const collector = this.#program.source(source)
    const timeOf = this.#timestamps.get(source) as TimestampReader
    const { reader } = this.#sources.get(source) as SourceInputs
    for (const bytes of batch.batches) {
      const cursor = new RecordCursor(bytes)
      while (cursor.next()) {
        if (cursor.offset < batch.from || cursor.offset >= batch.next || cursor.valueStart < 0) continue
        if (skipped.size > 0 && skipped.has(cursor.offset)) {
          this.#counters.skipped++
          this.#deadLetters?.writeStored(cursor, skipped.get(cursor.offset))
          continue
        }
        try {
          const record = reader.read(cursor.buffer, cursor.valueStart, cursor.valueEnd)
          const timestamp = timeOf(record, cursor.timestamp)
          this.#counters.recordsIn++
          collector.record(record, timestamp)
          const mark = input.generator.onRecord(record, timestamp)
          if (mark !== undefined)
            this.#program.sourceTime(source, (this.#sources.get(source) as SourceInputs).time())
        } catch (error) {
          // A record's watermark fired it.
          if (error instanceof TimerFault) throw error
          const text = decoder.decode(cursor.buffer.subarray(cursor.valueStart, cursor.valueEnd))
          const record = text.slice(0, POISON_SHOWN_MAX)
          return {
            topicId,
            partition,
            offset: cursor.offset,
            error: messageOf(error),
            record,
          }
        }
      }
    }
    return undefined
  }

  sink(index: number, record: unknown, timestamp: number): void {
    this.#counters.recordsOut++
    const writer = this.#writers.get(index)
    if (writer !== undefined) writer.write(record, timestamp)
    else this.#sinkRecords.get(index)?.push(materialised(record))
  }

  dropped(_uid: string, reason: DropReason): void {
    this.#counters[reason]++
  }

  /** The results so far for topics and function sinks, which then are not in the draft any more. */
  takeResults(): Pick<CommitDraft, "outputs" | "sinks"> {
    const outputs = [...this.#writers.values()].flatMap(writer => writer.take())
    if (this.#deadLetters !== undefined) outputs.push(...this.#deadLetters.take())
    const sinks = [...this.#sinkRecords].flatMap(([sink, records]) =>
      records.length === 0 ? [] : [{ sink, records: packState(records.splice(0)) }],
    )
    return { outputs, sinks }
  }

  #draft(): CommitDraft {
    const { outputs, sinks } = this.takeResults()
    return {
      inputs: this.positions(),
      times: this.#program.times(),
      change: takeChanges(this.#program.states()),
      outputs,
      sinks,
      sequences: Object.fromEntries(this.#sequences),
      nextTimer: this.#program.nextTimer,
      counters: { ...this.#counters },
    }
  }

  writeGroups(from: number, to: number): Uint8Array {
    return takeGroups(this.#program.states(), from, to)
  }

  get stateBytes(): number {
    let bytes = 0
    for (const table of this.#program.states().values()) bytes += table.bytes
    return bytes
  }

  positions(): readonly InputPosition[] {
    return [...this.#byId.values()].map(input => input.position())
  }

  /** An input's event time has come at least this far, whatever its records say. For tests. */
  advanceWatermark(at: { readonly topicId: string; readonly partition: number }, watermark: number): void {
    const input = this.#inputOf(at)
    if (input !== undefined) input.watermarkMin = Math.max(input.watermarkMin, watermark)
  }

  /** An input is idle until records come. For tests. */
  markIdle(at: { readonly topicId: string; readonly partition: number }): void {
    const input = this.#inputOf(at)
    if (input !== undefined) input.idle = true
  }

  /** The state by the operators' uids, and how far event time has come. */
  states(): ReadonlyMap<string, StateTable> {
    return this.#program.states()
  }

  get counters(): TaskCounters {
    return { ...this.#counters }
  }

  get watermark(): number {
    return this.#program.watermark
  }

  /** The job that this engine computes. */
  get job(): Job {
    return this.#job
  }
}

/** What `act` gives, or the poison of a timer that it sets off. */
function timerPoisonOf<P>(act: () => P): P | PoisonTimer {
  try {
    return act()
  } catch (error) {
    if (error instanceof TimerFault) return poisonTimer(error)
    throw error
  }
}

function poisonTimer({ timer, uid = "", message }: TimerFault): PoisonTimer {
  return { ...timer, operator: uid, error: message }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
