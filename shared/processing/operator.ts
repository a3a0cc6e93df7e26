// How the steps of a job run: records are pushed from each step to what reads it, by plain calls. Nothing here waits,
// and nothing is allocated for a record on the way that a step does not need.

/** Takes what a step gives. */
export interface Collector {
  /** @param timestamp of the event, epoch ms */
  record(value: unknown, timestamp: number): void
}

/** A step at work. Its calls come one after the other. */
export interface Operator extends Collector {
  /**
   * Nothing at or before `watermark` (epoch ms) comes any more. Called with rising values; the runtime forwards it to
   * what reads this step after the call.
   */
  watermark(watermark: number): void
  /** The clock has come to `now` (epoch ms): due timers fire. */
  processingTime(now: number): void
  /** Input has ended, and the clock with it: every timer that is set by then fires, once, whenever it is due. */
  endProcessingTime(): void
  /** A commit is about to be made: what is given once a commit is given now. */
  beforeCommit(): void
  /** When the next processing-time timer is due, epoch ms; undefined: none is set. */
  readonly nextTimer: number | undefined
  /** The step's state; undefined: it has none. */
  readonly state: StateTable | undefined
}

/** What a step has around it. */
export interface OperatorContext {
  /** What reads the step's main output. */
  readonly output: Collector
  /** Only topics read the main output, without functions of the user's: they take records that say no more than bytes. */
  readonly feedsSinksAlone: boolean
  /** What reads a side output; a sink of nothing where nobody does. */
  side(tag: string): Collector
  /** The step's watermark, epoch ms; −∞ at first. */
  readonly watermark: number
  /** The clock as of this batch, epoch ms. */
  readonly processingTime: number
  /** Counts records that were dropped, by reason. */
  dropped(reason: DropReason): void
  /** Whether a timer is to be left out: it threw before. Asked for where `skipsTimers` says that there are any. */
  skips(timer: TimerPosition): boolean
  readonly skipsTimers: boolean
}

/** What runs without a record that it could be blamed on. */
export interface TimerPosition {
  /** By which time it was set; `commit`: a row of an updating step, given once a commit. */
  readonly kind: "event" | "processing" | "commit"
  /** When it was due, epoch ms; of a commit 0. */
  readonly time: number
  /** The record's key, as a JSON array of its parts. */
  readonly key: string
}

/** `late`: for every window; `duplicate`: seen before; `expired`: too old to tell whether it was seen before. */
export type DropReason = "late" | "duplicate" | "expired"

/**
 * One stateful step's entries as the state backend sees them. Keys and values are bytes that the step alone
 * understands; a key's first part is the record's key, canonical, and decides its group.
 */
export interface StateTable {
  /** Hands over what changed since the last call: later entries take the place of earlier ones. Undefined: removed. */
  takeChanges(visit: StateVisitor): void
  /** Hands over every entry of a group. */
  readGroup(group: number, visit: StateVisitor): void
  /** As `readGroup` for each of groups `from` to `to` − 1, in any order, in one pass where a table can. */
  readGroups?(from: number, to: number, visit: StateVisitor): void
  /** Takes an entry back, before the first record; a later one of the same key takes its place. */
  load(group: number, key: Uint8Array, value: Uint8Array | undefined): void
  /** Called once after the last `load`: derived things, such as timers, are made again. */
  loaded(): void
  /** About what the entries take in memory, bytes. */
  readonly bytes: number
}

/** Takes entries of a state. */
export interface StateVisitor {
  /**
   * The entry's key lies in `bytes` from 0 to `keyEnd`, its value from there to `end`; −1: it is removed. The bytes are
   * valid during the call only.
   */
  entry(group: number, bytes: Uint8Array, keyEnd: number, end: number): void
}

/** Key groups of a job's state: how finely it can ever be spread. Never changed: it is in the stored format. */
export const KEY_GROUPS = 256

/** The watermark of what has ended. */
export const END_OF_TIME = Number.MAX_SAFE_INTEGER
