import type { TransactionStep } from "../../storage/meta-store.ts"
import type { LogError } from "../errors.ts"
import type { TransactionOffsets } from "../transactions/types.ts"

/** Partitions of one topic, by its id: a topic made anew under the name is another one. */
export interface TopicPartitions {
  readonly topic: string
  readonly topicId: string
  readonly partitions: readonly number[]
}

export type AssignorName = "range" | "uniform" | "sticky"

/** What a member wants to read: names, or a pattern over the names of all topics. */
export type Subscription = { readonly topics: readonly string[] } | { readonly pattern: string }

/** One heartbeat; the first one joins. A member sends it every `heartbeatIntervalMs`, and at once when its owned partitions change. */
export interface Heartbeat {
  readonly group: string
  /** Chosen by the client, 1 to 256 printable characters, fresh for every start: that is what fences the one before. */
  readonly member: string
  /** 0 joins; else the epoch of the last reply. */
  readonly memberEpoch: number
  /**
   * Makes the member static: who joins under it, by another `member`, takes over the partitions of whoever had it, who is
   * fenced, without a rebalance. Every heartbeat names it. A static member that means to come back within its session does
   * not leave.
   */
  readonly instanceId?: string
  /** Required when joining; afterwards where it changes. */
  readonly subscription?: Subscription
  /** The group takes the one that most of its members name; default `uniform`. */
  readonly assignor?: AssignorName
  /**
   * What the member still reads: a partition is given to another only once it is absent here, or the member is gone. Nothing
   * when joining. A partition that a fetch or commit refused as another's is left out.
   */
  readonly owned: readonly TopicPartitions[]
  /** The member is gone after this long without a heartbeat, ms; 6,000 to 1,800,000, default 45,000. */
  readonly sessionTimeoutMs?: number
  /** How long it may hold a partition that it is to give up, ms; default 60,000. */
  readonly rebalanceTimeoutMs?: number
}

/** A partition that the member may read from now on: the group's item of it names the member as its owner. */
export interface AssignedPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** The committed offset; undefined: none. Not told of what the member owns already: it knows where it is. */
  readonly offset?: number
}

export interface HeartbeatReply {
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  /**
   * What the member may read now; undefined: as before. What it owned and is absent here it stops reading, commits, and
   * leaves out of `owned` in its next heartbeat.
   */
  readonly assignment?: readonly AssignedPartition[]
}

/** Who commits or fetches; absent for what nobody subscribed (assigned partitions, administration). */
export interface MemberStamp {
  readonly member: string
  readonly memberEpoch: number
}

export interface OffsetCommit {
  readonly topic: string
  /** The topic that is meant, whatever the name stands for now. */
  readonly topicId?: string
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
  /** At most 4,096 UTF-8 bytes. */
  readonly metadata?: string
}

export interface CommittedOffset {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
  /** Store time of the commit, epoch ms. */
  readonly committed: number
}

export interface GroupLag extends CommittedOffset {
  readonly startOffset: number
  readonly endOffset: number
  /** Records between the committed offset (or the log's start, where that is higher) and the end. */
  readonly lag: number
  readonly member?: string
}

export type GroupState = "empty" | "stable" | "assigning"

export interface GroupDescription {
  readonly group: string
  readonly state: GroupState
  readonly epoch: number
  readonly assignor: AssignorName
  readonly members: readonly {
    readonly member: string
    readonly instanceId?: string
    readonly memberEpoch: number
    readonly subscription: Subscription
    readonly assignment: readonly TopicPartitions[]
    /** Store time after which the member is gone, epoch ms. */
    readonly deadline: number
  }[]
}

/** What became of one offset of a commit: undefined, or why it does not stand (`fenced_member`, `unknown_topic`, …). */
export interface OffsetCommitted {
  readonly topic: string
  readonly partition: number
  readonly error?: LogError
}

/** Where offsets are set to from outside. */
export interface OffsetReset {
  readonly topic: string
  /** Default: all partitions. */
  readonly partition?: number
  readonly to: number | "earliest" | "latest" | { readonly timestamp: number }
}

export interface GroupListing {
  readonly group: string
  readonly state: GroupState
}

/** Offsets of a transaction, as steps of the MetaStore transaction that commits it. */
export interface OffsetSteps {
  /** One for each offset, each with a condition, and at most one check for each group. */
  readonly steps: readonly TransactionStep[]
  /** Store time of the oldest read that the conditions rest on, epoch ms: for `notAfter`; infinite where there are none. */
  readonly date: number
}

/** How far a step of `expire` came. */
export interface Expired {
  /** Groups that were looked at. */
  readonly groups: number
  /** Offsets that were deleted. */
  readonly offsets: number
  /** What failed, by group: it keeps no other from being looked at. */
  readonly faults: readonly { readonly group: string; readonly error: unknown }[]
  /** The group after which the next step goes on; undefined: all were looked at. */
  readonly next?: string
}

/**
 * Consumer groups. Any process may serve any call: all state lies in the MetaStore, and all deadlines are store dates.
 * Every call may throw `invalid_group` for names out of bounds, `outcome_unknown` (repeat it), and `StorageError`.
 */
export interface Groups {
  /**
   * Joins, stays, and tells what to read. Throws `unknown_member` (join again, by epoch 0; what was owned is lost),
   * `fenced_member` (another took over the instance, or the epoch is none of this member's), `group_too_large`. A repeat, also
   * one with an older epoch of the member, is answered as the first.
   */
  heartbeat(beat: Heartbeat): Promise<HeartbeatReply>
  /** The member gives up everything at once. Who is not a member, or no longer, has left: no error. */
  leave(group: string, stamp: MemberStamp): Promise<void>
  /**
   * Commits offsets: one conditional write for each. Without a stamp it is refused (`fenced_member`) where a member owns the partition.
   * One result for each offset, in their order.
   */
  commit(
    group: string,
    offsets: readonly OffsetCommit[],
    stamp?: MemberStamp,
  ): Promise<readonly OffsetCommitted[]>
  /** What is committed, of one topic or of all, by topic and partition; of a group that does not exist, nothing. */
  committed(group: string, topic?: string): Promise<readonly CommittedOffset[]>
  /** Sets offsets from outside. Throws `group_in_use` while the group has members, and the topics' errors, before anything is set. */
  setOffsets(group: string, resets: readonly OffsetReset[]): Promise<readonly CommittedOffset[]>
  list(): Promise<readonly GroupListing[]>
  /** Throws `unknown_group`. */
  describe(group: string): Promise<GroupDescription>
  /** Throws `unknown_group`. */
  lag(group: string): Promise<readonly GroupLag[]>
  /** Forgets the group and its offsets. Throws `unknown_group`, `group_in_use`. */
  delete(group: string): Promise<void>
  /**
   * Whether a member may read partitions: undefined, or `fenced_member`, for each. Who is refused leaves the partition out of `owned`
   * and sends a heartbeat.
   */
  checkFetch(
    group: string,
    stamp: MemberStamp,
    partitions: readonly { readonly topicId: string; readonly partition: number }[],
  ): Promise<readonly (LogError | undefined)[]>
  /**
   * The steps that set a transaction's offsets, as of reads since this call. A transaction that is refused for one of them asks
   * again. Throws `fenced_member` where another owns a partition, `unknown_topic`, `topic_deleted`, `unknown_partition`.
   */
  offsetSteps(offsets: readonly TransactionOffsets[]): Promise<OffsetSteps>
  /**
   * A bounded step of maintenance: removes members that are gone, offsets of deleted topics, and what a group without members
   * committed `offsets.retention` ago. `after`: the last step's `next`.
   */
  expire(after?: string): Promise<Expired>
}
