import type { CommittedOffset } from "../consumer/offsets.ts"

export interface NewTopic {
  /** 1 to 100 of a-z A-Z 0-9 . _ - */
  readonly name: string
  /** Default 1. */
  readonly partitions?: number
  /** Kafka's names, values as text. */
  readonly config?: Readonly<Record<string, string>>
  /** The field of the value that equals the record's key. */
  readonly key?: string
}

export interface CreatedTopic {
  readonly name: string
  readonly id: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly name: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export type GroupState = "empty" | "stable" | "assigning"

export interface GroupListing {
  readonly group: string
  readonly state: GroupState
}

export interface GroupDescription extends GroupListing {
  readonly epoch: number
  readonly assignor: "range" | "uniform" | "sticky"
  readonly members: readonly {
    readonly member: string
    readonly instanceId?: string
    readonly memberEpoch: number
    readonly subscription: { readonly topics: readonly string[] } | { readonly pattern: string }
    readonly assignment: readonly {
      readonly topic: string
      readonly topicId: string
      readonly partitions: readonly number[]
    }[]
    /** After which the member is gone, epoch ms. */
    readonly deadline: number
  }[]
}

export interface GroupLag extends CommittedOffset {
  readonly startOffset: number
  readonly endOffset: number
  /** Records between the committed offset and the end. */
  readonly lag: number
  readonly member?: string
}

/** Which offsets of a group are set. */
export interface OffsetReset {
  readonly topic: string
  /** Default: all. */
  readonly partition?: number
}

export interface TransactionDescription {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
  readonly state: "empty" | "ongoing" | "committing" | "aborting"
  readonly partitions: readonly { readonly topicId: string; readonly partition: number }[]
  /** After which anybody may abort it, epoch ms. */
  readonly deadline?: number
}
