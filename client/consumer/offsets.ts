import type { Connection } from "../connection.ts"
import { type ClientError, type ErrorForm, serverError } from "../errors.ts"
import type { Place, TopicPartition } from "../types.ts"

/** A place in a partition, and what a group remembers with it. */
export interface OffsetCommit extends TopicPartition {
  readonly topicId?: string
  /** The next offset to read. */
  readonly offset: number
  /** At most 4,096 UTF-8 bytes. */
  readonly metadata?: string
}

export interface CommittedOffset extends TopicPartition {
  readonly topicId: string
  readonly offset: number
  readonly metadata: string
  /** Epoch ms. */
  readonly committed: number
}

/** Who commits. */
export interface Stamp {
  readonly member: string
  readonly memberEpoch: number
}

const partitionPath = ({ topic, partition }: TopicPartition) =>
  `/topics/${encodeURIComponent(topic)}/partitions/${partition}`

const groupPath = (group: string) => `/groups/${encodeURIComponent(group)}`

/** The bounds of what can be read of a partition. */
export async function boundsOf(
  connection: Connection,
  at: TopicPartition,
  signal?: AbortSignal,
): Promise<{ readonly startOffset: number; readonly endOffset: number }> {
  const answer = await connection.call<{ beginning_offset: number; end_offset: number }>(
    "GET",
    `${partitionPath(at)}/offsets`,
    { signal },
  )
  return { startOffset: answer.beginning_offset, endOffset: answer.end_offset }
}

/** The offset that a place stands for now. */
export async function offsetAt(
  connection: Connection,
  at: TopicPartition,
  place: Place,
  signal?: AbortSignal,
): Promise<number> {
  if (typeof place !== "object") {
    const { startOffset, endOffset } = await boundsOf(connection, at, signal)
    return place === "earliest" ? startOffset : endOffset
  }
  const path = `${partitionPath(at)}/records?timestamp=${Math.floor(place.timestamp)}&max_bytes=1&timeout=0`
  const reply = await connection.persist("GET", path, {
    accept: "application/vnd.kafka.binary.v2+json",
    signal,
  })
  const [first] = JSON.parse(new TextDecoder().decode(reply.body)) as readonly { offset: number }[]
  return first?.offset ?? Number(reply.header("millrace-next-offset") ?? 0)
}

/** What a group has committed, of one topic or of all. */
export async function committedOffsets(
  connection: Connection,
  group: string,
  topic?: string,
  signal?: AbortSignal,
): Promise<readonly CommittedOffset[]> {
  const query = topic === undefined ? "" : `?topic=${encodeURIComponent(topic)}`
  const path = `${groupPath(group)}/offsets${query}`
  return (await connection.call<{ offsets: readonly CommittedOffset[] }>("GET", path, { signal })).offsets
}

type Outcome = TopicPartition & ErrorForm

/** Commits offsets; one error for each that was refused, in their order. */
export async function commitOffsets(
  connection: Connection,
  group: string,
  offsets: readonly OffsetCommit[],
  stamp?: Stamp,
): Promise<readonly (ClientError | undefined)[]> {
  if (offsets.length === 0) return []
  const body = { ...stamp, offsets }
  const { offsets: outcomes } = await connection.call<{ offsets: readonly Outcome[] }>(
    "POST",
    `${groupPath(group)}/offsets`,
    { body },
  )
  return outcomes.map(outcome => {
    if (outcome.reason === undefined) return undefined
    const { topic, partition, ...form } = outcome
    return serverError(`commit of ${topic}/${partition} for ${group}`, form)
  })
}
