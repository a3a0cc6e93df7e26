import type { Clock } from "../../storage/time.ts"
import type { CommitRecord } from "./commit.ts"
import type { TaskInput } from "./inputs.ts"
import type { TaskStatus } from "./outcome.ts"

/** What a runner tells of its task's work. */
export class TaskMeter {
  readonly #clock: Clock
  #commits = 0
  #commitBytes = 0
  #commitMs = 0
  #busyMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(): number {
    return this.#clock.elapsed()
  }

  end(began: number): void {
    this.#busyMs += this.#clock.elapsed() - began
  }

  committed(bytes: number, began: number): void {
    this.#commits++
    this.#commitBytes = bytes
    this.#commitMs = this.#clock.elapsed() - began
  }

  status(
    at: { readonly task: number; readonly generation: number },
    head: CommitRecord,
    inputs: readonly TaskInput[],
    stateBytes: number,
  ): TaskStatus {
    return {
      ...at,
      seq: head.seq,
      counters: head.counters,
      watermark: head.times.reduce(
        (least, { watermark }) => Math.min(least, watermark),
        firstWatermark(head),
      ),
      stateBytes,
      commits: this.#commits,
      commitBytes: this.#commitBytes,
      commitMs: this.#commitMs,
      busyMs: this.#busyMs,
      inputs: inputs.map(({ topic, partition, next, seenEnd, deleted }) => {
        return { topic, partition, next, end: Math.max(seenEnd, next), deleted }
      }),
    }
  }
}

function firstWatermark({ times }: CommitRecord): number {
  return times.length === 0 ? Number.NEGATIVE_INFINITY : Number.MAX_SAFE_INTEGER
}
