import { LogError } from "../../log/errors.ts"
import type {
  AssignedPartition,
  Groups,
  MemberStamp,
  Subscription,
  TopicPartitions,
} from "../../log/groups/types.ts"
import type { Instance, Position } from "./instance.ts"
import { AUTO_COMMIT_MS, BEAT_MS_MAX, INSTANCE_IDLE_MS, INSTANCE_PARTITIONS_MAX } from "./limits.ts"

/** Heartbeats of one request: each may take partitions away, which is told by the next. */
const BEATS_MAX = 4

/** Undefined: the instance subscribes to nothing. */
export function subscriptionOf({ reads }: Instance): Subscription | undefined {
  if (reads.kind === "topics") return { topics: reads.topics }
  return reads.kind === "pattern" ? { pattern: reads.pattern } : undefined
}

/** Who the instance is in its group; undefined: no member. */
export function stampOf({ member, epoch }: Instance): MemberStamp | undefined {
  return epoch === 0 ? undefined : { member, memberEpoch: epoch }
}

/**
 * Keeps a subscribed instance in its group, and gives it the partitions that are its own by now. Those that it loses are
 * committed first, if it commits by itself.
 * @param date the store's, about now, epoch ms
 */
export async function beat(groups: Groups, before: Instance, date: number): Promise<Instance> {
  let instance = before
  for (let beats = 0; beats < BEATS_MAX && isDue(instance, date); beats++) {
    instance = await beatOnce(groups, instance, date)
  }
  return instance
}

const isDue = (instance: Instance, date: number) =>
  subscriptionOf(instance) !== undefined && (instance.epoch === 0 || date >= instance.beatAt)

async function beatOnce(groups: Groups, instance: Instance, date: number): Promise<Instance> {
  const subscription = subscriptionOf(instance)
  if (subscription === undefined) return instance
  const { group, member, epoch, positions } = instance
  try {
    const reply = await groups.heartbeat({
      group,
      member,
      memberEpoch: epoch,
      subscription,
      owned: ownedOf(positions),
      sessionTimeoutMs: INSTANCE_IDLE_MS,
    })
    const joined = {
      ...instance,
      epoch: reply.memberEpoch,
      beatAt: date + Math.min(reply.heartbeatIntervalMs, BEAT_MS_MAX),
    }
    return reply.assignment === undefined ? joined : await assigned(groups, joined, reply.assignment, date)
  } catch (error) {
    const isLost = error instanceof LogError && ["unknown_member", "fenced_member"].includes(error.code)
    if (!isLost || epoch === 0) throw error
    // What it read and did not commit is read again, by whoever owns it now.
    return { ...instance, epoch: 0, positions: [] }
  }
}

async function assigned(
  groups: Groups,
  instance: Instance,
  assignment: readonly AssignedPartition[],
  date: number,
): Promise<Instance> {
  if (assignment.length > INSTANCE_PARTITIONS_MAX) {
    throw new LogError(
      "group_too_large",
      `a consumer instance reads at most ${INSTANCE_PARTITIONS_MAX} partitions, got ${assignment.length}; start more instances`,
    )
  }
  const known = new Map(instance.positions.map(at => [`${at.topicId}#${at.partition}`, at]))
  const positions = assignment.map(({ topic, topicId, partition, offset }): Position => {
    return known.get(`${topicId}#${partition}`) ?? { topic, topicId, partition, offset, isAhead: false }
  })
  const kept = new Set(positions)
  const lost = instance.positions.filter(at => !kept.has(at))
  if (instance.autoCommit) await commitPositions(groups, instance, lost)
  // Whoever is to have them waits for word that they are not read here any more.
  return { ...instance, positions, ...(lost.length > 0 ? { beatAt: date } : {}) }
}

function ownedOf(positions: readonly Position[]): TopicPartitions[] {
  const topics = new Map<string, { topic: string; topicId: string; partitions: number[] }>()
  for (const { topic, topicId, partition } of positions) {
    const of = topics.get(topicId) ?? { topic, topicId, partitions: [] }
    of.partitions.push(partition)
    topics.set(topicId, of)
  }
  return [...topics.values()]
}

/** Commits what an instance was given, where that is above what it has committed. Errors by partition, undefined for none. */
export async function commitPositions(
  groups: Groups,
  instance: Instance,
  positions: readonly Position[],
): Promise<readonly LogError[]> {
  const ahead = positions.filter(({ isAhead, offset }) => isAhead && offset !== undefined)
  if (ahead.length === 0) return []
  const offsets = ahead.map(({ topic, topicId, partition, offset = 0 }) => ({
    topic,
    topicId,
    partition,
    offset,
  }))
  const committed = await groups.commit(instance.group, offsets, stampOf(instance))
  return committed.flatMap(({ error }) => (error === undefined ? [] : [error]))
}

/** An instance that has committed all that it was given. */
export function allCommitted(instance: Instance, date: number): Instance {
  const positions = instance.positions.map(at => (at.isAhead ? { ...at, isAhead: false } : at))
  return { ...instance, positions, committedAt: date }
}

/**
 * Commits what earlier reads gave, as a consumer with `enable.auto.commit` does when it polls. Where a partition is another's
 * by now, that one goes on from what was committed before.
 */
export async function autoCommit(groups: Groups, instance: Instance, date: number): Promise<Instance> {
  if (!instance.autoCommit || date < instance.committedAt + AUTO_COMMIT_MS) return instance
  if (!instance.positions.some(({ isAhead }) => isAhead)) return instance
  const errors = await commitPositions(groups, instance, instance.positions)
  // What is not known to stand, or could not be tried, is committed again by the next read.
  const isSettled = errors.every(({ code }) => code !== "outcome_unknown" && code !== "overloaded")
  return isSettled ? allCommitted(instance, date) : instance
}
