import type { Clock } from "../../storage/time.ts"
import { type CommitRecord, NO_COUNTERS, type TaskCounters } from "./commit.ts"
import type { TaskInput } from "./inputs.ts"
import type { TaskStatus, WorkDone } from "./outcome.ts"

const NOTHING: WorkDone = {
  counters: NO_COUNTERS,
  commits: 0,
  commitBytesMax: 0,
  commitMsMax: 0,
  busyMs: 0,
}

/** What a runner tells of its task's work. */
export class TaskMeter {
  readonly #clock: Clock
  #commits = 0
  #commitBytes = 0
  #commitMs = 0
  #busyMs = 0
  /** Since somebody took it. */
  #done = { ...NOTHING }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(): number {
    return this.#clock.elapsed()
  }

  end(began: number): void {
    const ms = this.#clock.elapsed() - began
    this.#busyMs += ms
    this.#done.busyMs += ms
  }

  committed(bytes: number, began: number, before: TaskCounters, after: TaskCounters): void {
    const done = this.#done
    this.#commits++
    this.#commitBytes = bytes
    this.#commitMs = this.#clock.elapsed() - began
    this.#done = {
      ...done,
      counters: sumOf(done.counters, after, before),
      commits: done.commits + 1,
      commitBytesMax: Math.max(done.commitBytesMax, bytes),
      commitMsMax: Math.max(done.commitMsMax, this.#commitMs),
    }
  }

  /** What was done since the last call. */
  takeDone(): WorkDone {
    const done = this.#done
    this.#done = { ...NOTHING }
    return done
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

/** `so far`, and what `after` has more than `before`. */
function sumOf(sofar: TaskCounters, after: TaskCounters, before: TaskCounters): TaskCounters {
  return {
    recordsIn: sofar.recordsIn + after.recordsIn - before.recordsIn,
    recordsOut: sofar.recordsOut + after.recordsOut - before.recordsOut,
    late: sofar.late + after.late - before.late,
    duplicate: sofar.duplicate + after.duplicate - before.duplicate,
    expired: sofar.expired + after.expired - before.expired,
    skipped: sofar.skipped + after.skipped - before.skipped,
  }
}

function firstWatermark({ times }: CommitRecord): number {
  return times.length === 0 ? Number.NEGATIVE_INFINITY : Number.MAX_SAFE_INTEGER
}
