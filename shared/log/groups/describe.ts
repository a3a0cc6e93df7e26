import { LogError } from "../errors.ts"
import type { Log } from "../types.ts"
import type { Group } from "./group-item.ts"
import type { GroupStore, MemberRead } from "./group-store.ts"
import { inParallel } from "./in-parallel.ts"
import { isGone } from "./member-item.ts"
import type { OffsetRecord } from "./offset-item.ts"
import type { GroupsLog } from "./open-groups.ts"
import { type PartitionSet, sameSet, setHas, type TopicPartition, union } from "./partition-set.ts"
import type {
  CommittedOffset,
  GroupDescription,
  GroupLag,
  GroupListing,
  GroupState,
  TopicPartitions,
} from "./types.ts"

// What is seen of groups from outside.

export async function listGroups(store: GroupStore): Promise<readonly GroupListing[]> {
  const { names } = await store.names()
  const states = await inParallel(names, async group => {
    const { value, members, date } = await store.everything(group)
    return value === undefined || value.closing !== undefined
      ? undefined
      : { group, state: stateOf(value, living(members, date)) }
  })
  return states.filter(state => state !== undefined)
}

/** Throws `unknown_group`. */
export async function describeGroup(
  log: Pick<Log, "topicById">,
  store: GroupStore,
  group: string,
): Promise<GroupDescription> {
  const { value, members, date } = await store.everything(group)
  if (value === undefined || value.closing !== undefined) throw unknownGroup(group)
  const alive = living(members, date)
  const names = new Map(value.topics.map(({ id, name }) => [id, name]))
  const byName = new Map(alive.map(read => [read.member, read.value]))
  const described = value.members.flatMap(({ member, instanceId, subscription }) => {
    const read = byName.get(member)
    if (read === undefined) return []
    return {
      member,
      ...(instanceId === undefined ? {} : { instanceId }),
      memberEpoch: read.epoch,
      subscription,
      assignment: read.owned,
      deadline: read.deadline,
    }
  })
  const shown = await inParallel(described, async member => ({
    ...member,
    assignment: await named(log, names, member.assignment),
  }))
  const { epoch, assignor } = value
  return { group, state: stateOf(value, alive), epoch, assignor, members: shown }
}

async function named(
  log: Pick<Log, "topicById">,
  names: ReadonlyMap<string, string>,
  set: PartitionSet,
): Promise<TopicPartitions[]> {
  return inParallel([...set], async ([topicId, partitions]) => {
    const topic = names.get(topicId) ?? (await nameOf(log, topicId)) ?? topicId
    return { topic, topicId, partitions }
  })
}

function living(members: readonly MemberRead[], date: number): readonly MemberRead[] {
  return members.filter(({ value }) => !isGone(value, date))
}

function stateOf(group: Group, alive: readonly MemberRead[]): GroupState {
  if (alive.length === 0) return "empty"
  const settled =
    alive.length === group.members.length &&
    alive.every(({ value }) => value.epoch === group.epoch && sameSet(value.owned, value.assigned))
  return settled ? "stable" : "assigning"
}

/** By topic and partition; what is of a topic that is gone is left out. */
export async function committedOffsets(
  log: Pick<Log, "topicById">,
  store: GroupStore,
  group: string,
  topicId?: string,
): Promise<(CommittedOffset & { readonly record: OffsetRecord })[]> {
  const { offsets } = await store.standingOffsets(group, topicId)
  const ids = [...new Set(offsets.map(each => each.topicId))]
  const found = await inParallel(ids, id => nameOf(log, id))
  const names = new Map(ids.map((id, index) => [id, found[index]]))
  const all = offsets.flatMap(({ topicId: id, partition, value: record }) => {
    const { offset, metadata, committed } = record
    const topic = names.get(id)
    if (topic === undefined || offset === undefined) return []
    return { topic, topicId: id, partition, offset, metadata, committed, record }
  })
  return all.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

/** Throws `unknown_group`. */
export async function groupLag(
  log: GroupsLog,
  store: GroupStore,
  group: string,
): Promise<readonly GroupLag[]> {
  const [{ value, members, date }, committed] = await Promise.all([
    store.everything(group),
    committedOffsets(log, store, group),
  ])
  if (value === undefined || value.closing !== undefined) throw unknownGroup(group)
  const alive = new Map(living(members, date).map(read => [read.member, read.value]))
  const isOwned = (owner: string, { topicId, partition }: TopicPartition) => {
    const member = alive.get(owner)
    return member !== undefined && setHas(union(member.assigned, member.giving), topicId, partition)
  }
  return inParallel(committed, async ({ record, ...offset }) => {
    const { beginningOffset, endOffset } = await log.offsets(offset.topicId, offset.partition)
    const { owner } = record
    const from = Math.max(offset.offset, beginningOffset)
    return {
      ...offset,
      startOffset: beginningOffset,
      endOffset,
      lag: Math.max(0, endOffset - from),
      ...(owner !== undefined && isOwned(owner, offset) ? { member: owner } : {}),
    }
  })
}

export function unknownGroup(group: string): LogError {
  return new LogError("unknown_group", `group ${group} does not exist`)
}

/** Undefined: the topic is gone. */
export async function nameOf(log: Pick<Log, "topicById">, topicId: string): Promise<string | undefined> {
  try {
    return (await log.topicById(topicId)).name
  } catch (error) {
    if (error instanceof LogError && (error.code === "topic_deleted" || error.code === "unknown_topic"))
      return undefined
    throw error
  }
}
