import type { StepOutcome } from "../../shared/processing/task/outcome.ts"
import type { TaskRunner } from "../../shared/processing/task/runner.ts"
import { TIMER_SECONDS_MAX } from "./cloud.ts"
import type { Home } from "./home.ts"
import type { ProcessEvent } from "./process-event.ts"
import { asError } from "./report.ts"
import { TaskLease } from "./task-lease.ts"

/** Below this no further step is begun: what a step has under way takes less. A short invocation keeps a third for it. */
const END_MS = 20_000
const END_SHARE = 1 / 3
/** Failures in a row after which an invocation gives up: it fails, and the alarm tells. */
const FAILURES_MAX = 4
const FAILURE_PAUSE_MS = 100
/** Losses in a row, which another worker causes, who will do as well. */
const LOST_MAX = 8
const LOST_PAUSE_MS = 20
/** What the queue counts delays in. */
const SECOND_MS = 1_000

export type Steps = Pick<TaskRunner, "wake" | "step" | "heed">

export interface WorkEnd {
  /** `left`: there is more to do, for which another wake is under way. */
  readonly kind: "done" | "left"
  readonly task: number
  readonly records: number
}

/** One invocation's work on one task, under its lease. */
export class TaskWork {
  readonly #home: Home
  readonly #job: string
  readonly #task: number
  readonly #lease: TaskLease
  #records = 0

  private constructor(home: Home, job: string, task: number, lease: TaskLease) {
    this.#home = home
    this.#job = job
    this.#task = task
    this.#lease = lease
  }

  /** Undefined: another invocation has the task's lease; it looks again before it lets go. */
  static async begin(home: Home, job: string, task: number): Promise<TaskWork | undefined> {
    const lease = await TaskLease.take(home.ports, job, task)
    return lease === undefined ? undefined : new TaskWork(home, job, task, lease)
  }

  /** Its workers before died: should it be the task's doing, none other is to be hit by it, nor blamed. */
  get isDangerous(): boolean {
    return this.#lease.note.deaths > 0
  }

  /**
   * Steps until nothing is new, time is short or somebody else is at it, then lets go of the lease. Throws what the
   * runner throws again and again.
   * @param open gives the task's runner
   */
  async run(open: () => Promise<Steps>, leftMs: () => number, mayGoOn: () => boolean): Promise<WorkEnd> {
    const { report } = this.#home
    const endMs = Math.min(END_MS, leftMs() * END_SHARE)
    const hasTime = () => leftMs() > endMs && mayGoOn()
    const job = this.#job
    const task = this.#task
    try {
      const runner = await open()
      runner.heed(this.#lease)
      for (let released = false; !released; released = await this.#lease.release()) {
        runner.wake()
        const outcome = await this.#drain(runner, hasTime)
        if (outcome.kind === "yielded") return await this.sendOn()
        if (outcome.kind === "idle") await this.#arm(outcome.dueAt)
        if (outcome.kind === "stopped") report.info("a task stands still", { job, task, why: outcome.why })
      }
    } catch (error) {
      // Whoever is woken next need not wait for its end.
      await this.#letGo().catch(() => undefined)
      throw error
    }
    return { kind: "done", task, records: this.#records }
  }

  async #drain(runner: Steps, hasTime: () => boolean): Promise<StepOutcome> {
    const { ports, report } = this.#home
    let failures = 0
    let lost = 0
    while (hasTime()) {
      let outcome: StepOutcome
      try {
        outcome = await runner.step()
      } catch (error) {
        failures++
        if (failures === FAILURES_MAX) throw error
        report.warn("a step failed", { job: this.#job, task: this.#task, error: asError(error).message })
        await ports.clock.sleep(FAILURE_PAUSE_MS * 2 ** failures)
        continue
      }
      failures = 0
      if (outcome.kind === "lost") {
        lost++
        if (lost === LOST_MAX) return { kind: "yielded" }
        await ports.clock.sleep(ports.random.integer(LOST_PAUSE_MS * 2 ** lost))
      } else if (outcome.kind === "worked") {
        lost = 0
        this.#records += outcome.records
        if (await this.#lease.keep()) runner.wake()
      } else return outcome
    }
    return { kind: "yielded" }
  }

  /** Has another invocation go on. The lease is free before: its wake would only leave a mark. */
  async sendOn(): Promise<WorkEnd> {
    await this.#letGo()
    await this.#send(0)
    return { kind: "left", task: this.#task, records: this.#records }
  }

  /** Whoever left a mark has to be woken for by somebody else. */
  async #letGo(): Promise<void> {
    for (let released = false; !released; ) released = await this.#lease.release()
  }

  /** Has the task woken when something is due, unless that is under way already. */
  async #arm(dueAt: number | undefined): Promise<void> {
    if (dueAt === undefined) return
    const now = this.#home.ports.clock.now()
    const { armedAt } = this.#lease
    // One is under way that comes early enough, and arms the next one where it comes too early.
    if (armedAt > now && armedAt < dueAt + SECOND_MS) return
    const seconds = Math.min(Math.max(1, Math.ceil((dueAt - now) / SECOND_MS)), TIMER_SECONDS_MAX)
    await this.#send(seconds)
    this.#lease.armedAt = now + seconds * SECOND_MS
  }

  async #send(delaySeconds: number): Promise<void> {
    const event: ProcessEvent = { job: this.#job, tasks: [this.#task] }
    await this.#home.cloud.timers.send(JSON.stringify(event), delaySeconds)
  }
}
