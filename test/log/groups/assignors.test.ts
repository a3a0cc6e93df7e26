import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { assignors } from "../../../shared/log/groups/assignors/index.ts"
import type { AssignedMember, AssignedTopic } from "../../../shared/log/groups/assignors/types.ts"
import { type PartitionSet, partitionSet, setHas, setSize } from "../../../shared/log/groups/partition-set.ts"
import type { AssignorName } from "../../../shared/log/groups/types.ts"

const names = Object.keys(assignors) as AssignorName[]

interface Case {
  readonly topics: AssignedTopic[]
  readonly members: AssignedMember[]
}

const topicIds = ["a", "b", "c", "d"]
const topics = fc
  .tuple(...topicIds.map(id => fc.integer({ min: 0, max: 12 }).map(partitions => ({ id, partitions }))))
  .map(all => all.filter(({ partitions }) => partitions > 0))

/** What a member says that it had: some of it gone by now, some another's too. */
const previous = fc
  .array(
    fc.record({ topicId: fc.constantFrom(...topicIds), partitions: fc.array(fc.nat(14), { maxLength: 8 }) }),
  )
  .map(partitionSet)
const wishes = (all: boolean) => (all ? fc.constant(topicIds) : fc.subarray(topicIds))
const cases = (alike: boolean): fc.Arbitrary<Case> =>
  fc.record({
    topics,
    members: fc.array(fc.record({ topics: wishes(alike).map(ids => new Set(ids)), previous }), {
      minLength: 1,
      maxLength: 7,
    }),
  })

function spread(sizes: readonly number[]): number {
  return Math.max(...sizes) - Math.min(...sizes)
}

function moves(before: readonly PartitionSet[], after: readonly PartitionSet[]): number {
  let moved = 0
  for (const [index, set] of before.entries()) {
    for (const [topicId, partitions] of set) {
      moved += partitions.filter(partition => !setHas(after[index], topicId, partition)).length
    }
  }
  return moved
}

const remembering = (members: readonly AssignedMember[], had: readonly PartitionSet[]) =>
  members.map((member, index) => ({ ...member, previous: had[index] ?? new Map() }))

describe.each(names)("%s", name => {
  const assign = assignors[name]

  test("each partition that anybody wants goes to one of those who want it, the same for everybody who asks", () => {
    fc.assert(
      fc.property(cases(false), ({ members, topics: all }) => {
        const sets = assign(members, all)
        for (const { id, partitions } of all) {
          const wanted = members.some(member => member.topics.has(id))
          for (let partition = 0; partition < partitions; partition++) {
            const readers = members.filter((_, index) => setHas(sets[index], id, partition))
            expect(readers.length).toBe(wanted ? 1 : 0)
            for (const reader of readers) expect(reader.topics.has(id)).toBe(true)
          }
        }
        const total = all.reduce(
          (sum, { id, partitions }) => sum + (members.some(m => m.topics.has(id)) ? partitions : 0),
          0,
        )
        expect(sets.reduce((sum, set) => sum + setSize(set), 0)).toBe(total)
        expect(assign(members, all)).toEqual(sets)
      }),
      { numRuns: 100 },
    )
  })

  test("nothing moves while nothing changes", () => {
    fc.assert(
      fc.property(cases(false), ({ members, topics: all }) => {
        const first = assign(members, all)
        expect(assign(remembering(members, first), all)).toEqual(first)
      }),
      { numRuns: 100 },
    )
  })
})

test("range cuts each topic into runs, the longer ones first", () => {
  const members = [1, 2, 3].map(() => ({ topics: new Set(["a", "b"]), previous: new Map() }))
  const sets = assignors.range(members, [
    { id: "a", partitions: 7 },
    { id: "b", partitions: 2 },
  ])
  expect(sets.map(set => [...set])).toEqual([
    [
      ["a", [0, 1, 2]],
      ["b", [0]],
    ],
    [
      ["a", [3, 4]],
      ["b", [1]],
    ],
    [["a", [5, 6]]],
  ])
})

test("uniform: shares differ by one at most, in all and in each topic", () => {
  fc.assert(
    fc.property(cases(true), ({ members, topics: all }) => {
      const sets = assignors.uniform(members, all)
      expect(spread(sets.map(setSize))).toBeLessThanOrEqual(1)
      for (const { id } of all) {
        expect(spread(sets.map(set => set.get(id)?.length ?? 0))).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 300 },
  )
})

test("sticky: as even, and as few moves as that takes, when members come and go and topics grow", () => {
  fc.assert(
    fc.property(
      cases(true),
      fc.nat(6),
      fc.nat(2),
      fc.nat(3),
      ({ members, topics: all }, leaver, joiners, grown) => {
        const first = assignors.sticky(members, all)
        expect(spread(first.map(setSize))).toBeLessThanOrEqual(1)
        const kept = members
          .map((_, index) => index)
          .filter(index => index !== leaver || members.length === 1)
        const had = kept.map(index => first[index])
        const joined = Array.from({ length: joiners }, () => ({
          topics: new Set(topicIds),
          previous: new Map(),
        }))
        const more = all.map(({ id, partitions }) => ({ id, partitions: partitions + grown }))
        const after = assignors.sticky(
          [
            ...remembering(
              kept.map(index => members[index]),
              had,
            ),
            ...joined,
          ],
          more,
        )
        expect(spread(after.map(setSize))).toBeLessThanOrEqual(1)
        // Who has more than the largest share has to give of it; of the largest shares there are only so many.
        const total = more.reduce((sum, { partitions }) => sum + partitions, 0)
        const [each, larger] = [Math.floor(total / after.length), total % after.length]
        const sizes = had.map(setSize).sort((a, b) => b - a)
        const fewest = sizes.reduce(
          (sum, size, place) => sum + Math.max(0, size - each - (place < larger ? 1 : 0)),
          0,
        )
        expect(moves(had, after)).toBe(fewest)
      },
    ),
    { numRuns: 300 },
  )
})

test("uniform: of one topic a member that joins takes its share and no more moves", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 8 }), (partitions, count) => {
      const all = [{ id: "a", partitions }]
      const member = { topics: new Set(["a"]), previous: new Map() }
      const members = Array.from({ length: count }, () => member)
      const first = assignors.uniform(members, all)
      const after = assignors.uniform([...remembering(members, first), member], all)
      expect(moves(first, after)).toBe(setSize(after[count]))
    }),
  )
})

test("what few can take does not stand in the others' way", () => {
  const member = (...ids: string[]) => ({ topics: new Set(ids), previous: new Map() })
  const all = [
    { id: "a", partitions: 4 },
    { id: "b", partitions: 4 },
  ]
  expect(assignors.sticky([member("a"), member("a", "b")], all).map(setSize)).toEqual([4, 4])
  expect(assignors.uniform([member("a"), member("a", "b")], all).map(setSize)).toEqual([2, 6])
})
