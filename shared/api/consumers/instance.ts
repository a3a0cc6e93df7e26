import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"

/*
 * A consumer instance of Kafka REST v2 in the meta store. Any process may serve any of its requests, so that all that a
 * client's session is lies here: pk `consumers#` and a hexadecimal digit (of the sk's hash: keys of their own share the
 * writes), sk the group's name, percent-encoded, `#`, the instance's. Fields: v 1 · deadline, store time, epoch ms · state,
 * JSON.
 */
export const INSTANCE_FORMAT = 1

export type EmbeddedFormat = "binary" | "json"
export type OffsetReset = "earliest" | "latest" | "none"

/** What an instance was told to read. */
export type Reads =
  | { readonly kind: "nothing" }
  | { readonly kind: "topics"; readonly topics: readonly string[] }
  | { readonly kind: "pattern"; readonly pattern: string }
  /** Assigned by hand: the instance is no member of its group. */
  | { readonly kind: "partitions" }

/** Where an instance stands in a partition that it reads. */
export interface Position {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** The next record to give; undefined: as committed, else as `auto.offset.reset` says. */
  readonly offset: number | undefined
  /** Above what this instance has committed. */
  readonly isAhead: boolean
}

export interface InstanceConfig {
  readonly format: EmbeddedFormat
  readonly reset: OffsetReset
  readonly autoCommit: boolean
  /** A read waits for that many, as long as it may. */
  readonly minBytes: number
  readonly timeoutMs: number
}

export interface Instance extends InstanceConfig {
  readonly group: string
  readonly name: string
  readonly reads: Reads
  /** The member of the group that it is, while it subscribes. */
  readonly member: string
  /** 0: it has not joined. */
  readonly epoch: number
  /** Store time of the next heartbeat, epoch ms. */
  readonly beatAt: number
  /** Store time of the last commit by itself, epoch ms. */
  readonly committedAt: number
  readonly positions: readonly Position[]
}

export type InstanceId = Pick<Instance, "group" | "name">

type TopicPositions = [
  topic: string,
  id: string,
  at: (readonly [partition: number, offset: number, isAhead: number])[],
]

/** A partition without an offset, in items. */
const NO_OFFSET = -1

export function encodeInstance(instance: Instance): string {
  const { positions, ...rest } = instance
  const topics = new Map<string, TopicPositions>()
  for (const { topic, topicId, partition, offset, isAhead } of positions) {
    const of = topics.get(topicId) ?? [topic, topicId, []]
    of[2].push([partition, offset ?? NO_OFFSET, isAhead ? 1 : 0])
    topics.set(topicId, of)
  }
  return JSON.stringify({ ...rest, topics: [...topics.values()] })
}

/** Throws `StorageError` (`unknown_format`). */
export function decodeInstance({ sk, fields }: Item): Instance {
  if (fields.v !== INSTANCE_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `consumer instance ${sk}: format ${String(fields.v)}, expected ${INSTANCE_FORMAT}`,
    )
  }
  const { topics, ...rest } = JSON.parse(String(fields.state)) as Omit<Instance, "positions"> & {
    topics: TopicPositions[]
  }
  const positions = topics.flatMap(([topic, topicId, at]) =>
    at.map(([partition, offset, isAhead]): Position => {
      return {
        topic,
        topicId,
        partition,
        offset: offset === NO_OFFSET ? undefined : offset,
        isAhead: isAhead === 1,
      }
    }),
  )
  return { ...rest, positions }
}
