import { expect, test } from "vitest"
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
