// What a task's progress is made of: the contract between whoever computes (the engine), whoever keeps (the commit
// store) and whoever gives out (the publisher). How it is stored is in `commit-codec.ts`.

/** A task, by its job's id. */
export interface TaskId {
  readonly job: string
  readonly generation: number
  readonly stage: number
  readonly index: number
}

/** Where a task stands in one partition of a source. */
export interface InputPosition {
  /** The source's place in the graph. */
  readonly source: number
  readonly topicId: string
  readonly partition: number
  /** The offset of the next record. */
  readonly next: number
  /** Of its watermark generator, epoch ms; −∞ before the first record. */
  readonly maxTimestamp: number
  /** The last watermark of a generator of the user's, epoch ms. */
  readonly mark?: number
  readonly idle: boolean
  /** Bounded sources end. */
  readonly ended: boolean
}

/**
 * The same as a record of the chain has it: by the source's uid, which outlives changes of the graph.
 */
export interface StoredInput extends Omit<InputPosition, "source"> {
  readonly uid: string
  /** Where a bounded source's partition ends, exclusive: as it stood at the job's first start. */
  readonly end?: number
}

/** One batch of results for one partition: final bytes of a RecordBatch v2, but for its base offset. */
export interface OutputBatch {
  readonly topicId: string
  readonly partition: number
  /** The sequence of its first record under the task's producer. */
  readonly sequence: number
  readonly count: number
  readonly bytes: Uint8Array
}

/** Results for one function sink, packed (`state/packing.ts`), in their order. */
export interface SinkBatch {
  /** The sink's place in the graph. */
  readonly sink: number
  readonly records: Uint8Array
}

/** What changed of the state: a run, sorted by group, uid and key, as `state/run-codec.ts` lays it out. */
export interface StateChange {
  readonly run: Uint8Array
  readonly entries: number
}

/** What one batch of work comes to, made by the engine, not yet stored. */
export interface CommitDraft {
  readonly inputs: readonly InputPosition[]
  /** Of every node, in the graph's order. */
  readonly times: readonly { readonly watermark: number; readonly idle: boolean }[]
  readonly change: StateChange | undefined
  readonly outputs: readonly OutputBatch[]
  readonly sinks: readonly SinkBatch[]
  /** The next sequence for each output partition, by `topicId#partition`: of all that ever had one. */
  readonly sequences: Readonly<Record<string, number>>
  /** When the next processing-time timer is due, epoch ms. */
  readonly nextTimer: number | undefined
  readonly counters: TaskCounters
}

export const NO_COUNTERS: TaskCounters = {
  recordsIn: 0,
  recordsOut: 0,
  late: 0,
  duplicate: 0,
  expired: 0,
  skipped: 0,
}

/** Counted since the task's first commit. */
export interface TaskCounters {
  readonly recordsIn: number
  readonly recordsOut: number
  readonly late: number
  readonly duplicate: number
  readonly expired: number
  readonly skipped: number
  /** Records that retention deleted before they were read, and that were passed over on request. Absent: none. */
  readonly missed?: number
}

/** Where a piece of a commit lies: in the record itself, or in the object that the commit names. */
export type Piece =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | {
      readonly kind: "object"
      readonly key: string
      readonly offset: number
      readonly length: number
      readonly crc: number
    }

/** One run of the state, as commit records list them: the base first, then changes, oldest first; later entries win. */
export interface RunRef {
  /** 0: one commit's changes; each level up merges 8 of the level below. −1: the base, whole key groups. */
  readonly level: number
  /** The commit that wrote it. */
  readonly seq: number
  readonly entries: number
  readonly bytes: number
  /** Of the base: the groups that it holds whole, from, to (exclusive). */
  readonly groups?: readonly [from: number, to: number]
  /** Of the base: about what its groups took in memory, bytes. */
  readonly heap?: number
  /** Operators whose entries in it count no more. */
  readonly without?: readonly string[]
  readonly piece: Piece
}

/** One record of a task's chain, as read back. */
export interface CommitRecord {
  readonly seq: number
  readonly kind: "commit" | "sealed"
  /** The item's version: fresh for each, so that a writer knows its own. */
  readonly commitId: string
  /** Store time at which its writer knew the record before it to stand, epoch ms. */
  readonly time: number
  readonly inputs: readonly StoredInput[]
  readonly times: CommitDraft["times"]
  readonly runs: readonly RunRef[]
  /** Empty for a seal, which gives nothing out. */
  readonly outputs: readonly OutputRef[]
  /** `sink`: which of the graph's function sinks, in its order. */
  readonly sinks: readonly { readonly sink: number; readonly piece: Piece }[]
  readonly sequences: Readonly<Record<string, number>>
  readonly nextTimer: number | undefined
  /** The highest seq whose outputs are known to be in the log; −1: none. */
  readonly published: number
  readonly counters: TaskCounters
}

export type OutputRef = Omit<OutputBatch, "bytes"> & { readonly piece: Piece }
