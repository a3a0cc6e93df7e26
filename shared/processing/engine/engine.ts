import type { DropReason, TimerPosition } from "../operator.ts"
import type { RunInfo } from "../state/run-levels.ts"
import type { CommitDraft, InputPosition } from "../task/commit.ts"

/** A partition that a task reads. */
export interface EngineInput {
  readonly source: number
  readonly topic: string
  readonly topicId: string
  readonly partition: number
}

/** A partition's records for one batch of work. */
export interface EngineBatch {
  /** The source's place in the graph, where two read one partition. */
  readonly source?: number
  readonly topicId: string
  readonly partition: number
  /** Stored RecordBatches, base offsets patched; the first may begin below `from`. */
  readonly batches: readonly Uint8Array[]
  readonly from: number
  /** Where the next batch of work goes on. */
  readonly next: number
  /** A bounded source ends here. */
  readonly ended: boolean
  /** Records before `next` that are not there any more. */
  readonly missed?: number
  /** The topic is gone: the partition holds nobody back, and has not come to an end of time. */
  readonly gone?: boolean
}

/** A topic that the task writes to. */
export interface EngineOutput {
  readonly topic: string
  readonly topicId: string
  readonly partitions: number
}

export interface EngineOptions {
  readonly inputs: readonly EngineInput[]
  readonly outputs: readonly EngineOutput[]
  readonly bounded: boolean
  /** The topic, one of the outputs, that takes the records that are left out. */
  readonly deadLetters?: string
}

/** Why a batch of work came to nothing: what the job's functions do not take. */
export type Poison = PoisonRecord | PoisonTimer

/** A record on which a function threw, or what a record set off at once. */
export interface PoisonRecord {
  readonly topicId: string
  readonly partition: number
  readonly offset: number
  readonly error: string
  /** The value's first characters, for people. */
  readonly record: string
}

/**
 * A timer in which a function threw: a window's result, a process function's timer, the row of an updating step. No record
 * is to blame, so leaving one out would not help: what is left out is the timer's own doing, such as that one result.
 */
export interface PoisonTimer extends TimerPosition {
  readonly kind: TimerPosition["kind"]
  /** The uid of the step. */
  readonly operator: string
  readonly error: string
}

/** What is to be left out of a batch: what was poison when it was worked through before. */
export type Skip =
  | (Omit<PoisonRecord, "error" | "record"> & { readonly kind?: "record"; readonly error?: string })
  | Omit<PoisonTimer, "error">

/** Where inputs, event time and results stood. */
export interface LoadFrom extends Pick<CommitDraft, "inputs" | "times" | "sequences" | "counters"> {
  /** No record has come since, by the clock, epoch ms: partitions are idle that much sooner. */
  readonly quietSince?: number
}

/** A run of the state, its bytes read. */
export interface LoadedRun extends RunInfo {
  readonly run: Uint8Array
}

export type WorkResult =
  | { readonly ok: true; readonly draft: CommitDraft }
  | { readonly ok: false; readonly poison: Poison }

/**
 * The computing side of one task: a job's program, the records' decoding, the results' encoding, the state in memory.
 * It is pure but for the user's functions, and synchronous; it runs in a worker thread, a function, or in a test. After
 * a poison record, a failed commit or a lost one it is thrown away.
 */
export interface TaskEngine {
  /** Takes the state back: runs, oldest first, then where event time and inputs stood. Once, before any work. */
  load(runs: readonly LoadedRun[], from: LoadFrom | undefined): void
  /** Takes up partitions that are new. */
  addInputs(inputs: readonly EngineInput[]): void
  /**
   * Works through batches and due timers, in this order: what is due by the clock, records, event time, what they set by
   * the clock and is due already; then makes the draft of a commit. After poison, its outcome: the policy `fail` stops the
   * task with it as the fault; else a new engine works through the same again, with the poison among `skip`.
   * @param now the clock, epoch ms @param skip what to leave out; each is counted as skipped
   */
  work(batches: readonly EngineBatch[], now: number, skip: readonly Skip[]): WorkResult
  /** Key groups `from` to `to` − 1 of the state as it is now, whole, as a run. */
  writeGroups(from: number, to: number): Uint8Array
  /** The state's bytes in memory, about. */
  readonly stateBytes: number
  positions(): readonly InputPosition[]
}

export type DroppedCounts = Readonly<Record<DropReason, number>>
