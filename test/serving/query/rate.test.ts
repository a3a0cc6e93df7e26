import { expect, test } from "vitest"
import { Rates } from "../../../shared/serving/query/rate.ts"
import type { Clock } from "../../../shared/storage/time.ts"

/** A clock that stands until it is moved. */
function clockOf() {
  const moved = { ms: 0 }
  const clock: Clock = { now: () => moved.ms, elapsed: () => moved.ms, sleep: async () => {} }
  return { moved, rates: new Rates(clock) }
}

test("a bucket holds a second's worth, and fills as time goes by", () => {
  const { moved, rates } = clockOf()
  const quota = { id: "a", queriesPerSecond: 4 }
  const taken = () => Array.from({ length: 6 }, () => rates.take(quota))
  expect(taken()).toEqual([0, 0, 0, 0, 250, 250])
  moved.ms = 249
  expect(rates.take(quota)).toBeCloseTo(1)
  moved.ms = 500
  expect(taken().filter(waitMs => waitMs === 0)).toHaveLength(2)
  moved.ms = 3_600_000
  expect(taken().filter(waitMs => waitMs === 0)).toHaveLength(4)
  expect(rates.take({ id: "b", queriesPerSecond: 4 })).toBe(0)
})

test("one that fills slowly holds one query", () => {
  const { moved, rates } = clockOf()
  const quota = { id: "a", queriesPerSecond: 0.1 }
  expect([rates.take(quota), rates.take(quota)]).toEqual([0, 10_000])
  moved.ms = 10_000
  expect([rates.take(quota), rates.take(quota)]).toEqual([0, 10_000])
})

test("however many ask, what is remembered is bounded, and who asks often is not forgotten", () => {
  const { rates } = clockOf()
  const busy = { id: "busy", queriesPerSecond: 1 }
  expect(rates.take(busy)).toBe(0)
  for (let at = 0; at < 5_000; at++) {
    rates.take({ id: `key-${at}`, queriesPerSecond: 1 })
    if (at % 100 === 0) expect(rates.take(busy)).toBeGreaterThan(0)
  }
})
