import { describe, expect, test } from "vitest"
import type { Clock, Random, Wake } from "../../shared/storage/time.ts"

/** So long that a wait that is not cut short ends the test by its time limit. */
const FOR_EVER_MS = 10 ** 9

/** Runs `body` where the ports' time passes: the real one's own, or the simulated world's. */
export type InTime = (
  body: (ports: { clock: Clock; random: Random; wake: Wake }) => Promise<void>,
) => Promise<void>

/** What every clock, source of random numbers and wake does. */
export function timeContract(name: string, inTime: InTime): void {
  describe(`clock, random, wake: ${name}`, () => {
    clocks(inTime)
    randoms(inTime)
    wakes(inTime)
  })
}

function clocks(inTime: InTime): void {
  test("a sleep lasts at least its time by `elapsed`, which never goes back", () =>
    inTime(async ({ clock }) => {
      const before = clock.elapsed()
      await clock.sleep(20)
      // A timer may fire a fraction of a millisecond early.
      expect(clock.elapsed() - before).toBeGreaterThanOrEqual(19)
      expect(Number.isFinite(clock.now())).toBe(true)
      await clock.sleep(0)
    }))

  test("a signal ends a sleep early and without error", () =>
    inTime(async ({ clock }) => {
      const abort = new AbortController()
      const sleeping = clock.sleep(FOR_EVER_MS, abort.signal)
      abort.abort()
      await sleeping
      await clock.sleep(FOR_EVER_MS, abort.signal)
    }))

  test("sleeps end in the order of their times", () =>
    inTime(async ({ clock }) => {
      const ended: number[] = []
      await Promise.all([60, 1, 30].map(ms => clock.sleep(ms).then(() => ended.push(ms))))
      expect(ended).toEqual([1, 30, 60])
    }))
}

function randoms(inTime: InTime): void {
  test("integers lie below their bound and reach every value", () =>
    inTime(async ({ random }) => {
      const seen = new Set(Array.from({ length: 2_000 }, () => random.integer(7)))
      expect([...seen].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6])
      expect(random.integer(1)).toBe(0)
      let largest = 0
      for (let draw = 0; draw < 1_000; draw++) {
        const drawn = random.integer(2 ** 53)
        expect(Number.isSafeInteger(drawn) && drawn >= 0).toBe(true)
        largest = Math.max(largest, drawn)
      }
      expect(largest).toBeGreaterThan(2 ** 52)
      for (const below of [0, -1, 1.5, 2 ** 54]) expect(() => random.integer(below)).toThrow(RangeError)
    }))

  test("ids are 32 lower-case hexadecimal digits and never the same", () =>
    inTime(async ({ random }) => {
      const ids = Array.from({ length: 5_000 }, () => random.id())
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
      expect(new Set(ids).size).toBe(ids.length)
    }))
}

function wakes(inTime: InTime): void {
  test("a hint wakes all who wait for its topic, and nobody else", () =>
    inTime(async ({ clock, wake }) => {
      const other = new AbortController()
      const waits = [wake.wait("a", FOR_EVER_MS), wake.wait("a", FOR_EVER_MS)]
      const elsewhere = wake.wait("b", FOR_EVER_MS, other.signal)
      await clock.sleep(1)
      wake.notify("a")
      expect(await Promise.all(waits)).toEqual([true, true])
      other.abort()
      expect(await elsewhere).toBe(false)
    }))

  test("a wait without hint ends after its time, or with its signal", () =>
    inTime(async ({ wake }) => {
      expect(await wake.wait("a", 5)).toBe(false)
      const abort = new AbortController()
      const waiting = wake.wait("a", FOR_EVER_MS, abort.signal)
      abort.abort()
      expect(await waiting).toBe(false)
      expect(await wake.wait("a", FOR_EVER_MS, abort.signal)).toBe(false)
      wake.notify("a")
      wake.notify("nobody")
    }))
}
