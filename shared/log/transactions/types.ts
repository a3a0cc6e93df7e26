import type { LogError } from "../errors.ts"
import type { OffsetCommit } from "../groups/types.ts"

/** One partition of the topic with this id. */
export interface TopicPartition {
  readonly topicId: string
  readonly partition: number
}

/** Adds partitions to open transactions, for who appends to them. */
export interface Registrar {
  /** Whether this process knows the partition to be part of the transaction. */
  registered(producerId: number, epoch: number, place: TopicPartition): boolean
  register(producerId: number, epoch: number, places: readonly TopicPartition[]): Promise<void>
  /** Why a transaction takes nothing any more: `invalid_transaction` (aborted, or committed), `fenced`; undefined: it does. */
  refusal(producerId: number, epoch: number): Promise<LogError | undefined>
}

/** A transactional id's producer, as its client has it. Each epoch is one transaction. */
export interface TransactionalProducer {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
}

/** Offsets of a group that stand once the transaction is committed, and not before. */
export interface TransactionOffsets {
  readonly group: string
  /** Where the group has members: the commit is refused (`fenced_member`) unless the owner is this one. */
  readonly member?: string
  readonly memberEpoch?: number
  readonly offsets: readonly OffsetCommit[]
}

/** A RecordBatch v2 with the transactional flag, the producer's id and epoch, and its sequence on the partition, from 0 in each epoch. */
export interface TransactionBatch {
  readonly topic: string
  readonly topicId?: string
  readonly partition: number
  readonly bytes: Uint8Array
}

export interface CommitRequest {
  readonly transactionalId: string
  readonly producerId: number
  /** The transaction. A repeat after a lost reply names the same, and is answered the same. */
  readonly epoch: number
  /** All of the transaction's batches, where the client could hold them (small shape); else none: they were appended before. */
  readonly batches: readonly TransactionBatch[]
  readonly offsets: readonly TransactionOffsets[]
}

export interface TransactionResult {
  readonly outcome: "committed" | "aborted"
  /** For the next transaction: the old one's epoch and one, or a new id and 0. */
  readonly next: { readonly producerId: number; readonly epoch: number }
  /** Base offsets of `batches`, in their order; for the other shape none. */
  readonly offsets: readonly number[]
}

export interface TransactionDescription {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
  readonly state: "empty" | "ongoing" | "committing" | "aborting"
  readonly partitions: readonly TopicPartition[]
  /** Store time after which anybody may abort it, epoch ms. */
  readonly deadline?: number
}

/** How far a step of `settleOverdue` came. */
export interface Overdue {
  /** Transactional ids that were looked at. */
  readonly looked: number
  readonly settled: number
  readonly forgotten: number
  /** The transactional id after which the next step goes on; undefined: all were looked at. */
  readonly next?: string
}

export interface Transactions {
  /**
   * Makes a producer of a transactional id: whoever had it is fenced, what it had open is decided and its markers are
   * written before this returns. `timeoutMs`: 1,000 to 900,000, how long a transaction may be open.
   */
  init(transactionalId: string, timeoutMs: number): Promise<TransactionalProducer>
  /**
   * Adds partitions to the open transaction of an epoch, by one conditional write; none when this process knows them to be
   * added. Must come before the first append of the epoch to a partition; `Log.append` does it where it was not done.
   */
  register(producerId: number, epoch: number, partitions: readonly TopicPartition[]): Promise<void>
  commit(request: CommitRequest): Promise<TransactionResult>
  abort(transactionalId: string, producerId: number, epoch: number): Promise<TransactionResult>
  /**
   * For who meets an open transaction that holds back what it may read: aborts an overdue one, writes the missing markers
   * of a decided one. Returns whether something changed.
   */
  settle(
    producerId: number,
    /** Where an open transaction was met: what the transactional id knows nothing of is aborted there. */
    at?: TopicPartition,
  ): Promise<boolean>
  /**
   * A bounded step of maintenance: settles what is overdue, forgets transactional ids that nobody has used for
   * `TRANSACTIONAL_ID_KEPT_MS`. `after`: the last step's `next`.
   */
  settleOverdue(after?: string): Promise<Overdue>
  describe(transactionalId: string): Promise<TransactionDescription>
  list(): Promise<readonly TransactionDescription[]>
}
