import { StorageError } from "../../storage/errors.ts"
import { itemBytes } from "../../storage/item-size.ts"
import type { Item, ItemKey } from "../../storage/meta-store.ts"
import { LogError } from "../errors.ts"
import { GROUP_BYTES_MAX, GROUP_PARTITIONS_MAX, GROUP_TOPICS_MAX, MEMBERS_MAX } from "./limits.ts"
import { type PartitionSet, readSet, setText } from "./partition-set.ts"
import type { AssignorName, Subscription } from "./types.ts"

export const GROUP_FORMAT = 1
/** All names lie under one key, so that listing is one query. */
export const GROUP_NAMES_PK = "groups"
/** Sorts before members (`m#`), and they before offsets (`o#`): a group and its members are one query. */
export const GROUP_SK = "group"

/** A topic that a group reads, as of the last look at it. */
export interface GroupTopic {
  readonly id: string
  readonly name: string
  readonly partitions: number
}

export interface GroupMember {
  readonly member: string
  readonly instanceId?: string
  readonly subscription: Subscription
  readonly assignor?: AssignorName
  /** What it is to read, once nobody else does. */
  readonly target: PartitionSet
}

/** A group's membership. It changes when members come and go or want something else, and when topics do. */
export interface Group {
  /** Grows with every change. */
  readonly epoch: number
  readonly assignor: AssignorName
  /** In the order of `memberName`. */
  readonly members: readonly GroupMember[]
  /** In the order of their names. */
  readonly topics: readonly GroupTopic[]
  /** Store time since when it has no members, epoch ms. */
  readonly emptySince?: number
  /**
   * Is to be forgotten, with its offsets, or because none are left: who still needs it takes this back first.
   */
  readonly closing?: "deleted" | "expired"
}

/** By what members are told apart and ordered: a static one keeps its place through restarts. */
export function memberName(member: Pick<GroupMember, "member" | "instanceId">): string {
  return member.instanceId ?? member.member
}

export function groupPk(group: string): string {
  return `group#${group}`
}

export function groupKey(group: string): ItemKey {
  return { pk: groupPk(group), sk: GROUP_SK }
}

export function newGroup(date: number): Group {
  return { epoch: 0, assignor: "uniform", members: [], topics: [], emptySince: date }
}

/** A member as stored: subscription and topics by their numbers in the lists beside. */
type StoredMember = readonly [
  member: string,
  instanceId: string | null,
  subscription: number,
  assignor: AssignorName | null,
  target: string,
]

/** Throws `group_too_large`. */
export function groupItem(name: string, group: Group, version: string): Item {
  checkSize(name, group)
  const subscriptions = new Map<string, number>()
  const topicNumbers = new Map(group.topics.map(({ id }, index) => [id, index]))
  const members = group.members.map((member): StoredMember => {
    const text = JSON.stringify(member.subscription)
    const subscription = subscriptions.get(text) ?? subscriptions.size
    subscriptions.set(text, subscription)
    const target = setText(member.target, id => topicNumbers.get(id)!)
    return [member.member, member.instanceId ?? null, subscription, member.assignor ?? null, target]
  })
  const { epoch, assignor, emptySince, closing } = group
  const fields = {
    v: GROUP_FORMAT,
    epoch,
    assignor,
    members: JSON.stringify(members),
    subscriptions: `[${[...subscriptions.keys()].join(",")}]`,
    topics: JSON.stringify(group.topics.map(({ id, name: topic, partitions }) => [id, topic, partitions])),
    ...(emptySince === undefined ? {} : { emptySince }),
    ...(closing === undefined ? {} : { closing }),
  }
  const item = { ...groupKey(name), version, fields }
  const bytes = itemBytes(item)
  if (bytes > GROUP_BYTES_MAX) throw tooLarge(name, "bytes of ids, names and numbers", bytes, GROUP_BYTES_MAX)
  return item
}

function checkSize(name: string, { members, topics }: Group): void {
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions, 0)
  if (members.length > MEMBERS_MAX) throw tooLarge(name, "members", members.length, MEMBERS_MAX)
  if (topics.length > GROUP_TOPICS_MAX) throw tooLarge(name, "topics", topics.length, GROUP_TOPICS_MAX)
  if (partitions > GROUP_PARTITIONS_MAX) throw tooLarge(name, "partitions", partitions, GROUP_PARTITIONS_MAX)
}

function tooLarge(name: string, what: string, count: number, max: number): LogError {
  return new LogError("group_too_large", `group ${name}: ${count} ${what}, at most ${max}`, {
    detail: { max },
  })
}

export function readGroup({ pk, fields }: Item): Group {
  checkFormat(pk, fields.v, GROUP_FORMAT)
  const subscriptions: Subscription[] = JSON.parse(fields.subscriptions as string)
  const topics = (JSON.parse(fields.topics as string) as [string, string, number][]).map(
    ([id, name, partitions]) => ({ id, name, partitions }),
  )
  const members = (JSON.parse(fields.members as string) as StoredMember[]).map(
    ([member, instanceId, subscription, assignor, target]): GroupMember => ({
      member,
      ...(instanceId === null ? {} : { instanceId }),
      subscription: subscriptions[subscription],
      ...(assignor === null ? {} : { assignor }),
      target: readSet(target, number => topics[Number(number)].id),
    }),
  )
  return {
    epoch: fields.epoch as number,
    assignor: fields.assignor as AssignorName,
    members,
    topics,
    ...(fields.emptySince === undefined ? {} : { emptySince: fields.emptySince as number }),
    ...(fields.closing === undefined ? {} : { closing: fields.closing as Group["closing"] }),
  }
}

export function checkFormat(what: string, found: unknown, expected: number): void {
  if (found === expected) return
  throw new StorageError("unknown_format", `${what}: format ${String(found)}, expected ${expected}`)
}
