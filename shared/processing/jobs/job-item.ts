import type { JobDefinition } from "../../definition/job/job-definition.ts"
import type { Owner } from "../../log/types.ts"

export type JobState = "running" | "paused" | "failed"

/** A commit record of one of the job's tasks. */
export type HeadRef = readonly [generation: number, seq: number]

/** Where a generation's tasks take their first state from. */
export type JobStart =
  | { readonly kind: "empty" }
  | {
      readonly kind: "heads"
      /** By task; null, or beyond the end: it begins with nothing. */
      readonly heads: readonly (HeadRef | null)[]
      /** Of the graph that wrote them. */
      readonly digest: string
      /** Uids of steps whose state is left behind. */
      readonly without?: readonly string[]
    }

/** What is to happen to a job once all its tasks are sealed. Whoever meets it carries it through. */
export interface JobIntent {
  readonly kind: "pause" | "upgrade" | "restore" | "reset"
  /** Of the graph that is to run then; absent: the same. */
  readonly digest?: string
  readonly definition?: JobDefinition
  /** Where the next generation begins; absent: from the sealed heads. */
  readonly start?: JobStart
  /** Uids of steps whose state is left behind. */
  readonly without?: readonly string[]
}

/** Why a task stopped, for people. */
export interface JobFault {
  readonly task: number
  readonly error: string
  /** The record that a function threw on, or that cannot be read any more. */
  readonly at?: { readonly topic: string; readonly partition: number; readonly offset: number }
  /** The record's value, its first characters. */
  readonly record?: string
  /** The timer that a function threw in: its step's uid, by which time it was set, when it was due, its key. */
  readonly timer?: {
    readonly operator: string
    readonly kind: string
    readonly time: number
    readonly key: string
  }
  /** Records before this offset were deleted before they were read: a resume that skips them goes on after them. */
  readonly missingTo?: number
}

/** A task's input, as the job item lists it. */
export type TaskPartition = readonly [topicId: string, partition: number]

/** A job as stored: pk `jobs`, sk its name. */
export interface JobItem {
  /** Random, never used again. */
  readonly id: string
  readonly name: string
  readonly owner: Owner
  /** False: its app named it once and no longer does. */
  readonly attached: boolean
  readonly state: JobState
  /** 1 and up. */
  readonly generation: number
  /** Of the definition's graph and version: code that gives another one does not work for this item. */
  readonly digest: string
  readonly definition: JobDefinition
  /** By task: the partitions that it reads. New ones are added at the end. */
  readonly tasks: readonly (readonly TaskPartition[])[]
  /** The first of this generation's reserved producer ids: a task's own is as many further as its index. */
  readonly firstProducer: number
  readonly start: JobStart
  readonly intent?: JobIntent
  readonly fault?: JobFault
  /** Until then (store time, epoch ms) records that were deleted before they were read are passed over, and counted. */
  readonly skipMissingUntil?: number
  /** All tasks of a bounded run have come to their end. */
  readonly finished?: boolean
  /** Store time of the item's making and of the generation's, epoch ms. */
  readonly created: number
  readonly began: number
}

/** A job's item as a read found it. */
export interface JobRead {
  readonly item: JobItem
  readonly version: string
  /** Store time of the read, epoch ms. */
  readonly date: number
}

/** The reserved producer id that a task publishes under. */
export function producerOf(job: JobItem, task: number): number {
  return job.firstProducer + task
}

/** The record that a task's chain goes on from; undefined: it begins with nothing. */
export function startOf(job: JobItem, task: number): HeadRef | undefined {
  return job.start.kind === "heads" ? (job.start.heads[task] ?? undefined) : undefined
}

/** The seq that a task's first record of this generation has: they go on from where they start. */
export function firstSeq(job: JobItem, task: number): number {
  return (startOf(job, task)?.[1] ?? -1) + 1
}
