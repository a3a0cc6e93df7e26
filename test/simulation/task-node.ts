import { LogError } from "../../shared/log/errors.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { Log } from "../../shared/log/types.ts"
import { JobError } from "../../shared/processing/jobs/job-error.ts"
import { Jobs } from "../../shared/processing/jobs/lifecycle.ts"
import { CommitStore } from "../../shared/processing/task/commit-store.ts"
import { localJobCode } from "../../shared/processing/task/local-job-code.ts"
import { TaskRunner } from "../../shared/processing/task/runner.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import { clickJob, definitionOf } from "../processing/task-jobs.ts"
import type { SimProcess } from "./sim-process.ts"

/** Versions of the job's code that every process has. */
export const VERSIONS = [1, 2, 3]
export const TASKS = 3

export interface TaskNodeOptions {
  readonly parallelism: "single" | "per-partition"
  readonly dedupe: boolean
  readonly inlineBytesMax: number
  readonly batchBytes: number
}

/** The processing of one process: the production modules over its ports, runners for every task. */
export interface TaskNode {
  readonly process: SimProcess
  readonly log: Log
  readonly jobs: Jobs
  readonly commits: CommitStore
  /** By version of the code, then by task. */
  readonly runners: readonly (readonly TaskRunner[])[]
}

export function versionOf(options: TaskNodeOptions, version: number) {
  const { parallelism, dedupe } = options
  // Clicks come in any order; all windows end at the end.
  const job = clickJob({ parallelism, version, dedupe, delay: "1h" })
  return { job, definition: definitionOf(job) }
}

export function openTaskNode(process: SimProcess, options: TaskNodeOptions): TaskNode {
  const { ports } = process
  const log = openLog(ports)
  const commits = new CommitStore(ports, { inlineBytesMax: options.inlineBytesMax })
  const jobs = new Jobs(ports, log, commits)
  const runners = VERSIONS.map(version => {
    const { job, definition } = versionOf(options, version)
    const code = localJobCode(job, definition)
    const tasks = options.parallelism === "single" ? 1 : TASKS
    // Processes die by chance here, however often in a row: that fails no job.
    const deathsMax = Number.POSITIVE_INFINITY
    const limits = { batchBytes: options.batchBytes, partitionBytes: options.batchBytes, deathsMax }
    return Array.from({ length: tasks }, (_, task) => {
      return new TaskRunner({ ports, log, commits, jobs: jobs.store, code, task, limits })
    })
  })
  return { process, log, jobs, commits, runners }
}

/** No interleaving and no failing call may ever lead to one of these. */
const NEVER = new Set([
  "log_damaged",
  "corrupt",
  "unknown_format",
  "too_large",
  "invalid",
  "corrupt_batch",
  "gap",
])

/** Passes over an error that faults explain; rethrows any other. */
export function expectedOfTasks(error: unknown): void {
  const known = error instanceof LogError || error instanceof StorageError || error instanceof JobError
  if (!known || NEVER.has(error.code)) throw error
}
