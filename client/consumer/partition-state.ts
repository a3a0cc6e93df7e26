import type { FetchedBatch } from "../records/fetched-batch.ts"
import type { Place, TopicPartition } from "../types.ts"

/** Where a partition's reading is to begin, while that has to be looked up. */
export type Beginning = Place | "committed" | "error"

/** One partition that the consumer reads. */
export class PartitionState implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** Known once assigned by a group, or fetched. */
  topicId: string | undefined
  /** The next offset to fetch; undefined while `beginning` has to be looked up. */
  fetchOffset: number | undefined
  beginning: Beginning
  /** Offsets below the log's start are gone over in silence: the reading begins there, wherever that is. */
  fromStart = false
  /** The next offset to hand out. */
  position: number | undefined
  /** What is done with: all below was handed out, and something was asked for after it. */
  consumed: number | undefined
  /** What is known to be committed. */
  committed: number | undefined
  endOffset: number | undefined
  buffered: FetchedBatch[] = []
  bufferedBytes = 0
  paused = false
  /** Nothing is fetched until those who have to know of the assignment know. */
  held = false
  /** No longer the consumer's. */
  gone = false
  /** Counts what makes a reply under way worthless. */
  version = 0
  /** Not fetched before this moment by the client's own clock, ms. */
  notBefore = 0

  constructor(topic: string, partition: number, beginning: Beginning | number) {
    this.topic = topic
    this.partition = partition
    this.beginning = "committed"
    this.seek(beginning)
  }

  /** Goes on elsewhere: what was fetched is dropped. */
  seek(to: Beginning | number): void {
    this.version++
    this.buffered = []
    this.bufferedBytes = 0
    this.fromStart = false
    if (typeof to === "number") {
      this.#goTo(to)
      return
    }
    if (to === "earliest") {
      // The log's start is told by the first fetch.
      this.#goTo(0)
      this.fromStart = true
      return
    }
    this.beginning = to
    this.fetchOffset = undefined
    this.position = undefined
    this.consumed = undefined
  }

  #goTo(offset: number): void {
    this.fetchOffset = offset
    this.position = offset
    this.consumed = offset
  }

  /** Takes what a fetch gave. @param inHand the batch that is being read, where it is of this partition */
  take(batches: readonly FetchedBatch[], nextOffset: number, inHand: FetchedBatch | undefined): void {
    for (const batch of batches) {
      this.buffered.push(batch)
      this.bufferedBytes += batch.bytes
    }
    this.fetchOffset = nextOffset
    // What was left out behind the last batch, aborted records and markers, is gone over with it.
    const last = this.buffered.at(-1) ?? inHand
    if (last !== undefined) {
      if (last === inHand && this.position === last.nextOffset) this.position = nextOffset
      last.nextOffset = nextOffset
    } else if (this.position !== undefined && nextOffset > this.position) {
      this.position = nextOffset
      this.consumed = nextOffset
    }
  }

  /** The next batch to hand out. */
  shift(): FetchedBatch | undefined {
    const batch = this.buffered.shift()
    if (batch !== undefined) this.bufferedBytes -= batch.bytes
    return batch
  }

  /** What of a batch was not read goes to the front again. */
  putBack(batch: FetchedBatch, from: number): void {
    batch.firstOffset = from
    this.buffered.unshift(batch)
    this.bufferedBytes += batch.bytes
  }

  get key(): string {
    return partitionKey(this)
  }
}

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
