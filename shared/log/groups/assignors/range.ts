import { type AssignedMember, type AssignedTopic, subscribersOf } from "./types.ts"

/**
 * Each topic's partitions in runs, one run for each member in the members' order, the first runs longer by one. Topics with
 * equally many partitions, wanted by the same members, are cut alike: what has the same key in both is read by one member.
 * Source: Kafka's `RangeAssignor` (`partition.assignment.strategy`).
 */
export function assignRange(
  members: readonly AssignedMember[],
  topics: readonly AssignedTopic[],
): readonly ReadonlyMap<string, readonly number[]>[] {
  const assigned = members.map(() => new Map<string, readonly number[]>())
  for (const { id, partitions } of topics) {
    const subscribers = subscribersOf(members, id)
    const [each, longer] = [Math.floor(partitions / subscribers.length), partitions % subscribers.length]
    let next = 0
    for (const [place, index] of subscribers.entries()) {
      const length = each + (place < longer ? 1 : 0)
      if (length === 0) continue
      const first = next
      assigned[index].set(
        id,
        Array.from({ length }, (_, i) => first + i),
      )
      next += length
    }
  }
  return assigned
}
