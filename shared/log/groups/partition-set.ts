import type { TopicPartitions } from "./types.ts"

/** Partitions by their topic's id; numbers ascend, no topic is empty. */
export type PartitionSet = ReadonlyMap<string, readonly number[]>

export const NO_PARTITIONS: PartitionSet = new Map()

export interface TopicPartition {
  readonly topicId: string
  readonly partition: number
}

/** Of any numbers in any order. */
export function partitionSet(
  topics: Iterable<Pick<TopicPartitions, "topicId" | "partitions">>,
): PartitionSet {
  const found = new Map<string, Set<number>>()
  for (const { topicId, partitions } of topics) {
    const numbers = found.get(topicId) ?? new Set()
    for (const partition of partitions) numbers.add(partition)
    if (numbers.size > 0) found.set(topicId, numbers)
  }
  return new Map([...found].map(([topicId, numbers]) => [topicId, [...numbers].sort((a, b) => a - b)]))
}

export function setSize(set: PartitionSet): number {
  let size = 0
  for (const partitions of set.values()) size += partitions.length
  return size
}

export function setHas(set: PartitionSet, topicId: string, partition: number): boolean {
  const partitions = set.get(topicId)
  if (partitions === undefined) return false
  let [low, high] = [0, partitions.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (partitions[middle] < partition) low = middle + 1
    else high = middle
  }
  return partitions[low] === partition
}

/** What is in both. */
export function common(a: PartitionSet, b: PartitionSet): PartitionSet {
  return filtered(a, (topicId, partition) => setHas(b, topicId, partition))
}

/** What is in the first alone. */
export function without(a: PartitionSet, b: PartitionSet): PartitionSet {
  return filtered(a, (topicId, partition) => !setHas(b, topicId, partition))
}

export function union(a: PartitionSet, b: PartitionSet): PartitionSet {
  if (b.size === 0) return a
  const both = [a, b].flatMap(set => [...set].map(([topicId, partitions]) => ({ topicId, partitions })))
  return partitionSet(both)
}

export function sameSet(a: PartitionSet, b: PartitionSet): boolean {
  if (a.size !== b.size) return false
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId)
    if (others?.length !== partitions.length) return false
    if (partitions.some((partition, index) => partition !== others[index])) return false
  }
  return true
}

export function* eachPartition(set: PartitionSet): Generator<TopicPartition> {
  for (const [topicId, partitions] of set) for (const partition of partitions) yield { topicId, partition }
}

function filtered(set: PartitionSet, keep: (topicId: string, partition: number) => boolean): PartitionSet {
  const kept = new Map<string, readonly number[]>()
  for (const [topicId, partitions] of set) {
    const numbers = partitions.filter(partition => keep(topicId, partition))
    if (numbers.length > 0) kept.set(topicId, numbers)
  }
  return kept
}

/** `0-4,7`: runs of ascending numbers. */
export function rangesText(numbers: readonly number[]): string {
  const runs: string[] = []
  for (let first = 0; first < numbers.length; ) {
    let last = first
    while (last + 1 < numbers.length && numbers[last + 1] === numbers[last] + 1) last++
    runs.push(last === first ? `${numbers[first]}` : `${numbers[first]}-${numbers[last]}`)
    first = last + 1
  }
  return runs.join(",")
}

export function readRanges(text: string): number[] {
  const numbers: number[] = []
  for (const run of text.split(",")) {
    const [first, last = first] = run.split("-").map(Number)
    for (let number = first; number <= last; number++) numbers.push(number)
  }
  return numbers
}

/** `<topic>:0-4,7;<topic>:1`; `short` gives a topic's text, by default its id. */
export function setText(set: PartitionSet, short: (topicId: string) => string | number = id => id): string {
  return [...set].map(([topicId, partitions]) => `${short(topicId)}:${rangesText(partitions)}`).join(";")
}

export function readSet(text: string, topicIdOf: (short: string) => string = id => id): PartitionSet {
  if (text === "") return NO_PARTITIONS
  return new Map(
    text.split(";").map(topic => {
      const at = topic.indexOf(":")
      return [topicIdOf(topic.slice(0, at)), readRanges(topic.slice(at + 1))] as const
    }),
  )
}
