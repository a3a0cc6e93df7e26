import type { PartitionSet } from "../partition-set.ts"

export interface AssignedMember {
  /** Ids of the topics that it wants. */
  readonly topics: ReadonlySet<string>
  /** What it was to read before; may hold what is gone, or no longer wanted. */
  readonly previous: PartitionSet
}

export interface AssignedTopic {
  readonly id: string
  readonly partitions: number
}

/**
 * Shares out partitions: each one that anybody wants goes to exactly one of those who want its topic. Pure: members and
 * topics come in an order that every process agrees on. One set for each member, in their order.
 */
export type Assignor = (
  members: readonly AssignedMember[],
  topics: readonly AssignedTopic[],
) => readonly PartitionSet[]

/** The indexes of those who want a topic. */
export function subscribersOf(members: readonly AssignedMember[], topicId: string): number[] {
  const found: number[] = []
  for (const [index, member] of members.entries()) if (member.topics.has(topicId)) found.push(index)
  return found
}
