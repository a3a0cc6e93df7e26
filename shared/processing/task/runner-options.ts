import type { Log } from "../../log/types.ts"
import type { Ports } from "../../storage/time.ts"
import type { JobStore } from "../jobs/job-store.ts"
import { DEATHS_MAX } from "./caution.ts"
import type { CommitStore } from "./commit-store.ts"
import type { JobCode } from "./job-code.ts"

/** Bytes that one batch of work reads of one partition at most: what one fetch may hold. */
export const PARTITION_BATCH_BYTES_MAX = 4 * 1024 * 1024
/** Bytes that one batch of work reads in all: bounds memory, and what a lost commit throws away. */
export const BATCH_BYTES_MAX = 16 * 1024 * 1024
/** And at least, however slow the job's functions are. */
export const BATCH_BYTES_MIN = 64 * 1024
/** A batch of work that takes longer is followed by smaller ones: commits come at least that often. */
export const COMMIT_INTERVAL_MS = 1_000
/** While records come, the job item is read again after this long: that is how late a pause is noticed. */
export const JOB_REREAD_MS = 2_000
/** Partitions that are asked for records at once. */
export const FETCHES_AT_ONCE = 8

/** Bounds of a batch of work. */
export interface TaskLimits {
  readonly partitionBytes: number
  readonly batchBytes: number
  readonly commitIntervalMs: number
  readonly jobRereadMs: number
  /** So many workers that died in a row fail the job. */
  readonly deathsMax: number
}

export const DEFAULT_TASK_LIMITS: TaskLimits = {
  partitionBytes: PARTITION_BATCH_BYTES_MAX,
  batchBytes: BATCH_BYTES_MAX,
  commitIntervalMs: COMMIT_INTERVAL_MS,
  jobRereadMs: JOB_REREAD_MS,
  deathsMax: DEATHS_MAX,
}

export interface TaskRunnerOptions {
  readonly ports: Ports
  readonly log: Log
  readonly jobs: JobStore
  readonly commits: CommitStore
  readonly code: JobCode
  readonly task: number
  readonly limits?: Partial<TaskLimits>
  /** What is left of an invocation, ms. Default: for ever. */
  readonly timeLeftMs?: () => number
}
