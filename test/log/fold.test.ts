import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { applySlot, emptyState, lastStableOffset, type PartitionState } from "../../shared/log/fold.ts"
import { judge } from "../../shared/log/judge.ts"
import { PRODUCERS_KEPT_MAX, RESERVED_PRODUCER_IDS } from "../../shared/log/limits.ts"
import { CLOSE, CONTROL, RETIRE, type Slot, type SlotEntry, TRANSACTIONAL } from "../../shared/log/slot.ts"
import { packState, unpackState } from "../../shared/log/snapshot.ts"

const HOUR = 3_600_000

function slot(state: PartitionState, commitTime: number, entries: readonly Partial<SlotEntry>[]): Slot {
  const whole = entries.map(entry => ({ length: 0, count: 1, maxTimestamp: 0, flags: 0, ...entry }))
  const next = state.end + whole.reduce((sum, entry) => sum + entry.count, 0)
  const payload = { kind: "inline", bytes: new Uint8Array(0) } as const
  const times = { commitTime, minTimestamp: 0, maxTimestamp: 0 }
  return { base: state.end, next, commitId: "c", ...times, entries: whole, payload }
}

const range = (id: number, first: number, last: number, epoch = 0) => ({
  id,
  epoch,
  firstSequence: first,
  lastSequence: last,
})

describe("fold", () => {
  test("a producer leaves 24 h after its last slot, by commit time", () => {
    const state = emptyState()
    applySlot(state, slot(state, 0, [{ producer: range(1, 0, 0) }]))
    applySlot(state, slot(state, HOUR, [{ producer: range(2, 0, 0) }]))
    applySlot(state, slot(state, 24 * HOUR - 1, [{}]))
    expect([...state.producers.keys()]).toEqual([1, 2])
    applySlot(state, slot(state, 24 * HOUR, [{}]))
    expect([...state.producers.keys()]).toEqual([2])
  })

  test("expiry comes before a slot's own entries: a late append starts anew", () => {
    const state = emptyState()
    applySlot(state, slot(state, 0, [{ producer: range(1, 0, 4), count: 5 }]))
    applySlot(state, slot(state, 24 * HOUR, [{ producer: range(1, 5, 5) }]))
    expect(state.producers.get(1)?.appends).toEqual([{ first: 5, last: 5, offset: 5 }])
  })

  test("beyond the bound the least recently appended leaves, never one with an open transaction", () => {
    const state = emptyState()
    applySlot(state, slot(state, 0, [{ producer: range(1, 0, 0), flags: TRANSACTIONAL }]))
    for (let id = 2; id <= PRODUCERS_KEPT_MAX; id++)
      applySlot(state, slot(state, 1, [{ producer: range(id, 0, 0) }]))
    applySlot(state, slot(state, 1, [{ producer: range(2, 1, 1) }]))
    applySlot(state, slot(state, 1, [{ producer: range(900_000, 0, 0) }]))
    expect(state.producers.has(1)).toBe(true)
    expect(state.producers.has(2)).toBe(true)
    expect(state.producers.has(3)).toBe(false)
    expect(state.producers.size).toBe(PRODUCERS_KEPT_MAX)
  })

  test("reserved ids neither count nor expire until they are retired, and leave a tombstone for 24 h", () => {
    const state = emptyState()
    const task = RESERVED_PRODUCER_IDS + 7
    applySlot(state, slot(state, 0, [{ producer: range(task, 0, 0) }]))
    applySlot(state, slot(state, 100 * HOUR, [{}]))
    expect(state.reserved.has(task)).toBe(true)
    applySlot(state, slot(state, 100 * HOUR, [{ producer: range(task, 0, 0), flags: RETIRE }]))
    expect(state.reserved.has(task)).toBe(false)
    expect(judge(undefined, state.tombstones.has(task), range(task, 1, 1))).toEqual({ verdict: "retired" })
    applySlot(state, slot(state, 124 * HOUR, [{}]))
    expect(state.tombstones.size).toBe(0)
  })

  test("an open transaction holds the last stable offset until its marker", () => {
    const state = emptyState()
    applySlot(state, slot(state, 0, [{}]))
    applySlot(state, slot(state, 0, [{ producer: range(1, 0, 0), flags: TRANSACTIONAL }, {}]))
    expect(lastStableOffset(state)).toBe(1)
    applySlot(state, slot(state, 0, [{ producer: range(1, 0, 0, 1), flags: TRANSACTIONAL | CONTROL }]))
    expect(lastStableOffset(state)).toBe(4)
    expect(state.producers.get(1)).toMatchObject({ epoch: 1, appends: [] })
  })

  test("a slot that does not continue the end is refused; a closing slot ends at its base", () => {
    const state = emptyState()
    applySlot(state, slot(state, 0, [{}]))
    expect(() => applySlot(state, { ...slot(state, 0, [{}]), base: 5 })).toThrow(/5 does not continue .* 1/)
    applySlot(state, slot(state, 0, [{ count: 0, flags: CLOSE }]))
    expect(state).toMatchObject({ end: 1, closed: true })
  })

  test("folding through a snapshot at any point gives the same state", () => {
    const entry = fc.record({
      count: fc.integer({ min: 1, max: 3 }),
      flags: fc.constantFrom(0, 0, 0, TRANSACTIONAL, CONTROL, RETIRE),
      producer: fc.option(
        fc
          .tuple(
            fc.constantFrom(1, 2, 3, 4, 5, 6, RESERVED_PRODUCER_IDS, RESERVED_PRODUCER_IDS + 1),
            fc.integer({ min: 0, max: 2 }),
            fc.nat(50),
          )
          .map(([id, epoch, first]) => range(id, first, first, epoch)),
        { nil: undefined },
      ),
      source: fc.option(
        fc.record({
          shard: fc.constantFrom("a", "b"),
          sequence: fc.constantFrom("1", "2"),
          index: fc.nat(9),
        }),
        { nil: undefined },
      ),
    })
    const steps = fc.array(fc.tuple(fc.nat(30 * HOUR), fc.array(entry, { minLength: 1, maxLength: 4 })), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(steps, fc.nat(20), (slots, cut) => {
        const straight = emptyState()
        let through = emptyState()
        let time = 0
        for (const [index, [wait, entries]] of slots.entries()) {
          time += wait
          if (index === cut) through = unpackState(packState(through), "test")
          const next = slot(straight, time, entries as Partial<SlotEntry>[])
          applySlot(straight, next)
          applySlot(through, next)
        }
        expect(packState(through)).toEqual(packState(straight))
      }),
    )
  })
})

describe("judge", () => {
  const known = (...appends: [number, number][]) => ({
    epoch: 3,
    time: 0,
    openSince: -1,
    appends: appends.map(([first, last], index) => ({ first, last, offset: index * 100 })),
  })
  const cases: [string, ReturnType<typeof known> | undefined, [number, number, number], object][] = [
    ["an unknown producer starts at 0", undefined, [0, 9, 0], { verdict: "append" }],
    ["an unknown producer elsewhere", undefined, [5, 9, 0], { verdict: "gap", expected: 0 }],
    ["the next sequence", known([0, 9]), [10, 19, 3], { verdict: "append" }],
    ["a repeat", known([0, 9], [10, 19]), [10, 19, 3], { verdict: "known", offset: 100 }],
    ["before what is remembered", known([10, 19]), [0, 9, 3], { verdict: "duplicate" }],
    ["part of an append", known([0, 9]), [0, 4, 3], { verdict: "conflict" }],
    ["two appends in one", known([0, 9], [10, 19]), [0, 19, 3], { verdict: "conflict" }],
    ["known and new in one", known([0, 9]), [5, 14, 3], { verdict: "conflict" }],
    ["records missing", known([0, 9]), [20, 29, 3], { verdict: "gap", expected: 10 }],
    ["an old epoch", known([0, 9]), [10, 19, 2], { verdict: "fenced", epoch: 3 }],
    ["a new epoch starts at 0", known([0, 9]), [0, 9, 4], { verdict: "append" }],
    ["a new epoch elsewhere", known([0, 9]), [10, 19, 4], { verdict: "gap", expected: 0 }],
    ["an epoch raised by a marker", known(), [0, 0, 3], { verdict: "append" }],
    ["sequences wrap to 0", known([2 ** 31 - 10, 2 ** 31 - 1]), [0, 4, 3], { verdict: "append" }],
    [
      "a repeat across the wrap",
      known([2 ** 31 - 2, 1]),
      [2 ** 31 - 2, 1, 3],
      { verdict: "known", offset: 0 },
    ],
    ["behind the wrap", known([2, 5]), [2 ** 31 - 5, 2 ** 31 - 1, 3], { verdict: "duplicate" }],
  ]
  test.each(cases)("%s", (_name, producer, [first, last, epoch], expected) => {
    expect(judge(producer, false, range(1, first, last, epoch))).toEqual(expected)
  })
})
