import type { PartitionChoice, RecordSource } from "../types.ts"
import { partitionForKey } from "./murmur2.ts"
import { type RecordRanges, rangeSource } from "./record-ranges.ts"

/** Where a body's records go. */
export interface RecordsTarget {
  /** How many partitions the topic has. */
  readonly partitions: number
  /** The partition that the request's path names, for all its records. */
  readonly partition?: number
}

/** The records of a request that go to one partition, in the request's order. */
export interface RecordGroup {
  readonly partition: PartitionChoice
  readonly records: RecordSource
}

/** What every format of a produce request becomes. */
export interface ParsedRecords {
  readonly count: number
  /** Whether any record has a key. */
  readonly keyed: boolean
  /** One group a partition, in the order of their first records. */
  readonly groups: readonly RecordGroup[]
  /** For each record its group's index, where there is more than one group. */
  readonly groupOf: Int32Array | null
}

const ANY = -1

/**
 * Groups records by partition: the one that `partition` (the path's) or the record names, else the one that its key
 * hashes to among `partitions`, else `any`.
 */
export function groupRecords(ranges: RecordRanges, partitions: number, partition?: number): ParsedRecords {
  const { count } = ranges
  const keyed = ranges.keyStarts?.subarray(0, count).some(start => start >= 0) ?? false
  const single = (choice: PartitionChoice): ParsedRecords => ({
    count,
    keyed,
    groups: [{ partition: choice, records: rangeSource(ranges) }],
    groupOf: null,
  })
  if (partition !== undefined) return single(partition)
  if (!keyed && ranges.partitions === null) return single("any")

  const { choices, groupOf, sizes } = assign(ranges, partitions)
  const choiceOf = (group: number): PartitionChoice => (choices[group] === ANY ? "any" : choices[group]!)
  if (choices.length === 1) return single(choiceOf(0))
  const indexes = sizes.map(size => new Int32Array(size))
  const filled = new Int32Array(sizes.length)
  for (let i = 0; i < count; i++) {
    const group = groupOf[i]!
    indexes[group]![filled[group]!++] = i
  }
  const groups = indexes.map((index, group) => ({
    partition: choiceOf(group),
    records: rangeSource(ranges, index),
  }))
  return { count, keyed, groups, groupOf }
}

function assign(ranges: RecordRanges, partitions: number) {
  const { count, source, keyStarts, keyEnds } = ranges
  const groupByChoice = new Map<number, number>()
  const choices: number[] = []
  const sizes: number[] = []
  const groupOf = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    let choice = ranges.partitions === null ? ANY : ranges.partitions[i]!
    if (choice === ANY && keyStarts !== null && keyStarts[i]! >= 0)
      choice = partitionForKey(source, partitions, keyStarts[i], keyEnds![i])
    let group = groupByChoice.get(choice)
    if (group === undefined) {
      group = choices.push(choice) - 1
      sizes.push(0)
      groupByChoice.set(choice, group)
    }
    groupOf[i] = group
    sizes[group]!++
  }
  return { choices, groupOf, sizes }
}
