import { refreshTasks } from "../shared/processing/jobs/assign-partitions.ts"
import { JobStore } from "../shared/processing/jobs/job-store.ts"
import { CommitStore } from "../shared/processing/task/commit-store.ts"
import type { JobCode } from "../shared/processing/task/job-code.ts"
import { TaskRunner } from "../shared/processing/task/runner.ts"
import type { Base } from "./runtime/base.ts"
import { type Home, openHome } from "./runtime/home.ts"
import { JobMetrics } from "./runtime/job-metrics.ts"
import type { Invocation, Served } from "./runtime/lambda.ts"
import { type ProcessEvent, processEvent } from "./runtime/process-event.ts"
import { asError } from "./runtime/report.ts"
import type { Settings } from "./runtime/settings.ts"
import { type Steps, TaskWork, type WorkEnd } from "./runtime/task-work.ts"

/** New partitions of what the job reads are looked for once in this time, and only when it is woken. */
const REFRESH_MS = 60_000
/** Tasks whose state an environment keeps warm, most recently worked first: those of one wake and as many again. */
const WARM_TASKS_MAX = 16
/** Of the function's memory, what state of tasks may take that nobody works just now. */
const WARM_STATE_SHARE = 0.25
/** With more than one task to work, an invocation sends all but the first on after this: they then run side by side. */
const SHARED_MS_MAX = 5_000

export interface ProcessResult {
  /** Records that were taken in. */
  readonly records: number
  /** Tasks that are not through: each is woken again by itself. */
  readonly left: readonly number[]
}

/**
 * Works tasks of one job until nothing is new or time is short. What is committed is published before it returns, and
 * nothing goes on behind it. Throws what keeps a task from getting on, after the others are done.
 */
export function createProcess(
  base: Base<Settings<"MILLRACE_TIMERS">>,
  code: JobCode,
): Served<ProcessEvent, ProcessResult> {
  const home = openHome(base)
  const tasks = new WarmTasks(home, code)
  return {
    async handle(event, invocation) {
      const known = processEvent(event)
      const { name } = code.facts
      if (known === undefined || known.job !== name) {
        throw new Error(`event: expected { job: ${JSON.stringify(name)}, tasks: […] }`)
      }
      return tasks.work(known.tasks, invocation)
    },
    idle: () => home.log.idle(),
    async close() {
      await tasks.close()
      await home.log.close()
    },
  }
}

function nothing(task: number): WorkEnd {
  return { kind: "done", task, records: 0 }
}

/** An environment's runners, each with its task's state. */
class WarmTasks {
  readonly #home: Home
  readonly #code: JobCode
  readonly #jobs: JobStore
  readonly #commits: CommitStore
  /** Least recently worked first. */
  readonly #runners = new Map<number, TaskRunner>()
  readonly #metrics: JobMetrics
  #leftMs = () => 0
  #refreshedAt = Number.NEGATIVE_INFINITY

  constructor(home: Home, code: JobCode) {
    this.#home = home
    this.#code = code
    this.#jobs = new JobStore(home.ports)
    this.#commits = new CommitStore(home.ports)
    this.#metrics = new JobMetrics(code.facts.name, home.ports.clock, home.meter)
  }

  async work(tasks: readonly number[], invocation: Invocation): Promise<ProcessResult> {
    const { ports, report, meter } = this.#home
    this.#leftMs = () => invocation.leftMs()
    const began = ports.clock.elapsed()
    const isShared = () => ports.clock.elapsed() - began < SHARED_MS_MAX
    const distinct = [...new Set(tasks)]
    const works = await Promise.allSettled(
      distinct.map(task => TaskWork.begin(this.#home, this.#code.facts.name, task)),
    )
    const dangerous = works.findIndex(begun => begun.status === "fulfilled" && begun.value?.isDangerous)
    const ends = await Promise.allSettled(
      works.map(async (begun, index) => {
        if (begun.status === "rejected") throw begun.reason
        if (dangerous >= 0 && index !== dangerous) return begun.value?.sendOn() ?? nothing(distinct[index]!)
        const mayGoOn = index === Math.max(0, dangerous) ? () => true : isShared
        return this.#work(begun.value, distinct[index]!, invocation, mayGoOn)
      }),
    )
    for (const task of distinct) {
      const runner = this.#runners.get(task)
      if (runner !== undefined) this.#metrics.ended(task, runner)
    }
    await this.#metrics.tell()
    await this.#trim()
    const done = ends.flatMap(end => (end.status === "fulfilled" ? [end.value] : []))
    const records = done.reduce((sum, end) => sum + end.records, 0)
    meter.count("RecordsProcessed", records)
    const failed = ends.flatMap((end, index) => (end.status === "rejected" ? [{ end, index }] : []))
    const [first] = failed
    if (first !== undefined) {
      const error = first.end.reason as Error
      const message = `${failed.length} of ${distinct.length} tasks failed: task ${distinct[first.index]}: ${error.message}`
      throw new Error(message, { cause: error })
    }
    const left = done.filter(({ kind }) => kind === "left").map(({ task }) => task)
    if (left.length > 0) report.info("tasks are sent on", { job: this.#code.facts.name, tasks: left })
    return { records, left }
  }

  async #work(
    work: TaskWork | undefined,
    task: number,
    invocation: Invocation,
    mayGoOn: () => boolean,
  ): Promise<WorkEnd> {
    // Another invocation works it, and looks again before it ends.
    if (work === undefined) return nothing(task)
    const open = async () => {
      await this.#refresh()
      return this.#measured(task)
    }
    return work.run(open, () => invocation.leftMs(), mayGoOn)
  }

  /** A task's runner, which tells of its work however long that takes. */
  #measured(task: number): Steps {
    const runner = this.#runner(task)
    return {
      wake: () => runner.wake(),
      heed: deaths => runner.heed(deaths),
      step: async () => {
        const outcome = await runner.step()
        await this.#metrics.stepped(task, runner)
        return outcome
      },
    }
  }

  /** Gives tasks the partitions that there are by now. What keeps it from that keeps no record from being worked. */
  async #refresh(): Promise<void> {
    const { ports, log, report } = this.#home
    const now = ports.clock.elapsed()
    if (now - this.#refreshedAt < REFRESH_MS) return
    this.#refreshedAt = now
    const { name, sources } = this.#code.facts
    try {
      await refreshTasks({ jobs: this.#jobs, log }, name, sources)
    } catch (error) {
      report.warn("new partitions could not be looked for", { job: name, error: asError(error).message })
    }
  }

  #runner(task: number): TaskRunner {
    const { ports, log } = this.#home
    const known = this.#runners.get(task)
    this.#runners.delete(task)
    const runner =
      known ??
      new TaskRunner({
        ports,
        log,
        jobs: this.#jobs,
        commits: this.#commits,
        code: this.#code,
        task,
        timeLeftMs: () => this.#leftMs(),
      })
    this.#runners.set(task, runner)
    return runner
  }

  /** Lets state go that would take the memory which work needs. */
  async #trim(): Promise<void> {
    const memoryMb = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 1_024)
    const bytesMax = memoryMb * 1024 * 1024 * WARM_STATE_SHARE
    const bytesOf = (runner: TaskRunner) => runner.status()?.stateBytes ?? 0
    let bytes = [...this.#runners.values()].reduce((sum, runner) => sum + bytesOf(runner), 0)
    for (const [task, runner] of this.#runners) {
      const few = this.#runners.size === 1 || (this.#runners.size <= WARM_TASKS_MAX && bytes <= bytesMax)
      if (few) return
      bytes -= bytesOf(runner)
      this.#runners.delete(task)
      await runner.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#runners.values()].map(runner => runner.close()))
  }
}
