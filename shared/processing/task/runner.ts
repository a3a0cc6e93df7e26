import type { StepOutcome, TaskStatus } from "./outcome.ts"
import type { TaskRunnerOptions } from "./runner-options.ts"

/** A partition that may have more records, as a hint says. */
export interface InputHint {
  readonly topicId: string
  readonly partition: number
  /** Records from here on are new; absent: look. */
  readonly offset?: number
}

/**
 * Works one task of a job, step by step. One at a time may be under way in one runner; any number of runners, here and
 * elsewhere, may work the same task: one of them wins each commit.
 *
 * A home's loop: `wake()`, then `step()` until the outcome is not `worked`; on `idle` wait for a hint about an input (the
 * log's wake topics) or for `dueAt`, on `lost` pause briefly, on `stopped` wait for the job to change; then `wake()` again.
 * `step` throws what cannot be helped here (a store that does not answer, a sink that fails): pause, then go on.
 */
export class TaskRunner {
  readonly #options: TaskRunnerOptions

  constructor(options: TaskRunnerOptions) {
    this.#options = options
  }

  /** Begins a wake-up: job and chain are read again with the next step, and the hinted inputs (default: all) asked. */
  wake(_hints?: readonly InputHint[]): void {}

  /** Does the next thing, one commit at most, and publishes what it committed. */
  async step(): Promise<StepOutcome> {
    throw new Error(`task ${this.#options.task}: not yet`)
  }

  status(): TaskStatus | undefined {
    return undefined
  }

  /** Lets the engine go. Call it when no step is under way. */
  async close(): Promise<void> {}
}
