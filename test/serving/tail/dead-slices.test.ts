import fc from "fast-check"
import { expect, test } from "vitest"
import { type OffsetSet, unionOffsets } from "../../../shared/serving/segment/offset-set.ts"
import { DeadSlices } from "../../../shared/serving/tail/dead-slices.ts"

const setOf = (...offsets: number[]): OffsetSet => ({ offsets: Float64Array.from(offsets) })

test("a segment's dead offsets are the same object until they are others", () => {
  const slices = new DeadSlices()
  const stored = setOf(1, 5, 12)
  const added = setOf(14)
  const all = slices.all(stored, added)
  expect([...all.offsets]).toEqual([1, 5, 12, 14])
  expect(slices.all(stored, added)).toBe(all)
  expect(slices.all(stored, setOf())).toBe(stored)
  const first = slices.of("a", all, 0, 10)
  expect([...first.offsets]).toEqual([1, 5])
  const later = slices.all(stored, setOf(14, 15))
  expect(slices.of("a", later, 0, 10)).toBe(first)
  const grown = slices.of("a", slices.all(stored, setOf(7, 14)), 0, 10)
  expect([...grown.offsets]).toEqual([1, 5, 7])
})

test("a union holds each offset once, ascending", () => {
  const set = fc.uniqueArray(fc.nat({ max: 40 })).map(offsets => setOf(...offsets.sort((a, b) => a - b)))
  fc.assert(
    fc.property(fc.array(set, { maxLength: 4 }), sets => {
      const all = new Set(sets.flatMap(({ offsets }) => [...offsets]))
      expect([...unionOffsets(sets).offsets]).toEqual([...all].sort((a, b) => a - b))
    }),
  )
})
