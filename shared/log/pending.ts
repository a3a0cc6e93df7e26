import { LogError } from "./errors.ts"
import type { SlotEntry } from "./slot.ts"
import type { AppendResult, JournalledBatch, RecordSource } from "./types.ts"

/** A batch that its producer encoded: stored as it is. */
export interface EncodedBatch {
  readonly bytes: Uint8Array
  readonly minTimestamp: number
  readonly maxTimestamp: number
  /** It belongs to its producer's open transaction. */
  readonly transactional?: boolean
}

/** The end of a producer's transaction in one partition. It is stored once: where the partition has it, it is dropped. */
export interface Marker {
  readonly producerId: number
  /** The transaction's and one: fences what of it comes late. */
  readonly epoch: number
  readonly committed: boolean
  /** Kafka's control batch, so that a Kafka reader understands it. */
  readonly bytes: Uint8Array
  /** Epoch ms. */
  readonly timestamp: number
}

/** Batches of one shard of a journal, in its order: those that the partition does not have yet are stored together. */
export interface Journalled {
  readonly shard: string
  readonly batches: readonly JournalledBatch[]
}

/** One request's append to one partition, from its arrival to its answer. */
export class PendingAppend {
  /** Orders arrivals and reads: a read with a later ticket saw whatever was committed before this arrived. */
  readonly ticket: number
  /** Own-clock ms at the request's arrival. */
  readonly arrivedAt: number
  /** Of the read by which the request knows its topic, store time, epoch ms: a minute before the arrival at most. */
  readonly date: number
  readonly count: number
  /** An upper bound of the bytes that it adds to a flush. */
  readonly bytesMax: number
  readonly content:
    | { readonly records: RecordSource }
    | { readonly batch: EncodedBatch }
    | { readonly journalled: Journalled }
    | { readonly marker: Marker }
  /** The producer's id, epoch and sequences, where the append is idempotent. */
  readonly range: SlotEntry["producer"]
  answered = false
  /** Of a journal's batches: how many of them the plan at hand stores; the partition has the others. */
  taken: number | undefined
  readonly #resolve: (result: AppendResult) => void
  readonly #partition: number

  constructor(
    options: Pick<
      PendingAppend,
      "ticket" | "arrivedAt" | "date" | "count" | "bytesMax" | "content" | "range"
    > & {
      readonly partition: number
      readonly resolve: (result: AppendResult) => void
    },
  ) {
    this.ticket = options.ticket
    this.arrivedAt = options.arrivedAt
    this.date = options.date
    this.count = options.count
    this.bytesMax = options.bytesMax
    this.content = options.content
    this.range = options.range
    this.#partition = options.partition
    this.#resolve = options.resolve
  }

  /** Answers with the offset of the first record, and the count of records; of a journal's batches, of those taken. */
  commit(baseOffset: number): void {
    this.#answer({ partition: this.#partition, baseOffset, count: this.taken ?? this.count })
  }

  fail(error: LogError): void {
    this.#answer({ partition: this.#partition, error })
  }

  #answer(result: AppendResult): void {
    if (this.answered) return
    this.answered = true
    this.#resolve(result)
  }
}

/** The answer when nobody can tell yet whether the append stands. */
export function outcomeUnknown(cause?: unknown): LogError {
  return new LogError(
    "outcome_unknown",
    "the append may or may not be committed, now or later; with producer headers, send it again to learn which",
    { cause },
  )
}
