import type { GraphNode } from "../../definition/job/graph.ts"
import { type Job, uidOf } from "../../definition/job/job.ts"
import type { EngineBatch, EngineInput, LoadedRun, Poison, Skip } from "../engine/engine.ts"
import { JobEngine, type JobEngineOptions } from "../engine/job-engine.ts"
import { materialised } from "../record.ts"
import type { CommitDraft } from "../task/commit.ts"
import type { TestTopics } from "./partitions.ts"
import { TestResults, type TestSideOutput } from "./results.ts"

/** One thing that happened to the job: what the log, or the test, gave it. */
export interface TestAction {
  readonly batches?: readonly EngineBatch[]
  /** The clock, epoch ms. */
  readonly now: number
  /** Event time that the test itself sets, by input. */
  readonly watermarks?: readonly (readonly [input: EngineInput, watermark: number])[]
  readonly idle?: readonly EngineInput[]
}

interface Done extends TestAction {
  readonly skips: Skip[]
}

/** The task of an earlier version, and what of its state is left behind. */
export interface TestUpgrade {
  readonly task: TestTask
  readonly dropped: readonly string[]
  readonly sameGraph: boolean
}

/** What a commit holds: what a task begins with when it is started again. */
interface Committed {
  readonly runs: readonly LoadedRun[]
  readonly from: CommitDraft | undefined
  readonly results: TestResults
  readonly watermarks: readonly (readonly [input: EngineInput, watermark: number])[]
}

/** An engine that shows what goes to side outputs. */
class ObservedEngine extends JobEngine {
  readonly #sides: TestSideOutput[]

  constructor(options: JobEngineOptions, sides: TestSideOutput[]) {
    super(options)
    this.#sides = sides
  }

  side(operator: string, tag: string, record: unknown, timestamp: number): void {
    this.#sides.push({ operator, tag, record: materialised(record), timestamp })
  }
}

/**
 * A task in memory: the engine that runs everywhere, and in place of the log and the store a list of what happened since
 * the last commit, and that commit. Started again, it goes through the list once more, as a task reads the log again.
 */
export class TestTask {
  readonly #job: Job
  readonly #bounded: boolean
  readonly #topics: TestTopics
  readonly #inputs: EngineInput[]
  #committed: Committed = { runs: [], from: undefined, results: new TestResults(), watermarks: [] }
  #since: Done[] = []
  #engine: ObservedEngine
  results = new TestResults()

  /** @param before whose last commit it goes on from, as an upgrade does */
  constructor(job: Job, bounded: boolean, topics: TestTopics, before?: TestUpgrade) {
    this.#job = job
    this.#bounded = bounded
    this.#topics = topics
    this.#inputs = [...new Set(topics.read)].flatMap(topic => topics.inputsOf(topic))
    if (before !== undefined) this.#committed = before.task.#handedOver(job, before)
    this.#engine = this.#opened()
    if (before !== undefined) this.restart()
  }

  /** The last commit as another version of the job begins with it. */
  #handedOver(next: Job, { dropped, sameGraph }: TestUpgrade): Committed {
    const { runs, from, watermarks } = this.#committed
    const without = (run: LoadedRun) => [...new Set([...(run.without ?? []), ...dropped])]
    const placed = <At extends { readonly source: number }>(at: At): At[] => {
      const uid = uidOf(this.#job.graph[at.source] as GraphNode)
      const source = next.graph.findIndex(node => node.operator.kind === "source" && uidOf(node) === uid)
      return source < 0 ? [] : [{ ...at, source }]
    }
    return {
      runs: dropped.length === 0 ? runs : runs.map(run => ({ ...run, without: without(run) })),
      // Of another graph's event time nothing counts but what its sources' positions tell.
      from: from && { ...from, inputs: from.inputs.flatMap(placed), times: sameGraph ? from.times : [] },
      results: new TestResults(),
      watermarks: watermarks.flatMap(([input, to]) => placed(input).map(at => [at, to] as const)),
    }
  }

  get engine(): JobEngine {
    return this.#engine
  }

  get inputs(): readonly EngineInput[] {
    return this.#inputs
  }

  /** Takes up the partitions of a topic that is new to a pattern. */
  addInputs(inputs: readonly EngineInput[]): void {
    const fresh = inputs.filter(({ topicId }) => !this.#inputs.some(known => known.topicId === topicId))
    this.#inputs.push(...fresh)
    this.#engine.addInputs(fresh)
  }

  /** @returns the poison that stops the task; it is then as it was before */
  run(action: TestAction): Poison | undefined {
    const done: Done = { ...action, skips: [] }
    this.#since.push(done)
    let poison = this.#apply(done)
    while (poison !== undefined) {
      if (!this.#leavesOut(poison, done)) {
        this.#since.pop()
        this.restart()
        return poison
      }
      poison = this.#restarted()
    }
    return undefined
  }

  /** Makes a commit of what happened since the last one. @returns the poison that stops it */
  commit(now: number): Poison | undefined {
    const closing: Done = { now, skips: [] }
    for (;;) {
      const poison = this.#apply(closing)
      const result = poison === undefined ? this.#engine.finish() : ({ ok: false, poison } as const)
      if (result.ok) {
        this.results.add(result.draft)
        this.#keep(result.draft)
        return undefined
      }
      if (!this.#leavesOut(result.poison, closing)) {
        this.restart()
        return result.poison
      }
      this.restart()
    }
  }

  #keep(draft: CommitDraft): void {
    let { runs } = this.#committed
    const seq = (runs.at(-1)?.seq ?? -1) + 1
    if (draft.change !== undefined) {
      const { run } = draft.change
      runs = [...runs, { level: 0, seq, bytes: run.length, run }]
    }
    const set = this.#since.flatMap(({ watermarks = [] }) => watermarks)
    const watermarks = [...this.#committed.watermarks, ...set]
    this.#committed = { runs, from: draft, results: this.results.copy(), watermarks }
    this.#since = []
  }

  /** Throws away all that is not committed, and works through it again. */
  restart(): void {
    const poison = this.#restarted()
    if (poison !== undefined) {
      throw new Error(`the job's functions are not the same twice: ${poison.error}, on what went well before`)
    }
  }

  #restarted(): Poison | undefined {
    const { runs, from, results, watermarks } = this.#committed
    this.results = results.copy()
    this.#engine = this.#opened()
    this.#engine.load(runs, from)
    for (const [input, watermark] of watermarks) this.#engine.advanceWatermark(input, watermark)
    for (const done of this.#since) {
      const poison = this.#apply(done)
      if (poison === undefined) continue
      if (!this.#leavesOut(poison, done)) return poison
      return this.#restarted()
    }
    return undefined
  }

  #opened(): ObservedEngine {
    const { poison } = this.#job.options
    const options = {
      job: this.#job,
      bounded: this.#bounded,
      producerId: 0,
      codec: "none",
      inputs: this.#inputs,
      outputs: this.#topics.outputs,
      ...(typeof poison === "object" ? { deadLetters: poison.deadLetter.name } : {}),
    } as const
    return new ObservedEngine(options, this.results.sides)
  }

  #apply({ batches = [], now, watermarks = [], idle = [], skips }: Done): Poison | undefined {
    for (const [input, watermark] of watermarks) this.#engine.advanceWatermark(input, watermark)
    for (const input of idle) this.#engine.markIdle(input)
    const poison = this.#engine.process(batches, now, skips)
    if (poison === undefined) this.results.add(this.#engine.takeResults())
    return poison
  }

  /** Leaves poison out from now on, where the job says so. */
  #leavesOut(poison: Poison, done: Done): boolean {
    const { poison: policy = "fail" } = this.#job.options
    if (policy === "fail") return false
    done.skips.push(poison)
    return true
  }
}
