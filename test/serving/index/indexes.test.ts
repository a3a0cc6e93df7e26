import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ColumnType } from "../../../shared/definition/table-spec.ts"
import { encodeBloom, mayHold } from "../../../shared/serving/index/bloom.ts"
import { compareValues, distinctOf, type IndexValue } from "../../../shared/serving/index/distinct.ts"
import { type Interval, overlap } from "../../../shared/serving/index/interval.ts"
import { encodeSidecar, readDirectory } from "../../../shared/serving/index/sidecar.ts"
import {
  encodeInverted,
  encodeRange,
  encodeSorted,
  ValueBlocks,
} from "../../../shared/serving/index/value-blocks.ts"
import { zoneOf } from "../../../shared/serving/index/zones.ts"
import type { ColumnVector } from "../../../shared/serving/ingest/column.ts"
import { ingestValues } from "../batches.ts"

function vector(type: ColumnType, cells: readonly string[]): ColumnVector {
  const batch = ingestValues(
    [{ name: "v", type }],
    cells.map(cell => `{"v":${cell}}`),
  )
  return batch.columns[0]!
}

const CELLS: Readonly<Partial<Record<ColumnType, fc.Arbitrary<string>>>> = {
  int: fc.integer({ min: -5, max: 5 }).map(String),
  long: fc
    .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -3n, max: 3n }))
    .map(String),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  decimal: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  string: fc
    .oneof(
      fc.constantFrom("", "a", "ab", "b", "ä", "\ud7ff", "\ue000", "😀"),
      fc.string({ unit: "grapheme" }),
    )
    .map(text => JSON.stringify(text)),
  boolean: fc.boolean().map(String),
}

const types = Object.keys(CELLS) as (keyof typeof CELLS)[]

/** A column of some type, with nulls. */
const columnArbitrary = fc.constantFrom(...types).chain(type =>
  fc
    .array(fc.oneof({ weight: 1, arbitrary: fc.constant("null") }, { weight: 5, arbitrary: CELLS[type]! }), {
      minLength: 1,
      maxLength: 60,
    })
    .map(cells => vector(type, cells)),
)

const valuesOf = (column: ColumnVector): (IndexValue | null)[] => {
  const { values, codes } = distinctOf(column)!
  return Array.from(codes, code => values[code] ?? null)
}

/** Intervals whose ends are values of the column, or near them. */
const intervalsFor = (column: ColumnVector): fc.Arbitrary<readonly Interval[]> => {
  const { values } = distinctOf(column)!
  if (values.length === 0) return fc.constant([{}])
  const end = fc.constantFrom(...values)
  const open = fc.constantFrom({}, { lowOpen: true as const }, { highOpen: true as const })
  return fc.array(
    fc.oneof(
      fc.tuple(end, end, open).map(([low, high, opened]) => ({ low, high, ...opened })),
      end.map(low => ({ low })),
      end.map(high => ({ high, highOpen: true as const })),
      end.map(value => ({ low: value, high: value })),
    ),
    { minLength: 1, maxLength: 3 },
  )
}

const passing = (cells: readonly (IndexValue | null)[], intervals: readonly Interval[]) =>
  cells.flatMap((cell, row) => (cell !== null && overlap(intervals, cell, cell) !== "none" ? [row] : []))

describe("rows that an index gives", () => {
  const columnAndIntervals = columnArbitrary.chain(column =>
    intervalsFor(column).map(intervals => ({ column, intervals })),
  )

  test("are those that pass, where it says that they are exact, and never fewer", () => {
    fc.assert(
      fc.property(columnAndIntervals, fc.integer({ min: 1, max: 8 }), ({ column, intervals }, size) => {
        const distinct = distinctOf(column)!
        const cells = valuesOf(column)
        const nulls = cells.flatMap((cell, row) => (cell === null ? [row] : []))
        const expected = passing(cells, intervals)
        for (const bytes of [encodeInverted(distinct), encodeRange(distinct, size)]) {
          const index = new ValueBlocks(bytes)
          const { rows, exact } = index.rowsIn(intervals)
          const found = [...rows.rowsBetween(0, cells.length)]
          if (exact) expect(found).toEqual(expected)
          else expect(found).toEqual(expect.arrayContaining(expected))
          expect([...index.nullRows().rowsBetween(0, cells.length)]).toEqual(nulls)
        }
        expect(new ValueBlocks(encodeInverted(distinct)).rowsIn(intervals).exact).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  test("of a sorted column lie side by side", () => {
    fc.assert(
      fc.property(columnAndIntervals, fc.integer({ min: 1, max: 8 }), ({ column, intervals }, rowsMin) => {
        const { values, codes } = distinctOf(column)!
        const sorted = { values, codes: codes.slice().sort() }
        const cells = Array.from(sorted.codes, code => values[code] ?? null)
        const index = new ValueBlocks(encodeSorted(sorted, rowsMin))
        const { rows, exact } = index.rowsIn(intervals)
        const found = [...rows.rowsBetween(0, cells.length)]
        const expected = passing(cells, intervals)
        if (exact) expect(found).toEqual(expected)
        else expect(found).toEqual(expect.arrayContaining(expected))
        expect(index.nullRows().size).toBe(cells.filter(cell => cell === null).length)
      }),
      { numRuns: 150 },
    )
  })
})

test("a zone holds all values, cut outwards", () => {
  fc.assert(
    fc.property(columnArbitrary, column => {
      const zone = zoneOf(column)
      if (zone === undefined) return
      const [min, max, hasNull] = zone
      const cells = valuesOf(column)
      expect(hasNull).toBe(cells.includes(null) ? 1 : 0)
      for (const cell of cells) {
        if (cell === null) continue
        expect(compareValues(min!, cell)).toBeLessThanOrEqual(0)
        expect(compareValues(max!, cell)).toBeGreaterThanOrEqual(0)
      }
    }),
    { numRuns: 150 },
  )
  const long = zoneOf(vector("string", ['"a text that is longer than a zone"']))!
  expect(long).toEqual(["a text that is l", "a text that is m", 0])
})

test("a filter holds every value and few others, by its size", () => {
  const values = Array.from({ length: 5_000 }, (_, at) => `user-${at}`)
  const bloom = encodeBloom(values)
  expect(values.every(value => mayHold(bloom, value))).toBe(true)
  const others = Array.from({ length: 20_000 }, (_, at) => `other-${at}`).filter(value =>
    mayHold(bloom, value),
  )
  expect(others.length / 20_000).toBeLessThan(0.008)
  expect(bloom.length / values.length).toBeLessThan(1.5)
  const numbers = encodeBloom([1, 2.5, 2n ** 60n, -7])
  expect([1, 2.5, 2n ** 60n, -7].every(value => mayHold(numbers, value))).toBe(true)
  const lengths = Array.from({ length: 40 }, (_, at) => "x".repeat(at * 150))
  const long = encodeBloom(lengths)
  expect(lengths.every(value => mayHold(long, value))).toBe(true)
})

test("a sidecar says what it holds, and damage is told", () => {
  const identity = { tableId: "t", partition: 1, schemaVersion: 2, rows: 3 }
  const body = Uint8Array.of(1, 2, 3)
  const footer = new Uint8Array(200)
  const { bytes, blobs, directoryBytes } = encodeSidecar(
    identity,
    [
      { column: "a", kind: "bloom", body },
      { column: "a", kind: "inverted", body },
    ],
    footer,
  )
  expect(blobs.map(([column, kind]) => [column, kind])).toEqual([
    ["a", "inverted"],
    ["a", "bloom"],
    ["", "footer"],
  ])
  const tail = bytes.subarray(bytes.length - directoryBytes)
  expect(readDirectory(tail)).toEqual({ v: 1, ...identity, blobs })
  const damaged = tail.slice()
  damaged[damaged.length - 20]! ^= 1
  expect(() => readDirectory(damaged)).toThrow("damaged")
  expect(() => readDirectory(tail.subarray(tail.length - 5))).toThrow("damaged")
})

test("NaN is above all numbers, and a zone does not tell of numbers without end", () => {
  const column = (...numbers: number[]): ColumnVector => {
    const values = Float64Array.from(numbers)
    return { type: "double", values, nulls: new Uint8Array(values.length), nullCount: 0 }
  }
  for (const cells of [
    [1, 5, Number.NaN],
    [Number.NaN, 1, Number.NaN, 5],
    [1, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, 1],
  ]) {
    const vector = column(...cells)
    expect(zoneOf(vector)).toBeUndefined()
    const above = cells.flatMap((cell, row) => (cell > 1 || Number.isNaN(cell) ? [row] : []))
    const rows = new ValueBlocks(encodeInverted(distinctOf(vector)!)).rowsIn([{ low: 1, lowOpen: true }]).rows
    expect([...rows.rowsBetween(0, cells.length)]).toEqual(above)
  }
  expect(zoneOf(column(1, 5))).toEqual([1, 5, 0])
})
