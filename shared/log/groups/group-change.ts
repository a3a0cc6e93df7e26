import { assignors, DEFAULT_ASSIGNOR } from "./assignors/index.ts"
import { type Group, type GroupMember, type GroupTopic, memberName } from "./group-item.ts"
import { NO_PARTITIONS } from "./partition-set.ts"
import { type TopicPattern, topicPattern } from "./topic-pattern.ts"
import type { AssignorName, Subscription } from "./types.ts"

// What a group is after a change: pure, so that any two processes make the same of the same.

export type MemberWish = Omit<GroupMember, "target">

/** Which topics a subscription means, by their names. */
export function subscribes(subscription: Subscription): TopicPattern {
  if ("pattern" in subscription) return topicPattern(subscription.pattern)
  const names = new Set(subscription.topics)
  return name => names.has(name)
}

/** A member more, or one that wants something else. `topics`: those that exist, of all that anybody wants. */
export function withMember(group: Group, wish: MemberWish, topics: readonly GroupTopic[]): Group {
  const before = group.members.find(({ member }) => member === wish.member)
  const others = group.members.filter(({ member }) => member !== wish.member)
  return assigned(group, [...others, { ...wish, target: before?.target ?? NO_PARTITIONS }], topics)
}

/** A static member that came back under another name: it gets what it had, and nobody else notices. */
export function takenOver(group: Group, from: string, wish: MemberWish): Group {
  const members = group.members.map(member =>
    member.member === from ? { ...wish, target: member.target } : member,
  )
  return { ...group, epoch: group.epoch + 1, members, closing: undefined }
}

/** @param date of the store, epoch ms: since when the group is empty, should it be */
export function withoutMembers(group: Group, gone: ReadonlySet<string>, date: number): Group {
  const members = group.members.filter(({ member }) => !gone.has(member))
  if (members.length > 0) return assigned(group, members, group.topics)
  return { ...group, epoch: group.epoch + 1, members, topics: [], emptySince: date, closing: undefined }
}

export function withTopics(group: Group, topics: readonly GroupTopic[]): Group {
  return assigned(group, group.members, topics)
}

/** Whether two lists, both in the order of names, tell the same. */
export function sameTopics(a: readonly GroupTopic[], b: readonly GroupTopic[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ id, partitions }, index) => id === b[index].id && partitions === b[index].partitions)
  )
}

function assigned(group: Group, unsorted: readonly GroupMember[], found: readonly GroupTopic[]): Group {
  const members = [...unsorted].sort(byName)
  const wanted = members.map(({ subscription }) => subscription)
  const patterns = [...new Map(wanted.map(each => [JSON.stringify(each), each])).entries()]
  const meant = new Map(
    patterns.map(([text, subscription]) => {
      const means = subscribes(subscription)
      return [text, new Set(found.filter(({ name }) => means(name)).map(({ id }) => id))] as const
    }),
  )
  const topicsOf = (member: GroupMember) => meant.get(JSON.stringify(member.subscription))!
  const topics = found.filter(({ id }) => [...meant.values()].some(ids => ids.has(id)))
  const assignor = chosenAssignor(members)
  const shares = assignors[assignor](
    members.map(member => ({ topics: topicsOf(member), previous: member.target })),
    topics,
  )
  return {
    epoch: group.epoch + 1,
    assignor,
    members: members.map((member, index) => ({ ...member, target: shares[index] })),
    topics,
  }
}

function byName(a: GroupMember, b: GroupMember): number {
  const [first, second] = [memberName(a), memberName(b)]
  if (first !== second) return first < second ? -1 : 1
  return a.member < b.member ? -1 : 1
}

/** The one that most members name; of equally many the one that is named first in the members' order. */
export function chosenAssignor(members: readonly Pick<GroupMember, "assignor">[]): AssignorName {
  const votes = new Map<AssignorName, number>()
  for (const { assignor } of members) {
    if (assignor !== undefined) votes.set(assignor, (votes.get(assignor) ?? 0) + 1)
  }
  let chosen = DEFAULT_ASSIGNOR
  let most = 0
  for (const [assignor, count] of votes) if (count > most) [chosen, most] = [assignor, count]
  return chosen
}
