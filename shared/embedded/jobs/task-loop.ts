import type { TaskActivity } from "../../processing/jobs/job-view.ts"
import type { StopReason } from "../../processing/task/outcome.ts"
import type { TaskRunner } from "../../processing/task/runner.ts"
import type { Clock } from "../../storage/time.ts"
import type { Bell, Turns } from "./bell.ts"
import { WorkerError } from "./worker-code.ts"

/** Hints may be lost, and timers missed: a task that has nothing to do looks again after this. */
const IDLE_MS_MAX = 10_000
/** Records that come one by one are taken together: a commit for each would cost more than it gains. */
const LINGER_MS = 20
/** After a lost commit, or before an item that is about to be written. */
const LOST_MS = 50
/** The pause after a fault that is none of the job's code, such as a sink that refuses … */
const RETRY_MS = 200
/** … doubling up to this. */
const RETRY_MS_MAX = 30_000
/** How busy a task is is measured over this. */
const BUSY_WINDOW_MS = 10_000

export interface TaskLoopOptions {
  readonly runner: TaskRunner
  readonly bell: Bell
  readonly turns: Turns
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of faults that are tried again. */
  readonly onFault: (error: unknown) => void
  /** Told of every step that came to its end. */
  readonly onStep: () => void
}

/** One task of a job at work, until it stops or is told to. */
export class TaskLoop {
  readonly #options: TaskLoopOptions
  #window = { beganMs: 0, busyMs: 0 }
  #busyRatio: number | undefined

  constructor(options: TaskLoopOptions) {
    this.#options = options
    this.#window.beganMs = options.clock.elapsed()
  }

  /**
   * Steps until the task stops; undefined: `signal` ended it, between two commits. Throws `WorkerError` when the job's
   * thread has ended.
   */
  async run(): Promise<StopReason | undefined> {
    const { runner, turns, clock, signal, onFault, onStep } = this.#options
    let retryMs = RETRY_MS
    runner.wake()
    while (!signal.aborted) {
      try {
        const outcome = await turns.take(() => runner.step())
        this.#measure()
        retryMs = RETRY_MS
        if (outcome.kind !== "lost") onStep()
        if (outcome.kind === "idle") await this.#rest(outcome.dueAt)
        else if (outcome.kind === "lost") await clock.sleep(LOST_MS, signal)
        else if (outcome.kind === "stopped") {
          if (outcome.why !== "sealed") return outcome.why
          await clock.sleep(LOST_MS, signal)
          runner.wake()
        }
      } catch (error) {
        if (error instanceof WorkerError && error.code !== "failed") throw error
        onFault(error)
        await clock.sleep(retryMs, signal)
        retryMs = Math.min(2 * retryMs, RETRY_MS_MAX)
        runner.wake()
      }
    }
    return undefined
  }

  /** Until a hint comes, or something is due by the clock. */
  async #rest(dueAt: number | undefined): Promise<void> {
    const { runner, bell, clock, signal } = this.#options
    const ms = dueAt === undefined ? IDLE_MS_MAX : Math.min(IDLE_MS_MAX, Math.max(0, dueAt - clock.now()))
    if (await bell.wait(ms, signal)) {
      await clock.sleep(LINGER_MS, signal)
      runner.wake(bell.takeHints())
    } else runner.wake()
  }

  #measure(): void {
    const { runner, clock } = this.#options
    const busyMs = runner.status()?.busyMs ?? 0
    const now = clock.elapsed()
    const ms = now - this.#window.beganMs
    if (ms < BUSY_WINDOW_MS) return
    this.#busyRatio = Math.min(1, Math.max(0, (busyMs - this.#window.busyMs) / ms))
    this.#window = { beganMs: now, busyMs }
  }

  /** What it does, where it works for this generation. */
  activity(generation: number): TaskActivity | undefined {
    const status = this.#options.runner.status()
    if (status === undefined || status.generation !== generation) return undefined
    this.#measure()
    const ms = Math.max(1, this.#options.clock.elapsed() - this.#window.beganMs)
    const sofar = Math.min(1, (status.busyMs - this.#window.busyMs) / ms)
    const { stateBytes, commits, commitBytes, commitMs } = status
    return { stateBytes, commits, commitBytes, commitMs, busyRatio: round(this.#busyRatio ?? sofar) }
  }
}

function round(ratio: number): number {
  return Math.round(ratio * 1_000) / 1_000
}
