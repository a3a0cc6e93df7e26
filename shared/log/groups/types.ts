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
  /** Chosen by the client, 1 to 256 printable characters, fresh for every start unless `instanceId` is given. */
  readonly member: string
  /** 0 joins; else the epoch of the last reply. */
  readonly memberEpoch: number
  /** Makes the member static: who comes back under it within the session takes its partitions over, without a rebalance. */
  readonly instanceId?: string
  /** Required when joining; afterwards where it changes. */
  readonly subscription?: Subscription
  /** The group takes the one that most of its members name; default `uniform`. */
  readonly assignor?: AssignorName
  /** What the member still reads: a partition is given to another only once it is absent here, or the member is gone. */
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
  /** The committed offset; undefined: none. */
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
