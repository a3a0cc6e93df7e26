import { expect, test } from "vitest"
import { walHour } from "../../../shared/log/segments/collect.ts"
import { planCompaction } from "../../../shared/log/segments/compact-plan.ts"
import { deletableSlots, slotBoundary } from "../../../shared/log/segments/delete-slots.ts"
import {
  ROLL_SLOTS_DUE,
  SEGMENT_BYTES_MAX,
  SEGMENT_BYTES_MIN,
} from "../../../shared/log/segments/life-limits.ts"
import { addMark, reachedBefore } from "../../../shared/log/segments/marks.ts"
import { cleanupPolicy, retain } from "../../../shared/log/segments/retention.ts"
import { planMerge } from "../../../shared/log/segments/rewrite.ts"
import { duePartitions, keptEntries, slotsToRoll, undecided } from "../../../shared/log/segments/roll-plan.ts"
import type { Segment } from "../../../shared/log/segments/segment.ts"
import { EMPTY_INDEX, type SegmentIndex } from "../../../shared/log/segments/segment-index.ts"
import { ABORT, CONTROL, type Slot, type SlotEntry, TRANSACTIONAL } from "../../../shared/log/slot.ts"
import { DAY_MS, HOUR_MS } from "./support.ts"

const NOW = 100 * DAY_MS

/** Segments of ten offsets each, with these sizes and newest timestamps. */
function indexOf(
  ...drawn: readonly (readonly [sizeBytes: number, maxTimestamp?: number, tombstones?: number])[]
) {
  const segments = drawn.map(
    ([sizeBytes, maxTimestamp = NOW, tombstones = 0], at): Segment => ({
      base: 10 * at,
      next: 10 * at + 10,
      id: `${at}`,
      sizeBytes,
      records: 10,
      minTimestamp: maxTimestamp,
      maxTimestamp,
      tombstones,
      points: new Uint8Array(),
    }),
  )
  return { ...EMPTY_INDEX, end: 10 * segments.length, segments } as SegmentIndex
}

const slot = (base: number, ...entries: Partial<SlotEntry>[]): Slot => {
  const whole = entries.map(entry => ({ length: 100, count: 1, maxTimestamp: 0, flags: 0, ...entry }))
  const next = base + whole.reduce((sum, { count }) => sum + count, 0)
  const payload = { kind: "inline", bytes: new Uint8Array() } as const
  const times = { commitTime: 0, minTimestamp: 0, maxTimestamp: 0 }
  return { base, next, commitId: `${base}`, ...times, entries: whole, payload }
}
const of = (id: number, epoch = 0) => ({ id, epoch, firstSequence: 0, lastSequence: 0 })

test("what is rolled up: what makes a segment, what is a day old, and with that what is half as old", () => {
  const at = (bytes: number, ageMs: number, slots = 1) => ({ bytes, slots, oldest: NOW - ageMs })
  expect(duePartitions([at(SEGMENT_BYTES_MIN, 0), at(1, 23 * HOUR_MS), undefined], NOW)).toEqual([
    true,
    false,
    false,
  ])
  expect(duePartitions([at(1, 0, ROLL_SLOTS_DUE), at(1, 0, ROLL_SLOTS_DUE - 1)], NOW)).toEqual([true, false])
  expect(duePartitions([at(1, DAY_MS), at(1, 12 * HOUR_MS), at(1, 11 * HOUR_MS)], NOW)).toEqual([
    true,
    true,
    false,
  ])
})

test("whole slots are rolled up, as far as the last stable offset, and one whatever its size", () => {
  const slots = [slot(0, {}, {}), slot(2, { length: 500 }), slot(3, {}), slot(4, { count: 0, length: 0 })]
  expect(slotsToRoll(slots, 4, 10_000)).toBe(3)
  expect(slotsToRoll(slots, 3, 10_000)).toBe(2)
  expect(slotsToRoll(slots, 1, 10_000)).toBe(0)
  expect(slotsToRoll(slots, 4, 1)).toBe(1)
})

test("of transactions, what was aborted and all markers are left out; the next marker of a producer decides", () => {
  const open = { flags: TRANSACTIONAL, producer: of(1) }
  const slots = [
    slot(0, { ...open, length: 1 }, { flags: TRANSACTIONAL, producer: of(2), length: 2 }, { length: 3 }),
    slot(
      3,
      { flags: CONTROL | TRANSACTIONAL | ABORT, producer: of(1, 1), length: 4 },
      { ...open, length: 5 },
    ),
    slot(5, { flags: CONTROL | TRANSACTIONAL, producer: of(2, 1), length: 6 }),
    slot(6, { flags: CONTROL | TRANSACTIONAL, producer: of(1, 1), length: 7 }),
  ]
  const lengths = (count: number) => [...keptEntries(slots, count)].map(({ length }) => length).sort()
  expect(lengths(4)).toEqual([2, 3, 5])
  expect(lengths(1)).toEqual([2, 3])
  const late = [slot(0, { ...open, length: 1 }, { ...open, producer: of(1, 1), length: 2 })]
  late.push(slot(2, { flags: CONTROL | TRANSACTIONAL, producer: of(1, 2), length: 3 }))
  expect([...keptEntries(late, 2)].map(({ length }) => length)).toEqual([2])
  expect([...undecided(slots.slice(0, 2), 2)]).toEqual([2, 1])
  expect([...undecided(slots, 2)]).toEqual([])
})

test("small neighbours are merged once they are eight, and the first no larger than the rest", () => {
  const sizes = (...bytes: number[]) => indexOf(...bytes.map(size => [size] as const)).segments
  const ones = Array<number>(8).fill(1)
  const unbounded = Number.POSITIVE_INFINITY
  expect(planMerge(sizes(...ones.slice(1)), unbounded)).toBeUndefined()
  expect(planMerge(sizes(...ones), unbounded)).toEqual({ from: 0, count: 8 })
  expect(planMerge(sizes(8, ...ones.slice(1)), unbounded)).toBeUndefined()
  expect(planMerge(sizes(8, ...ones), unbounded)).toEqual({ from: 0, count: 9 })
  expect(planMerge(sizes(SEGMENT_BYTES_MIN, ...ones), unbounded)).toEqual({ from: 1, count: 8 })
  const large = Array<number>(20).fill(SEGMENT_BYTES_MIN - 1)
  expect(planMerge(sizes(...large), unbounded)).toEqual({
    from: 0,
    count: Math.floor(SEGMENT_BYTES_MAX / (SEGMENT_BYTES_MIN - 1)),
  })
  const daily = indexOf(...ones.map((size, day) => [size, NOW + day * DAY_MS] as const)).segments
  expect(planMerge(daily, 6 * DAY_MS)).toBeUndefined()
  expect(planMerge(daily, 7 * DAY_MS)).toEqual({ from: 0, count: 8 })
})

test("retention is Kafka's: whole segments by their newest record, and bytes that stay behind them", () => {
  const index = indexOf([100, NOW - 3 * DAY_MS], [100, NOW - DAY_MS], [100, NOW - 2 * DAY_MS], [100, NOW])
  const start = (config: Record<string, string>) => retain(index, cleanupPolicy(config), NOW).start
  expect(start({})).toBe(0)
  expect(start({ "retention.ms": "-1", "retention.bytes": "-1" })).toBe(0)
  expect(start({ "retention.ms": String(2 * DAY_MS) })).toBe(10)
  expect(start({ "retention.ms": String(DAY_MS - 1) })).toBe(30)
  expect(start({ "retention.bytes": "300" })).toBe(10)
  expect(start({ "retention.bytes": "301" })).toBe(0)
  expect(start({ "retention.bytes": "0" })).toBe(40)
  expect(start({ "cleanup.policy": "compact", "retention.bytes": "0" })).toBe(0)
  expect(start({ "cleanup.policy": "compact,delete", "retention.bytes": "150" })).toBe(20)
  const timeless = { ...indexOf([100, -1], [100]), rolled: [{ offset: 10, date: NOW - HOUR_MS }] }
  expect(retain(timeless, cleanupPolicy({ "retention.ms": String(DAY_MS) }), NOW).start).toBe(0)
  expect(retain(timeless, cleanupPolicy({ "retention.ms": String(HOUR_MS - 1) }), NOW).start).toBe(10)
})

test("a partition is compacted once half of it is new, where it is small at once, or when tombstones are over", () => {
  const policy = { deleteRetentionMs: DAY_MS, minLagMs: 0 }
  const large = SEGMENT_BYTES_MIN
  const cleaned = (offset: number, ageMs = 0) => ({ cleaned: [{ offset, date: NOW - ageMs }] })
  const plan = (index: SegmentIndex, minLagMs = 0) => planCompaction(index, { ...policy, minLagMs }, NOW)
  expect(plan(indexOf([10], [10]))).toEqual({ from: 0, to: 20, at: 0 })
  expect(plan({ ...indexOf([10], [1]), ...cleaned(10) })).toEqual({ from: 10, to: 20, at: 0 })
  expect(plan({ ...indexOf([large], [large - 1]), ...cleaned(10) })).toBeUndefined()
  expect(plan({ ...indexOf([large], [large]), ...cleaned(10) })).toEqual({ from: 10, to: 20, at: 0 })
  expect(plan({ ...indexOf([10], [10]), ...cleaned(20) })).toBeUndefined()
  expect(plan({ ...indexOf([10, NOW, 1], [10]), ...cleaned(20, DAY_MS - 1) })).toBeUndefined()
  expect(plan({ ...indexOf([10, NOW, 1], [10]), ...cleaned(20, DAY_MS) })).toEqual({
    from: 20,
    to: 20,
    at: 0,
  })
  expect(plan(indexOf([10, NOW - DAY_MS], [10, NOW], [10, NOW - DAY_MS]), HOUR_MS)).toMatchObject({ to: 10 })
  expect(plan({ ...indexOf([10], [10]), cleaning: { to: 15, at: 10 } })).toEqual({ from: 0, to: 15, at: 10 })
})

test("slots go a day after the segment, below the newest snapshot, and never the last one", () => {
  const rolled = [
    { offset: 10, date: NOW - 2 * DAY_MS },
    { offset: 20, date: NOW - DAY_MS },
    { offset: 30, date: NOW - DAY_MS + 1 },
  ]
  expect(slotBoundary({ rolled }, 100, NOW)).toBe(20)
  expect(slotBoundary({ rolled }, 15, NOW)).toBe(15)
  expect(slotBoundary({ rolled }, 100, NOW - 2 * DAY_MS)).toBe(0)
  const slots = [
    slot(0, { count: 10 }),
    slot(10, { count: 10 }),
    slot(20, { count: 5 }),
    slot(25, { count: 0 }),
  ]
  const bases = (boundary: number, last: number) =>
    deletableSlots(slots, boundary, last).map(({ base }) => base)
  expect(bases(20, 25)).toEqual([0, 10])
  expect(bases(19, 25)).toEqual([0])
  expect(bases(25, 20)).toEqual([0, 10])
  expect(bases(25, 25)).toEqual([0, 10, 20])
})

test("marks of an hour are one, and no date is earlier than what it stands for", () => {
  let marks: readonly { offset: number; date: number }[] = []
  for (let minute = 0; minute < 5 * 24 * 60; minute += 7) {
    const date = NOW + minute * 60_000
    marks = addMark(marks, { offset: minute, date }, DAY_MS)
    expect(marks.length).toBeLessThanOrEqual(28)
    const reached = reachedBefore(marks, date, DAY_MS)
    expect(reached).toBeLessThanOrEqual(Math.max(0, minute - 24 * 60))
    expect(reached).toBeGreaterThanOrEqual(Math.max(0, minute - 25 * 60 - 14))
  }
})

test("the hour of a flush's object is in its key", () => {
  expect(walHour("wal/a/2026-01-01T05/abc")).toBe(Date.UTC(2026, 0, 1, 5))
  expect(walHour("wal/a/b")).toBeUndefined()
})
