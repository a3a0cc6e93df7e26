import { type AssignedMember, type AssignedTopic, subscribersOf } from "./types.ts"

/**
 * Spreads every topic evenly over those who want it: their shares of a topic differ by one at most, and so does what they have
 * in all, where all want the same topics. Within these bounds a member keeps what it had.
 * Source: the aims of KIP-848's `uniform` assignor; shares are fixed topic by topic, the fewest in all served first.
 */
export function assignUniform(
  members: readonly AssignedMember[],
  topics: readonly AssignedTopic[],
): readonly ReadonlyMap<string, readonly number[]>[] {
  const assigned = members.map(() => new Map<string, readonly number[]>())
  const totals = members.map(() => 0)
  for (const { id, partitions } of topics) {
    const subscribers = subscribersOf(members, id)
    if (subscribers.length === 0) continue
    const taken = new Uint8Array(partitions)
    const kept = subscribers.map(index => keptOf(members[index], id, taken))
    const each = Math.floor(partitions / subscribers.length)
    const longer = longerShares(subscribers, totals, kept, each, partitions % subscribers.length)
    for (const [place, numbers] of kept.entries()) {
      for (const partition of numbers.splice(each + longer[place])) taken[partition] = 0
    }
    let next = 0
    for (const [place, index] of subscribers.entries()) {
      const numbers = kept[place]
      while (numbers.length < each + longer[place]) {
        while (taken[next] === 1) next++
        numbers.push(next++)
      }
      if (numbers.length === 0) continue
      totals[index] += numbers.length
      assigned[index].set(
        id,
        numbers.sort((a, b) => a - b),
      )
    }
  }
  return assigned
}

/** What a member had of a topic and nobody before it: marked as taken. */
function keptOf(member: AssignedMember, topicId: string, taken: Uint8Array): number[] {
  const kept: number[] = []
  for (const partition of member.previous.get(topicId) ?? []) {
    if (partition >= taken.length || taken[partition] === 1) continue
    taken[partition] = 1
    kept.push(partition)
  }
  return kept
}

/** 1 for each subscriber whose share is longer by one: who has the fewest in all, and of these who had such a share. */
function longerShares(
  subscribers: readonly number[],
  totals: readonly number[],
  kept: readonly (readonly number[])[],
  each: number,
  count: number,
): number[] {
  const hadLess = (place: number) => (kept[place].length > each ? 0 : 1)
  const order = subscribers
    .map((_, place) => place)
    .sort((a, b) => totals[subscribers[a]] - totals[subscribers[b]] || hadLess(a) - hadLess(b) || a - b)
  const longer = subscribers.map(() => 0)
  for (const place of order.slice(0, count)) longer[place] = 1
  return longer
}
