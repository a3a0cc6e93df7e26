import { expect, test } from "vitest"
import { FLUSH_AGE_MS, shouldFlush, type TailMeasure } from "../../../shared/serving/builder/flush-rule.ts"

const SMALL: TailMeasure = { records: 1, decodedBytes: 100, slots: 1, walObjects: 1, ageMs: 0, queryCost: 0 }

test.each<[string, Partial<TailMeasure>, boolean]>([
  ["little", {}, false],
  ["half the records", { records: 12_500 }, true],
  ["just less", { records: 12_499 }, false],
  ["half the bytes", { decodedBytes: 2 * 1024 * 1024 }, true],
  ["just less", { decodedBytes: 2 * 1024 * 1024 - 1 }, false],
  ["half the slots", { slots: 1_000 }, true],
  ["just less", { slots: 999 }, false],
  ["half the wal objects", { walObjects: 32 }, true],
  ["just less", { walObjects: 31 }, false],
  ["queries paid a flush", { queryCost: 0.000_051 }, true],
  ["queries paid less", { queryCost: 0.000_05 }, false],
  ["six hours", { ageMs: FLUSH_AGE_MS }, true],
  ["just less", { ageMs: FLUSH_AGE_MS - 1 }, false],
  ["nothing new, whatever else", { records: 0, ageMs: FLUSH_AGE_MS * 9, queryCost: 1, slots: 5_000 }, false],
])("%s: %j", (_, measure, expected) => {
  expect(shouldFlush({ ...SMALL, ...measure })).toBe(expected)
})
