import type { Ports } from "../../storage/time.ts"
import type { LogError } from "../errors.ts"
import type { Log } from "../types.ts"
import { committedOffsets, describeGroup, groupLag, listGroups } from "./describe.ts"
import { deleteGroup, expireGroups } from "./expire.ts"
import { GroupStore } from "./group-store.ts"
import { Heartbeats } from "./heartbeats.ts"
import { Membership } from "./membership.ts"
import { checkGroupName, checkMemberName } from "./names.ts"
import { fenced, isOwner } from "./offset-rights.ts"
import { Offsets } from "./offsets.ts"
import { partitionSet, type TopicPartition } from "./partition-set.ts"
import { resetOffsets } from "./reset-offsets.ts"
import type { CommittedOffset, Groups, MemberStamp } from "./types.ts"

/** What groups know of the log. */
export type GroupsLog = Pick<Log, "topic" | "topicById" | "listTopics" | "offsets" | "offsetForTimestamp">

/** Opens the groups over the log's ports. Nothing is read until it is asked for. */
export function openGroups(ports: Ports, log: GroupsLog): Groups {
  const store = new GroupStore(ports)
  const membership = new Membership(ports, log, store)
  const heartbeats = new Heartbeats(ports, store, membership)
  const offsets = new Offsets(ports, log, store)
  const parts = { ports, log, store, membership, offsets }

  async function committed(group: string, topic?: string): Promise<readonly CommittedOffset[]> {
    checkGroupName(group)
    const topicId = topic === undefined ? undefined : (await log.topic(topic)).id
    const found = await committedOffsets(log, store, group, topicId)
    return found.map(({ record: _, ...offset }) => offset)
  }

  return {
    heartbeat: beat => heartbeats.beat(beat),
    leave: (group, stamp) => heartbeats.leave(group, stamp),
    commit: (group, commits, stamp) => offsets.commit(group, commits, stamp),
    committed,
    async setOffsets(group, resets) {
      await resetOffsets(parts, group, resets)
      return committed(group)
    },
    list: () => listGroups(store),
    async describe(group) {
      checkGroupName(group)
      return describeGroup(log, store, group)
    },
    async lag(group) {
      checkGroupName(group)
      return groupLag(log, store, group)
    },
    async delete(group) {
      checkGroupName(group)
      await deleteGroup(parts, group)
      offsets.forget(group)
    },
    checkFetch: (group, stamp, partitions) => checkFetch(store, group, stamp, partitions),
    offsetSteps: all => offsets.steps(all),
    expire: after => expireGroups(parts, after),
  }
}

async function checkFetch(
  store: GroupStore,
  group: string,
  stamp: MemberStamp,
  partitions: readonly TopicPartition[],
): Promise<readonly (LogError | undefined)[]> {
  checkGroupName(group)
  checkMemberName(stamp.member)
  const set = partitionSet(partitions.map(({ topicId, partition }) => ({ topicId, partitions: [partition] })))
  const { offsets } = await store.offsets(group, set)
  const owned = new Set(
    offsets
      .filter(({ value }) => isOwner(value, stamp))
      .map(({ topicId, partition }) => `${topicId}#${partition}`),
  )
  return partitions.map(at => (owned.has(`${at.topicId}#${at.partition}`) ? undefined : fenced(at, stamp)))
}
