/** Text is sent as UTF-8. */
export type Bytes = string | Uint8Array

/** By name, or as pairs where a name comes twice. */
export type RecordHeaders =
  | Readonly<Record<string, Bytes | null>>
  | readonly (readonly [name: string, value: Bytes | null])[]

/** A record to be appended. */
export interface OutgoingRecord {
  readonly topic: string
  /** Chooses the partition as Kafka's default partitioner does. Default: none. */
  readonly key?: Bytes | null
  /** Null: a tombstone. */
  readonly value: Bytes | null
  readonly headers?: RecordHeaders
  /** Default: by the key's hash; without a key, one after the other, each for a batch. */
  readonly partition?: number
  /** Epoch ms. Default: now. */
  readonly timestamp?: number
}

/** Where a record stands. */
export interface Delivered {
  readonly partition: number
  /** −1: it stands, but where is forgotten, since it was acknowledged much later than it was appended. */
  readonly offset: number
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Where to begin: the first record, what comes from now on, or the first record at or after a time (epoch ms). */
export type Place = "earliest" | "latest" | { readonly timestamp: number }
