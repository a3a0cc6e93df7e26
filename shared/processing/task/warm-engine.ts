import type { Log } from "../../log/types.ts"
import type { EngineBatch, EngineInput, Poison, WorkResult } from "../engine/engine.ts"
import { type JobItem, producerOf } from "../jobs/job-item.ts"
import type { CommitRecord, InputPosition, StoredInput } from "./commit.ts"
import type { CommitStore } from "./commit-store.ts"
import type { TaskSight } from "./decide.ts"
import type { EngineHandle, JobCode } from "./job-code.ts"

/** A task's engine, and the record that its state is as of. */
export class WarmEngine {
  readonly #log: Log
  readonly #commits: CommitStore
  readonly #code: JobCode
  readonly #task: number
  #handle: EngineHandle | undefined
  #warm: TaskSight["warm"]
  #known = new Set<string>()

  constructor(log: Log, commits: CommitStore, code: JobCode, task: number) {
    this.#log = log
    this.#commits = commits
    this.#code = code
    this.#task = task
  }

  get warm(): TaskSight["warm"] {
    return this.#warm
  }

  get stateBytes(): number {
    return this.#handle?.stateBytes ?? 0
  }

  /** Makes an engine with the state of the record. Throws what the stores, the log and the code throw. */
  async load(job: JobItem, head: CommitRecord, inputs: readonly EngineInput[]): Promise<void> {
    await this.drop()
    const { facts } = this.#code
    const infos = await Promise.all(facts.outputs.map(name => this.#log.topic(name)))
    const outputs = infos.map(({ id, name, partitions }) => ({ topic: name, topicId: id, partitions }))
    const runs = await this.#commits.state(head.runs)
    const handle = await this.#code.openEngine({
      job,
      task: this.#task,
      producerId: producerOf(job, this.#task),
      inputs,
      outputs,
      bounded: facts.bounded,
      ...(facts.poison.startsWith("topic:") ? { deadLetters: facts.poison.slice("topic:".length) } : {}),
    })
    this.#handle = handle
    const { times, sequences, counters, time } = head
    await handle.load(runs, {
      inputs: head.inputs.flatMap(input => this.#position(input)),
      times,
      sequences,
      counters,
      quietSince: time,
    })
    this.#known = new Set(inputs.map(idOf))
    this.#warm = { generation: job.generation, seq: head.seq, commitId: head.commitId, dirty: false }
  }

  #position({ uid, end: _end, ...rest }: StoredInput): InputPosition[] {
    const source = this.#code.facts.sources.find(at => at.uid === uid)
    return source === undefined ? [] : [{ source: source.place, ...rest }]
  }

  /** A batch of work. From here on the engine is dirty, until `clean` or `committed`. */
  async work(
    batches: readonly EngineBatch[],
    inputs: readonly EngineInput[],
    now: number,
    skip: readonly Poison[],
  ): Promise<WorkResult> {
    const handle = this.#handle as EngineHandle
    if (this.#warm !== undefined) this.#warm = { ...this.#warm, dirty: true }
    if (inputs.length !== this.#known.size) {
      await handle.addInputs(inputs.filter(input => !this.#known.has(idOf(input))))
      this.#known = new Set(inputs.map(idOf))
    }
    return handle.work(batches, now, skip)
  }

  async writeGroups(from: number, to: number): Promise<Uint8Array> {
    return (this.#handle as EngineHandle).writeGroups(from, to)
  }

  /** The batch of work came to nothing new: the state is what it was. */
  clean(): void {
    if (this.#warm !== undefined) this.#warm = { ...this.#warm, dirty: false }
  }

  committed(generation: number, { seq, commitId }: CommitRecord): void {
    this.#warm = { generation, seq, commitId, dirty: false }
  }

  /** Throws the state away. */
  async drop(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    this.#warm = undefined
    await handle?.close?.()
  }
}

function idOf({ source, topicId, partition }: EngineInput): string {
  return `${source}/${topicId}#${partition}`
}
