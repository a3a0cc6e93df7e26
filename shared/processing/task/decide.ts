import type { JobItem } from "../jobs/job-item.ts"
import type { CommitRecord } from "./commit.ts"
import type { StopReason } from "./outcome.ts"

/** What a worker knows of its task just now. */
export interface TaskSight {
  /** As of a read since this wake-up; undefined: there is none. */
  readonly job: JobItem | undefined
  readonly task: number
  /** Of the code at hand. */
  readonly digest: string
  /** The last record of the chain of the job's generation, as of a read or a won put; undefined: none yet. */
  readonly head: CommitRecord | undefined
  /** Of the engine in memory: the record that its state is as of; undefined: there is no engine. */
  readonly warm:
    | {
        readonly generation: number
        readonly seq: number
        readonly commitId: string
        /** A batch of work has touched it that is not committed. */
        readonly dirty: boolean
      }
    | undefined
  /** The highest seq known to be published, by this process or by the head. */
  readonly published: number
  /** Whether function sinks have what the generations before committed. */
  readonly predecessorsDone: boolean
  /** Whether records, an end, idleness or due timers wait; undefined: nobody looked yet. */
  readonly hasWork: boolean | undefined
  /** Every source is bounded, and the head says that every partition has ended. */
  readonly ended: boolean
  readonly timeLeftMs: number
}

export type Decision =
  | { readonly kind: "stop"; readonly why: StopReason }
  /** Carry the intent through: seal every task, publish, write the job item. */
  | { readonly kind: "carry_intent" }
  /** Give function sinks what predecessors left. */
  | { readonly kind: "finish_predecessors" }
  /** Publish the outputs of records above `from`, up to the head. */
  | { readonly kind: "publish"; readonly from: number }
  /** Put the generation's first record: where it goes on from, and where new inputs begin. */
  | { readonly kind: "open" }
  /** Say in the job item that the bounded run is over, once all tasks are. */
  | { readonly kind: "finish" }
  /** Ask the inputs for records. */
  | { readonly kind: "look" }
  /** Make an engine with the head's state. */
  | { readonly kind: "load" }
  | { readonly kind: "work" }
  | { readonly kind: "wait" }
  /** Time is short: end here, with everything published. */
  | { readonly kind: "yield" }

/** What is left of an invocation below which no new batch is begun, ms. */
export const WORK_TIME_MIN_MS = 10_000

/** What a worker does next. Pure: the one place that knows the order of things. */
export function decide(sight: TaskSight): Decision {
  const { job, head, task, hasWork } = sight
  if (job === undefined) return { kind: "stop", why: "no_job" }
  if (job.intent !== undefined) return { kind: "carry_intent" }
  if (job.state !== "running") return { kind: "stop", why: job.state }
  if (job.digest !== sight.digest) return { kind: "stop", why: "other_digest" }
  if (task >= job.tasks.length) return { kind: "stop", why: "no_task" }
  // Whoever sealed it is about to write the job item, which this worker has not seen yet.
  if (head?.kind === "sealed") return { kind: "stop", why: "sealed" }
  if (head === undefined) return { kind: sight.predecessorsDone ? "open" : "finish_predecessors" }
  if (sight.published < head.seq) return { kind: "publish", from: sight.published }
  if (sight.ended) return job.finished === true ? { kind: "stop", why: "finished" } : { kind: "finish" }
  if (hasWork === undefined) return { kind: "look" }
  if (!hasWork) return { kind: "wait" }
  if (sight.timeLeftMs < WORK_TIME_MIN_MS) return { kind: "yield" }
  return { kind: isValid(sight.warm, job, head) ? "work" : "load" }
}

/** Warm state counts only if it is the head's and no unfinished batch has touched it. */
function isValid(warm: TaskSight["warm"], job: JobItem, head: CommitRecord): boolean {
  if (warm === undefined || warm.dirty || warm.generation !== job.generation) return false
  return warm.seq === head.seq && warm.commitId === head.commitId
}
