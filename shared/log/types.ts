import type { LogError } from "./errors.ts"
import type { Groups } from "./groups/types.ts"
import type { BatchBuilder } from "./records/batch-builder.ts"
import type { Transactions } from "./transactions/types.ts"

/** Who made a topic or table: an app's deployment or a request over HTTP. */
export type Owner = `app:${string}` | "http"

export interface TopicSpec {
  readonly name: string
  /** 1 to `PARTITIONS_MAX`. */
  readonly partitions: number
  /** Kafka's topic configuration names, values as text: `retention.ms`, `cleanup.policy` … */
  readonly config?: Readonly<Record<string, string>>
  readonly owner: Owner
  /** JSON Schema of the values, as text, where the topic has one. */
  readonly schema?: string
  /** The field of the value that equals the record's key, where the topic says so. */
  readonly keyField?: string
  /** Where values are checked against the schema: by what reads them (the default), or before they are taken in. */
  readonly validate?: "reader" | "door"
}

export interface TopicInfo {
  readonly id: string
  readonly name: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
  readonly owner: Owner
  readonly schema?: string
  readonly keyField?: string
  readonly validate?: "reader" | "door"
  /** False: its app named it once and no longer does. It can then be deleted by anybody. */
  readonly attached?: boolean
  /** Store time, epoch ms. */
  readonly created: number
}

/** What of a topic can change without touching its records. */
export interface TopicChange
  extends Partial<Pick<TopicInfo, "partitions" | "config" | "schema" | "validate" | "attached">> {
  /** Entries of the configuration to set; null: back to the default. The others stay. */
  readonly configChanges?: Readonly<Record<string, string | null>>
}

/**
 * Records that wait for a flush, in a form that costs nothing until then. At the flush they are written straight into
 * the batch that is stored, next to those of other requests.
 */
export interface RecordSource {
  readonly count: number
  /** An upper bound of what `write` adds to a batch, uncompressed. */
  readonly bytesMax: number
  /**
   * Writes the records `from` to `to - 1`. `timestamp` (epoch ms) is for records that bring none.
   */
  write(builder: BatchBuilder, from: number, to: number, timestamp: number): void
  /** The first record without a key, −1 where all have one; without this they are encoded to be looked at. */
  firstKeyless?(): number
}

/** Where records go: a partition's number, or `any`: the log's choice, the same for all that wait together. */
export type PartitionChoice = number | "any"

/** One partition's share of an append. */
export type AppendPart =
  | { readonly partition: PartitionChoice; readonly records: RecordSource }
  /** One RecordBatch v2 as its producer encoded it, stored as it is. Its header may carry a producer. */
  | { readonly partition: number; readonly batch: Uint8Array }

export interface ProducerStamp {
  /** As the client chose it (`Producer-Id`). */
  readonly id: string
  readonly epoch: number
  /** The sequence number of the first record. */
  readonly sequence: number
}

export interface AppendRequest {
  readonly topic: string
  /** The id of the one topic that is meant, whatever the name stands for. */
  readonly topicId?: string
  readonly parts: readonly AppendPart[]
  /** Makes the append idempotent; `parts` is then a single one. */
  readonly producer?: ProducerStamp
}

export type AppendResult =
  | { readonly partition: number; readonly baseOffset: number; readonly count: number }
  | { readonly partition: number; readonly error: LogError }

/** One entry of a journal: a verified RecordBatch v2 without a producer, and its position in the shard. */
export interface JournalledBatch {
  /** As `JournalPosition` has it. */
  readonly sequence: string
  /** Of several in one journal record, which. */
  readonly index: number
  readonly bytes: Uint8Array
  /** Records. */
  readonly count: number
  /** Epoch ms. */
  readonly minTimestamp: number
  readonly maxTimestamp: number
  /** Stored as it is; others that are small share batches. */
  readonly compressed: boolean
}

/** What one shard of a journal has for one partition. */
export interface JournalledAppend {
  readonly topicId: string
  readonly partition: number
  /** The name that the partition remembers the position under. */
  readonly shard: string
  /** In the shard's order. */
  readonly batches: readonly JournalledBatch[]
}

/** Batches that were appended, and those that the partition had already. */
export interface JournalledResult {
  readonly appended: number
  readonly skipped: number
}

export interface FetchRequest {
  readonly offset: number
  /** At least one batch is returned whatever its size. */
  readonly maxBytes: number
  /** How long to wait for a first record when there is none, ms. */
  readonly waitMs?: number
  /** Default `read_committed`: stop at the last stable offset. */
  readonly isolation?: "read_committed" | "read_uncommitted"
  readonly signal?: AbortSignal
}

export interface FetchedBatch {
  readonly baseOffset: number
  /** Offset after the batch's last record. */
  readonly nextOffset: number
  /** The stored RecordBatch with its base offset patched. */
  readonly bytes: Uint8Array
}

export interface Fetched {
  /** Adjacent batches; the first may begin below the offset that was asked for. */
  readonly batches: readonly FetchedBatch[]
  /** Where to go on. */
  readonly nextOffset: number
  /** The partition's end (last stable offset for `read_committed`) as this fetch saw it. */
  readonly endOffset: number
  /** The log's start as this fetch saw it; default 0. */
  readonly startOffset?: number
}

/** The bounds of what can be read of a partition. */
export interface PartitionOffsets {
  readonly beginningOffset: number
  readonly endOffset: number
  readonly lastStableOffset: number
}

/** Results of a task for one partition. */
export interface PublishRequest {
  readonly topicId: string
  readonly partition: number
  /** RecordBatches as the task stored them: one producer's, their sequences following each other. */
  readonly batches: readonly Uint8Array[]
  /** Store time of the read that found the results committed and the producer's generation current, epoch ms. */
  readonly readAt: number
}

/** Where a reserved producer stands in one partition. */
export interface ProducerPosition {
  /** The sequence that follows its last one; 0: it never appended here. */
  readonly nextSequence: number
  readonly retired: boolean
}

/** What went in and out of a partition through one process, since it began. */
export interface TrafficFigures {
  readonly slots: number
  /** Stored batches. */
  readonly batches: number
  readonly records: number
  readonly bytes: number
  /** Requests of producers that were answered with offsets that stood before. */
  readonly repeats: number
  readonly bytesRead: number
  /** Requests that were refused for their producer's epoch or sequence, by code. */
  readonly refused: Readonly<Record<string, number>>
}

/** How long flushes took: a histogram, whose last count is of those above all bounds. */
export interface FlushFigures {
  readonly boundsMs: readonly number[]
  readonly counts: readonly number[]
  /** Partitions that they wrote, together. */
  readonly slots: number
  readonly sumMs: number
}

/** What one process knows of its own work, without a read. */
export interface LogFigures {
  readonly flushes: FlushFigures
  /** Of partitions that this process wrote or read. */
  partition(topicId: string, partition: number): TrafficFigures | undefined
}

/** The log's public face; what processing, serving and the API know of it. */
export interface Log {
  /** Consumer groups. */
  readonly groups: Groups
  readonly transactions: Transactions
  createTopic(spec: TopicSpec): Promise<TopicInfo>
  listTopics(): Promise<readonly TopicInfo[]>
  /** As of up to a minute ago, or, with `anew`, of a read that begins after this call. Throws `unknown_topic`. */
  topic(name: string, anew?: boolean): Promise<TopicInfo>
  /**
   * As of up to a minute ago, or, with `anew`, of a read that begins after this call; what is known by name is then read
   * anew too. Throws `topic_deleted` once the topic with this id is closed.
   */
  topicById(id: string, anew?: boolean): Promise<TopicInfo>
  /**
   * Sets what is given and keeps the rest. Partitions only grow; who knows the topic by a cached read learns of it within
   * a minute. Throws `unknown_topic`, `managed_by_app`, `invalid_topic`, `topic_being_deleted`, `outcome_unknown`.
   */
  alterTopic(name: string, by: Owner, change: TopicChange): Promise<TopicInfo>
  deleteTopic(name: string, by: Owner): Promise<void>
  createProducer(): Promise<{ id: string; epoch: number }>
  /**
   * The number of partitions that a producer's requests without a partition choose among: the topic's when the producer's
   * epoch first asked, whatever it has grown to since, so that a sequence never moves to another partition.
   * Throws `unknown_topic`, `invalid_producer`, `fenced` (a newer epoch has asked).
   */
  pinnedPartitions(topic: string, producer: Pick<ProducerStamp, "id" | "epoch">): Promise<number>
  /** One result per part, in their order; part-wise failures are values, everything else throws `LogError`. */
  append(request: AppendRequest): Promise<readonly AppendResult[]>
  /**
   * Appends what a journal hands over, each batch once however often and in whatever cuts it comes: those at or below
   * the last position that the partition has of the shard are skipped. Batches before the first one given must have
   * been appended. Throws `LogError`; then any first part of the batches may have been appended.
   */
  appendJournalled(request: JournalledAppend): Promise<JournalledResult>
  /**
   * Appends a task's results, batch for batch in their order, under its reserved producer (an id of `RESERVED_PRODUCER_IDS` and up). What is
   * there already is passed over. Throws `LogError`: `fenced` when the producer is retired, `gap` when results before
   * these are missing, `topic_deleted`, `outcome_unknown`; then any first part of the batches may have been appended.
   */
  publish(request: PublishRequest): Promise<void>
  /** How far a reserved producer's results are in a partition, as of a read since this call. */
  producerPosition(topicId: string, partition: number, producerId: number): Promise<ProducerPosition>
  /**
   * Ends a reserved producer in a partition: nothing of it is appended any more. Nothing is written where it never
   * appended, or is retired already. Throws `LogError` (`outcome_unknown`).
   */
  retireProducer(topicId: string, partition: number, producerId: number): Promise<void>
  /** What records that wait elsewhere to be appended are given where they bring none: a partition and a time (epoch ms). */
  assign(topic: TopicInfo): { readonly partition: number; readonly timestamp: number }
  /** Throws `offset_out_of_range`, `unknown_partition`, `topic_deleted`, `log_damaged`. */
  fetch(topicId: string, partition: number, request: FetchRequest): Promise<Fetched>
  offsets(topicId: string, partition: number): Promise<PartitionOffsets>
  /** One of `offsets`, by a read less: where the log begins is asked for once a minute. */
  lastStableOffset(topicId: string, partition: number): Promise<number>
  /**
   * Moves the log start up to `before` (−1: the last stable offset), be it within a batch, and returns where it is then.
   * Other processes may answer what is below for a minute more. Throws `offset_out_of_range` above the last stable offset,
   * `unknown_partition`, `topic_deleted`, `outcome_unknown`.
   */
  deleteRecords(topicId: string, partition: number, before: number): Promise<number>
  /** The first offset whose batch holds a timestamp at or above `timestamp` (epoch ms), else the end. */
  offsetForTimestamp(topicId: string, partition: number, timestamp: number): Promise<number>
  figures(): LogFigures
  /** Carries through what an ended process left half done: deletions of topics. For a home's start-up and tick. */
  recover(): Promise<void>
  /**
   * Resolves once nothing is being written any more, but for slots whose outcome is undecided: those are pursued for as
   * long as this process runs. For functions, which are frozen after they answer.
   */
  idle(): Promise<void>
  /** Stops taking requests and returns once every flush under way has ended. */
  close(): Promise<void>
}

export const PARTITIONS_MAX = 10_000
