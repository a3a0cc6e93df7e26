import type { TaskCounters } from "../task/commit.ts"
import type { JobItem } from "./job-item.ts"

/** Where a task stands in one partition, for people. */
export interface InputView {
  readonly topic: string
  readonly partition: number
  /** The offset of the next record; undefined: nothing is committed yet. */
  readonly next: number | undefined
  readonly end: number
  /** Records that are there and not read yet. */
  readonly lag: number
  readonly idle: boolean
  /** Of a bounded source: nothing more comes. */
  readonly ended: boolean
  /** The topic is closed. */
  readonly deleted: boolean
}

/** What only the process that runs a task knows of it. */
export interface TaskActivity {
  readonly stateBytes: number
  readonly commits: number
  /** Of the last commit. */
  readonly commitBytes: number
  readonly commitMs: number
  /** The share of the last seconds in which it worked, 0 to 1. */
  readonly busyRatio: number
}

/** One task, as its last commit record has it. */
export interface TaskView {
  readonly task: number
  /** Of its last commit; undefined: none yet. */
  readonly seq: number | undefined
  readonly sealed: boolean
  readonly counters: TaskCounters
  /** Of the results, epoch ms; undefined before the first. */
  readonly watermark: number | undefined
  /** Stored, bytes. */
  readonly storedBytes: number
  readonly inputs: readonly InputView[]
  readonly activity?: TaskActivity
}

export interface SavepointView {
  readonly id: string
  readonly generation: number
  /** Store time, epoch ms. */
  readonly created: number
}

/** What keeps a job's code from running here, for now. */
export interface JobTrouble {
  readonly error: string
  /** Tries in a row that came to nothing. */
  readonly times: number
}

/** A job as people see it. */
export interface JobView {
  readonly item: JobItem
  /** When it was seen, by the clock that event time is compared with, epoch ms. */
  readonly at: number
  readonly trouble?: JobTrouble
  readonly tasks: readonly TaskView[]
  readonly savepoints: readonly SavepointView[]
}
