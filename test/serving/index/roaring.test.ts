import fc from "fast-check"
import { RoaringBitmap32 } from "roaring-wasm"
import { expect, test } from "vitest"
import { decodeRoaring, encodeRoaring } from "../../../shared/serving/index/roaring.ts"
import { RowBitmap } from "../../../shared/serving/index/row-bitmap.ts"

const ROWS = 200_000

/** Single rows, runs, and dense stretches, which take each form of a container. */
const rowsArbitrary = fc
  .array(
    fc.oneof(
      fc.record({ first: fc.nat(ROWS - 1), count: fc.constant(1), step: fc.constant(1) }),
      fc.record({
        first: fc.nat(ROWS - 1),
        count: fc.integer({ min: 1, max: 70_000 }),
        step: fc.constantFrom(1, 2, 7),
      }),
    ),
    { maxLength: 6 },
  )
  .map(parts => {
    const rows = new Set<number>()
    for (const { first, count, step } of parts) {
      for (let at = 0; at < count && first + at * step < ROWS; at++) rows.add(first + at * step)
    }
    return Uint32Array.from(rows).sort()
  })

const rowsOf = (bitmap: RowBitmap) => bitmap.rowsBetween(0, ROWS)

test("a bitmap is what was put in, and what another implementation reads and writes", () => {
  fc.assert(
    fc.property(rowsArbitrary, rows => {
      const bitmap = RowBitmap.ofRows(rows)
      const bytes = encodeRoaring(bitmap)
      expect(rowsOf(decodeRoaring(bytes))).toEqual(rows)
      const theirs = RoaringBitmap32.deserialize("portable", bytes)
      expect(Uint32Array.from(theirs.toUint32Array())).toEqual(rows)
      theirs.runOptimize()
      expect(rowsOf(decodeRoaring(new Uint8Array(theirs.serialize("portable"))))).toEqual(rows)
      theirs.dispose()
    }),
    { numRuns: 60 },
  )
})

test("sets are joined, cut and turned round as sets of numbers are", () => {
  fc.assert(
    fc.property(rowsArbitrary, rowsArbitrary, (left, right) => {
      const [a, b] = [RowBitmap.ofRows(left), RowBitmap.ofRows(right)]
      const inRight = new Set(right)
      expect(rowsOf(a.and(b))).toEqual(left.filter(row => inRight.has(row)))
      expect(rowsOf(RowBitmap.union([a, b]))).toEqual(Uint32Array.from(new Set([...left, ...right])).sort())
      const inLeft = new Set(left)
      const rest = a.not(ROWS)
      expect(rest.size).toBe(ROWS - left.length)
      expect(rowsOf(rest).every(row => !inLeft.has(row))).toBe(true)
      for (const row of [0, 1, 65_535, 65_536, left[0] ?? 5]) expect(a.has(row)).toBe(inLeft.has(row))
    }),
    { numRuns: 40 },
  )
})

test("a range is its rows, and ranges are told as they lie", () => {
  fc.assert(
    fc.property(fc.nat(ROWS), fc.nat(ROWS), (x, y) => {
      const [first, end] = [Math.min(x, y), Math.max(x, y)]
      const bitmap = RowBitmap.ofRange(first, end)
      const ranges: number[] = []
      bitmap.forEachRange((from, to) => ranges.push(from, to))
      expect(ranges).toEqual(first === end ? [] : [first, end])
      expect(bitmap.size).toBe(end - first)
      expect(bitmap.rowsBetween(first + 3, end + 9).length).toBe(Math.max(0, end - first - 3))
    }),
    { numRuns: 100 },
  )
})

test("damaged bytes are corrupt or another bitmap, never a crash", () => {
  const bytes = encodeRoaring(RowBitmap.ofRows([1, 2, 3, 70_000, 140_000, 140_001]))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, byte, length) => {
      const damaged = bytes.slice(0, length)
      if (at < length) damaged[at] = byte
      try {
        decodeRoaring(damaged)
      } catch (error) {
        expect(error).toMatchObject({ code: "corrupt" })
      }
    }),
    { numRuns: 300 },
  )
})
