import { LogError } from "../errors.ts"
import type { GroupStore } from "./group-store.ts"
import { inParallel } from "./in-parallel.ts"
import { OFFSETS_MAX } from "./limits.ts"
import { MeantPartitions } from "./meant-partition.ts"
import { isGone } from "./member-item.ts"
import type { Membership } from "./membership.ts"
import { checkGroupName, checkOffset } from "./names.ts"
import { commitFault, committedRecord } from "./offset-rights.ts"
import type { Offsets } from "./offsets.ts"
import type { GroupsLog } from "./open-groups.ts"
import type { TopicPartition } from "./partition-set.ts"
import type { OffsetReset } from "./types.ts"

interface Target extends TopicPartition {
  readonly offset: number
}

/** Sets offsets of a group that has no members. Throws `group_in_use`, and the topics' errors before anything is set. */
export async function resetOffsets(
  parts: {
    readonly log: GroupsLog
    readonly store: GroupStore
    readonly offsets: Offsets
    readonly membership: Membership
  },
  group: string,
  resets: readonly OffsetReset[],
): Promise<void> {
  const { log, store, offsets, membership } = parts
  checkGroupName(group)
  const targets = (await inParallel(resets, reset => targetsOf(log, reset))).flat()
  if (targets.length > OFFSETS_MAX) {
    throw new LogError("invalid_group", `offsets: expected at most ${OFFSETS_MAX}, got ${targets.length}`)
  }
  await checkUnused(store, membership, group)
  await store.ensure(group)
  const errors = await inParallel(targets, target =>
    offsets.put(group, target, async ({ value, date }) => {
      // Somebody joined just now.
      const fault = await commitFault(store, group, target, value, undefined)
      return fault === undefined ? committedRecord(value, undefined, target, date) : inUse(group)
    }),
  )
  const error = errors.find(each => each !== undefined)
  if (error !== undefined) throw error
}

/** Throws `group_in_use` while a member lives. */
export async function checkUnused(store: GroupStore, membership: Membership, group: string): Promise<void> {
  for (;;) {
    const { members, date } = await store.everything(group)
    if (members.length === 0) return
    if (members.some(({ value }) => !isGone(value, date))) throw inUse(group)
    await membership.sweep(group)
  }
}

function inUse(group: string): LogError {
  return new LogError("group_in_use", `group ${group} has members: stop them first`)
}

async function targetsOf(log: GroupsLog, { topic, partition, to }: OffsetReset): Promise<Target[]> {
  if (typeof to === "number") checkOffset(to)
  const meant = new MeantPartitions(log)
  const info = await meant.topic(topic, undefined, true)
  const all = Array.from({ length: info.partitions }, (_, number) => ({
    topicId: info.id,
    partition: number,
  }))
  const partitions = partition === undefined ? all : [await meant.find({ topic, partition })]
  return inParallel(partitions, async at => ({ ...at, offset: await offsetOf(log, at, to) }))
}

async function offsetOf(
  log: GroupsLog,
  { topicId, partition }: TopicPartition,
  to: OffsetReset["to"],
): Promise<number> {
  if (typeof to === "number") return to
  if (typeof to === "object") return log.offsetForTimestamp(topicId, partition, to.timestamp)
  const { beginningOffset, endOffset } = await log.offsets(topicId, partition)
  return to === "earliest" ? beginningOffset : endOffset
}
