import fc from "fast-check"
import { expect, test } from "vitest"
import type { ColumnSpec, RollupSpec } from "../../../shared/definition/table-spec.ts"
import { NO_COUNTS } from "../../../shared/serving/ingest/batch.ts"
import type { ColumnBatch } from "../../../shared/serving/ingest/column.ts"
import { groupRows } from "../../../shared/serving/rollup/group-rows.ts"
import { GroupSample } from "../../../shared/serving/rollup/group-sample.ts"
import { buildLevels, type Level } from "../../../shared/serving/rollup/level.ts"

const columns: readonly ColumnSpec[] = [
  { name: "city", type: "string" },
  { name: "day", type: "int" },
  { name: "kind", type: "string" },
  { name: "price", type: "long" },
]
const rollup: RollupSpec = {
  name: "r",
  dimensions: ["city", "day", "kind"],
  aggregates: [
    { fn: "count" },
    { fn: "sum", column: "price" },
    { fn: "min", column: "price" },
    { fn: "max", column: "price" },
  ],
  leafRows: 3,
}

type Row = readonly [city: string | null, day: number | null, kind: string, price: bigint | null]

function batchOf(rows: readonly Row[]): ColumnBatch {
  const nulls = (at: number) => Uint8Array.from(rows, row => (row[at] === null ? 1 : 0))
  const base = (at: number) => ({ nulls: nulls(at), nullCount: nulls(at).reduce((a, b) => a + b, 0) })
  return {
    base: 0,
    next: rows.length,
    rows: rows.length,
    offsets: Float64Array.from(rows, (_, at) => at),
    columns: [
      { type: "string", ...base(0), values: rows.map(row => row[0] ?? "") },
      { type: "int", ...base(1), values: Int32Array.from(rows, row => row[1] ?? 0) },
      { type: "string", ...base(2), values: rows.map(row => row[2]) },
      { type: "long", ...base(3), values: BigInt64Array.from(rows, row => row[3] ?? 0n) },
    ],
    decodedBytes: 0,
    maxTimestamp: 0,
    counts: NO_COUNTS,
  }
}

/** What a level should hold, from the rows. */
function expected(rows: readonly Row[], kept: readonly number[]): Map<string, unknown[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = JSON.stringify(kept.map(index => row[index]))
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return new Map(
    [...groups].map(([key, members]) => {
      const prices = members.flatMap(([, , , price]) => (price === null ? [] : [price]))
      const sum = prices.reduce((a, b) => a + b, 0n)
      const least = prices.reduce((a, b) => (a < b ? a : b), prices[0] ?? 0n)
      const greatest = prices.reduce((a, b) => (a > b ? a : b), prices[0] ?? 0n)
      return [key, [members.length, prices.length, sum, ...(prices.length === 0 ? [] : [least, greatest])]]
    }),
  )
}

function actual(level: Level): Map<string, unknown[]> {
  const [price] = level.states
  return new Map(
    Array.from({ length: level.rows }, (_, row) => {
      const key = JSON.stringify(level.dimensions.map(({ ids, values }) => values[ids[row]!]))
      const count = price!.counts[row]!
      const extremes = count === 0 ? [] : [BigInt(price!.mins![row]!), BigInt(price!.maxs![row]!)]
      return [key, [level.counts[row], count, BigInt(price!.sums![row]!), ...extremes]]
    }),
  )
}

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.constantFrom("a", "b", "ü", null),
  fc.constantFrom(1, 2, -3, null),
  fc.constantFrom("x", "y"),
  fc.option(fc.oneof(fc.bigInt(-5n, 5n), fc.constantFrom(2n ** 62n, -(2n ** 62n))), { nil: null }),
)

test("every level holds each combination of its dimensions once, with exact states", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 300, size: "max" }), rows => {
      for (const level of buildLevels(columns, batchOf(rows), rollup)) {
        expect(actual(level)).toEqual(expected(rows, level.kept))
        expect(level.rows).toBe(expected(rows, level.kept).size)
      }
    }),
    { numRuns: 60 },
  )
})

test("a level above the bound has narrower ones, each at most half of it; skipped dimensions stay", () => {
  const rows = Array.from(
    { length: 4_000 },
    (_, at): Row => [`c${at % 40}`, at % 10, at % 2 === 0 ? "x" : "y", 1n],
  )
  const names = (spec: RollupSpec) =>
    buildLevels(columns, batchOf(rows), spec).map(({ kept, rows }) => `${kept.join("")}:${rows}`)
  expect(names({ ...rollup, leafRows: 40 })).toEqual(["012:40"])
  // City tells day, and day tells kind: levels shrink only without the teller.
  expect(names(rollup)).toEqual(["012:40", "12:10", "2:2"])
  expect(names({ ...rollup, skip: ["city"] })).toEqual(["012:40"])
})

test("dimensions that tell rows apart are in no level; few rows, or rows of an older schema, have none", () => {
  const rows = Array.from({ length: 100 }, (_, at): Row => [`c${at}`, at, "x", 1n])
  expect(buildLevels(columns, batchOf(rows), rollup).map(({ kept }) => kept)).toEqual([[2]])
  expect(buildLevels(columns, batchOf(rows), { ...rollup, leafRows: 100 })).toEqual([])
  expect(buildLevels(columns, batchOf([]), rollup)).toEqual([])
  const older = columns.slice(0, 3)
  expect(
    buildLevels(older, { ...batchOf(rows), columns: batchOf(rows).columns.slice(0, 3) }, rollup),
  ).toEqual([])
})

test("keys of any sizes group as their tuples do", () => {
  const sizes = fc.array(fc.constantFrom(1, 3, 1_000, 3_000_000_000), { maxLength: 6 })
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 200 }), fc.integer(), (keySizes, rows, seed) => {
      const keys = keySizes.map((size, key) => ({
        size,
        ids: Uint32Array.from(
          { length: rows },
          (_, at) => ((at * 7919 + seed * key) >>> 0) % Math.min(size, 5),
        ),
      }))
      const { groups, groupOf, first } = groupRows(keys, rows)
      const tuple = (at: number) => keys.map(({ ids }) => ids[at]).join()
      const seen = new Map<string, number>()
      for (let at = 0; at < rows; at++) {
        if (!seen.has(tuple(at))) {
          expect(first[seen.size]).toBe(at)
          seen.set(tuple(at), seen.size)
        }
        expect(groupOf[at]).toBe(seen.get(tuple(at)))
      }
      expect(groups).toBe(seen.size)
    }),
    { numRuns: 100 },
  )
})

test("how many groups there are is told from a sample, to a tenth or so", () => {
  const rows = 200_000
  const ids = (size: number, factor: number) => ({
    type: "int" as const,
    size,
    values: [],
    ids: Uint32Array.from({ length: rows }, (_, row) => (Math.imul(row, factor) >>> 8) % size),
  })
  const sample = new GroupSample(
    [ids(7, 0x9e3779b1), ids(5_000, 0x85ebca6b), ids(1_000_000, 0xc2b2ae35)],
    rows,
  )
  expect(sample.estimate([])).toBe(1)
  expect(sample.estimate([0])).toBe(7)
  expect(Math.abs(sample.estimate([1]) - 5_000)).toBeLessThan(500)
  expect(sample.estimate([0, 1, 2])).toBeGreaterThan(rows / 2)
  expect(sample.estimate([0, 1, 2])).toBeLessThanOrEqual(rows)
})
