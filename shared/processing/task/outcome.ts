import type { TaskCounters } from "./commit.ts"

/** Why a task does not run now. */
export type StopReason =
  /** There is no such job. */
  | "no_job"
  /** The job has fewer tasks. */
  | "no_task"
  | "paused"
  | "failed"
  /** The code at hand is not what the job is to run. */
  | "other_digest"
  /** A bounded run is at its end. */
  | "finished"
  /** The generation has ended; the job item is about to say so. */
  | "sealed"

/** What one step of a runner came to. */
export type StepOutcome =
  /** Something was done: step again. `records` is how many were read and committed. */
  | { readonly kind: "worked"; readonly records: number }
  /** Nothing to do before a hint about an input, or before `dueAt` by the own clock (epoch ms; undefined: never). */
  | { readonly kind: "idle"; readonly dueAt: number | undefined }
  /** Another worker was faster, or a store's answer was lost; what was under way is thrown away. Step again, after a pause. */
  | { readonly kind: "lost" }
  /** Time is short; all that is committed is published. */
  | { readonly kind: "yielded" }
  /** Nothing to do until the job changes. */
  | { readonly kind: "stopped"; readonly why: StopReason }

/** A task at a glance, for metrics and people. */
export interface TaskStatus {
  readonly task: number
  readonly generation: number
  readonly seq: number
  readonly counters: TaskCounters
  /** The least watermark of the graph's sinks, epoch ms; −∞ before the first. */
  readonly watermark: number
  readonly stateBytes: number
  readonly commits: number
  /** Of the last commit. */
  readonly commitBytes: number
  readonly commitMs: number
  /** Own-clock time spent in work, commits and publication, ms. */
  readonly busyMs: number
  /** Inputs: how far they are read, and the partition's end as last seen. */
  readonly inputs: readonly {
    readonly topic: string
    readonly partition: number
    readonly next: number
    readonly end: number
    readonly deleted: boolean
  }[]
}

/** What one runner did of a task's work in some time; what others did is not in it. */
export interface WorkDone {
  readonly counters: TaskCounters
  readonly commits: number
  /** Of the largest and of the slowest commit. */
  readonly commitBytesMax: number
  readonly commitMsMax: number
  /** Own-clock time spent in work, commits and publication, ms. */
  readonly busyMs: number
}
