import type { JobItem } from "../jobs/job-item.ts"
import type { CommitRecord } from "./commit.ts"

/** What a worker knows of its task just now. */
export interface TaskSight {
  /** As of a read since this wake-up. */
  readonly job: JobItem
  readonly generation: number
  /** The digest of the code at hand. */
  readonly digest: string
  /** The last record of the task's chain, as of a read or a won put; undefined: none yet. */
  readonly head: CommitRecord | undefined
  /** The state in memory; undefined: none. */
  readonly warm:
    | {
        readonly generation: number
        readonly seq: number
        readonly commitId: string
        readonly dirty: boolean
      }
    | undefined
  /** The highest seq known to be published by this process or the head; −1: none. */
  readonly published: number
  /** Whether what the generations before committed is published, and their producers retired. */
  readonly predecessorsDone: boolean
  /** Whether records, event time or due timers wait. */
  readonly hasWork: boolean
  readonly timeLeftMs: number
}

export type Decision =
  /** The job is not this code's, or not to run: stop. */
  | {
      readonly kind: "stop"
      readonly why: "paused" | "failed" | "other_digest" | "old_generation" | "sealed" | "finished"
    }
  /** Carry the intent through: seal every task, publish, write the job item. */
  | { readonly kind: "carry_intent" }
  /** Publish what predecessors left, then retire their producers. */
  | { readonly kind: "publish_predecessors" }
  /** Publish the outputs of records above `from`, up to the head. */
  | { readonly kind: "publish"; readonly from: number }
  /** Read the state of the head (undefined: of the generation's start). */
  | { readonly kind: "load" }
  | { readonly kind: "work" }
  | { readonly kind: "wait" }
  /** Time is short: end here, with everything published. */
  | { readonly kind: "yield" }

/** What is left of an invocation below which no new batch is begun, ms. */
export const WORK_TIME_MIN_MS = 10_000

/** What a worker does next. Pure: the one place that knows the order of things. */
export function decide(sight: TaskSight): Decision {
  const { job, head, warm } = sight
  if (job.generation !== sight.generation) return { kind: "stop", why: "old_generation" }
  if (job.intent !== undefined) return { kind: "carry_intent" }
  if (job.state === "paused") return { kind: "stop", why: "paused" }
  if (job.state === "failed") return { kind: "stop", why: "failed" }
  if (job.digest !== sight.digest) return { kind: "stop", why: "other_digest" }
  if (!sight.predecessorsDone) return { kind: "publish_predecessors" }
  if (head !== undefined && sight.published < head.seq) return { kind: "publish", from: sight.published }
  if (head?.kind === "sealed") return { kind: "stop", why: "sealed" }
  if (job.finished === true) return { kind: "stop", why: "finished" }
  if (!isValid(warm, sight)) return { kind: "load" }
  if (sight.timeLeftMs < WORK_TIME_MIN_MS) return { kind: "yield" }
  return { kind: sight.hasWork ? "work" : "wait" }
}

/** Warm state counts only if it is the head's and no unfinished batch has touched it. */
function isValid(warm: TaskSight["warm"], { head, generation }: TaskSight): boolean {
  if (warm === undefined || warm.dirty || warm.generation !== generation) return false
  if (head === undefined) return warm.seq === -1
  return warm.seq === head.seq && warm.commitId === head.commitId
}
