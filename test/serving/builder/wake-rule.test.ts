import { expect, test } from "vitest"
import {
  judgeWake,
  type NewSlot,
  WAKE_AGE_MS,
  WAKE_RECORDS,
  WAKE_SLOTS,
  type WakeMemory,
} from "../../../shared/serving/builder/wake-rule.ts"

const T = Date.UTC(2026, 0, 1)
const slot = (base: number, atMs = T): NewSlot => ({ base, atMs })
const woken: WakeMemory = { from: 1_000, newest: 1_000, slots: 0 }
const many = (count: number) => Array.from({ length: count }, (_, index) => slot(1_001 + index))

interface Case {
  readonly what: string
  readonly memory: WakeMemory | undefined
  readonly told: readonly NewSlot[]
  readonly wake: boolean
}

const CASES: readonly Case[] = [
  { what: "nothing told", memory: undefined, told: [], wake: false },
  { what: "nothing remembered", memory: undefined, told: [slot(0)], wake: true },
  { what: "one more slot", memory: woken, told: [slot(1_001)], wake: false },
  { what: "one record short", memory: woken, told: [slot(1_000 + WAKE_RECORDS - 1)], wake: false },
  { what: "records enough", memory: woken, told: [slot(1_000 + WAKE_RECORDS)], wake: true },
  { what: "one slot short", memory: woken, told: many(WAKE_SLOTS - 1), wake: false },
  { what: "slots enough", memory: woken, told: many(WAKE_SLOTS), wake: true },
  {
    what: "slots enough with those counted before",
    memory: { ...woken, newest: 1_099, slots: WAKE_SLOTS - 1, oldestMs: T },
    told: [slot(1_100)],
    wake: true,
  },
  {
    what: "the oldest not old enough",
    memory: { ...woken, slots: 1, oldestMs: T - WAKE_AGE_MS + 1 },
    told: [slot(1_001)],
    wake: false,
  },
  {
    what: "the oldest old enough",
    memory: { ...woken, slots: 1, oldestMs: T - WAKE_AGE_MS },
    told: [slot(1_001)],
    wake: true,
  },
  {
    what: "old enough within one batch",
    memory: woken,
    told: [slot(1_001, T - WAKE_AGE_MS), slot(1_002, T)],
    wake: true,
  },
  { what: "told again", memory: woken, told: [slot(900), slot(1_000)], wake: false },
  { what: "out of order", memory: woken, told: [slot(1_002), slot(1_001)], wake: false },
]

test.each(CASES)("$what: $wake", ({ memory, told, wake }) => {
  const verdict = judgeWake(memory, told)
  expect(verdict.wake).toBe(wake)
  if (wake) expect(verdict.next).toEqual({ from: verdict.next.newest, newest: verdict.next.newest, slots: 0 })
})

test("what is not worth a wake yet adds up", () => {
  let memory: WakeMemory = woken
  let wakes = 0
  for (let base = 1_000; base < 1_000 + 10 * WAKE_RECORDS; base += 100) {
    const verdict = judgeWake(memory, [slot(base + 100, T + base)])
    memory = verdict.next
    if (verdict.wake) wakes++
  }
  expect(wakes).toBe(10)
})

test("late and repeated slots never take the count back", () => {
  const { next } = judgeWake({ ...woken, newest: 1_500, slots: 3, oldestMs: T }, [
    slot(1_200, T + 5),
    slot(1_200),
  ])
  expect(next).toEqual({ from: 1_000, newest: 1_500, slots: 5, oldestMs: T })
})
