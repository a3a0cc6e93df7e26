import type { Owner } from "../../log/types.ts"

export const JOB_FORMAT = 1

export type JobState = "running" | "paused" | "failed"

/** What is to happen to a job once all its tasks are sealed. Whoever meets it carries it through. */
export interface JobIntent {
  readonly kind: "pause" | "upgrade" | "restore" | "reset"
  /** Of the graph that is to run then; absent: the same. */
  readonly digest?: string
  readonly graph?: string
  /** Where the next generation begins; absent: from the sealed heads. */
  readonly start?: JobStart
}

/** Where a generation's tasks take their first state from. */
export type JobStart =
  | { readonly kind: "empty" }
  /** The heads of tasks of an earlier generation: by index, their seq. */
  | { readonly kind: "heads"; readonly generation: number; readonly seqs: readonly number[] }

/** Why a task stopped, for people. */
export interface JobFault {
  readonly task: number
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly error: string
  readonly record: string
}

/** A job as stored: pk `jobs`, sk its name. */
export interface JobItem {
  /** Random, never used again. */
  readonly id: string
  readonly name: string
  readonly owner: Owner
  readonly attached: boolean
  readonly state: JobState
  /** 1 and up. */
  readonly generation: number
  /** SHA-256 over operators, uids, windows and state shapes: code that gives another one does not work for this item. */
  readonly digest: string
  /** What the digest is over, as canonical JSON: for `plan` and for people. */
  readonly graph: string
  readonly jobVersion: number
  /** By task: the partitions that it reads, `[topic id, partition]`. */
  readonly tasks: readonly (readonly (readonly [topicId: string, partition: number])[])[]
  /** Reserved producer ids (≥ 2^52), by task, of this generation. */
  readonly producers: readonly number[]
  readonly start: JobStart
  readonly intent?: JobIntent
  readonly fault?: JobFault
  /** Finished bounded runs. */
  readonly finished?: boolean
}
