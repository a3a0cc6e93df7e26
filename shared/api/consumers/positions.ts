import { LogError } from "../../log/errors.ts"
import { inParallel } from "../../log/groups/in-parallel.ts"
import { checkPartition } from "../../log/topic-config.ts"
import type { Log } from "../../log/types.ts"
import { ApiError } from "../errors.ts"
import type { Instance, OffsetReset, Position } from "./instance.ts"

/** A partition as requests name it. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Where a consumer begins that nothing was committed for. Throws `offset_out_of_range` where it was told not to. */
export async function resetOffset(log: Log, at: Position, reset: OffsetReset): Promise<number> {
  const { beginningOffset, lastStableOffset } = await log.offsets(at.topicId, at.partition)
  if (reset === "earliest") return beginningOffset
  if (reset === "latest") return lastStableOffset
  throw new LogError(
    "offset_out_of_range",
    `${at.topic}/${at.partition}: no offset is committed that can be read, and auto.offset.reset is none; POST positions sets one`,
    { detail: { start: beginningOffset } },
  )
}

/** Gives every position an offset: what it has, what its group committed, or what `auto.offset.reset` says. */
export async function resolvePositions(log: Log, instance: Instance): Promise<Instance> {
  if (instance.positions.every(({ offset }) => offset !== undefined)) return instance
  // A member is told what is committed as it takes a partition over.
  const isMember = instance.reads.kind !== "partitions"
  const topics = new Set(
    instance.positions.filter(({ offset }) => offset === undefined).map(({ topic }) => topic),
  )
  const committed = new Map<string, number>()
  for (const topic of isMember ? [] : topics) {
    for (const { topicId, partition, offset } of await log.groups.committed(instance.group, topic)) {
      committed.set(`${topicId}#${partition}`, offset)
    }
  }
  const positions = await inParallel(instance.positions, async at => {
    const offset = at.offset ?? committed.get(`${at.topicId}#${at.partition}`)
    return { ...at, offset: offset ?? (await resetOffset(log, at, instance.reset)) }
  })
  return { ...instance, positions }
}

/** Partitions as they are to be read, each once. Throws LogError `unknown_topic`, `unknown_partition`. */
export async function positionsOf(
  log: Log,
  partitions: readonly TopicPartition[],
): Promise<readonly Position[]> {
  const highest = new Map<string, number>()
  for (const { topic, partition } of partitions) {
    highest.set(topic, Math.max(partition, highest.get(topic) ?? 0))
  }
  const infos = await inParallel([...highest], async ([name, partition]) => {
    const known = await log.topic(name)
    return partition < known.partitions ? known : await log.topic(name, true)
  })
  const byName = new Map(infos.map(info => [info.name, info]))
  const positions = new Map<string, Position>()
  for (const { topic, partition } of partitions) {
    const info = byName.get(topic)!
    checkPartition(info, partition)
    positions.set(`${topic}/${partition}`, {
      topic,
      topicId: info.id,
      partition,
      offset: undefined,
      isAhead: false,
    })
  }
  return [...positions.values()]
}

/**
 * Moves positions of partitions that the instance reads.
 * @throws ApiError `illegal_state` where it does not read one
 */
export function movePositions(
  instance: Instance,
  moves: readonly (TopicPartition & { readonly offset: number })[],
): Instance {
  const offsets = new Map(moves.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  const read = new Set(instance.positions.map(({ topic, partition }) => `${topic}/${partition}`))
  for (const { topic, partition } of moves) {
    if (!read.has(`${topic}/${partition}`))
      throw illegalState(`no current assignment for partition ${topic}-${partition}`)
  }
  const positions = instance.positions.map(at => {
    const offset = offsets.get(`${at.topic}/${at.partition}`)
    // A commit of what was read covers where the consumer was sent to, as in Kafka's own.
    return offset === undefined ? at : { ...at, offset, isAhead: true }
  })
  return { ...instance, positions }
}

export function illegalState(what: string): ApiError {
  return new ApiError("illegal_state", `Illegal state: ${what}`)
}
