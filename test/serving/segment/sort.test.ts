import fc from "fast-check"
import { expect, test } from "vitest"
import type { ColumnBatch } from "../../../shared/serving/ingest/column.ts"
import { sortBatch } from "../../../shared/serving/segment/sort.ts"
import { cellsOf, ingestValues } from "../batches.ts"

const COLUMNS = [
  { name: "s", type: "string" as const },
  { name: "n", type: "long" as const },
  { name: "b", type: "bytes" as const },
]
const VALUES = [
  '{"s":"b","n":2,"b":"Ag=="}',
  '{"n":1,"b":"AQ=="}',
  '{"s":"a","n":9007199254740993,"b":"AP8="}',
  '{"s":"b","n":-1}',
  '{"s":"a","n":9007199254740992,"b":"AA=="}',
]

test.each([
  [[], [0, 1, 2, 3, 4]],
  [[0], [2, 4, 0, 3, 1]],
  [
    [0, 1],
    [4, 2, 3, 0, 1],
  ],
  [[1], [3, 1, 0, 4, 2]],
  [[2], [4, 2, 1, 0, 3]],
])("rows by columns %j are those at offsets %j, whole and nulls last", (by, expected) => {
  const batch = ingestValues(COLUMNS, VALUES)
  const sorted = sortBatch(batch, by)
  expect([...sorted.offsets]).toEqual(expected)
  for (const index of [0, 1, 2]) {
    const cells = cellsOf(batch, index)
    expect(cellsOf(sorted, index)).toEqual(expected.map(row => cells[row]))
  }
})

test("whole numbers, near and far apart, sort as one row at a time would", () => {
  const number = fc.oneof(fc.nat({ max: 3 }), fc.integer(), fc.constant(2 ** 53 - 1), fc.constant(-(2 ** 53)))
  const row = fc.record({ n: fc.option(number), m: fc.option(fc.nat({ max: 2 })) })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), rows => {
      const columns = [
        { name: "n", type: "long" as const },
        { name: "m", type: "int" as const },
      ]
      const values = rows.map(one => JSON.stringify(one))
      const rank = (cell: number | null) => cell ?? Number.POSITIVE_INFINITY
      const expected = rows
        .map((one, offset) => ({ ...one, offset }))
        .sort((a, b) => order(rank(a.n), rank(b.n)) || order(rank(a.m), rank(b.m)) || a.offset - b.offset)
      const sorted = sortBatch(ingestValues(columns, values), [0, 1])
      expect([...sorted.offsets]).toEqual(expected.map(({ offset }) => offset))
    }),
  )
})

const order = (a: number, b: number) => (a < b ? -1 : a > b ? 1 : 0)

test("many rows are in the order of few", () => {
  const texts = ["", "a", "é", "\ud83d\ude00", "\ufffd", "z", null]
  const values = Array.from({ length: 2_000 }, (_, id) =>
    JSON.stringify({ s: texts[(id * 31) % 7], n: id % 13 }),
  )
  const sorted = sortBatch(ingestValues(COLUMNS, values), [0, 1])
  const distinct = cellsOf(sorted, 0).filter((text, at, all) => at === 0 || text !== all[at - 1])
  // By code points: U+1F600 comes after U+FFFD.
  expect(distinct).toEqual(["", "a", "z", "é", "\ufffd", "\ud83d\ude00", null])
  const [cells, offsets] = [cellsOf(sorted, 0), [...sorted.offsets]]
  const isAfter = (at: number) => {
    const [before, here] = [offsets[at - 1]!, offsets[at]!]
    return (before % 13) - (here % 13) < 0 || (before % 13 === here % 13 && before < here)
  }
  expect(offsets.every((_, at) => at === 0 || cells[at] !== cells[at - 1] || isAfter(at))).toBe(true)
})

test("NaN is sorted above all numbers, before nulls", () => {
  const values = Float64Array.of(3, Number.NaN, 1, 0, Number.NaN, 2, Number.POSITIVE_INFINITY, -1)
  const nulls = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0)
  const offsets = Float64Array.from(values, (_, row) => row)
  const column = { type: "double" as const, values, nulls, nullCount: 1 }
  const batch = { base: 0, next: 8, rows: 8, offsets, columns: [column] } as unknown as ColumnBatch
  expect([...sortBatch(batch, [0]).offsets]).toEqual([7, 2, 5, 0, 6, 1, 4, 3])
})
