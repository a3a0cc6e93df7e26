import { expect, test } from "vitest"
import { type BlockColumn, codedColumn } from "../../../shared/serving/direct/columns/block-column.ts"
import { Dictionary } from "../../../shared/serving/direct/columns/dictionary.ts"
import { CountAccumulator } from "../../../shared/serving/direct/run/accumulator.ts"
import { Grouping } from "../../../shared/serving/direct/run/grouping.ts"

/** Codes 1 to `size`, and null, of rows in no order. */
function column(size: number, rows: number, step: number): BlockColumn & { readonly dictionary: Dictionary } {
  const dictionary = new Dictionary<string>("")
  for (let value = 0; value < size; value++) dictionary.code(`v${value}`)
  const codes = Int32Array.from({ length: rows }, (_, row) => (row * step) % (size + 1))
  return codedColumn(codes, dictionary)
}

test.each([
  ["few combinations", 20, 30],
  ["groups for many of their combinations", 700, 600],
  ["few groups of many combinations", 5_000, 900],
])("groups are the same however they are found: %s", (_, first, second) => {
  const rows = 40_000
  const columns = [column(first, rows, 7), column(second, rows, 11)]
  const counts = new CountAccumulator(undefined)
  const keys = columns.map(({ dictionary }, at) => ({ key: `c${at}`, dictionary }))
  const grouping = new Grouping(keys, [{ accumulator: counts, filter: undefined }])
  const named = new Map<string, BlockColumn>(columns.map((one, at) => [`c${at}`, one]))
  const expected = new Map<string, number>()
  // Several times, so that the way groups are found changes between two.
  for (let time = 0; time < 3; time++) {
    grouping.add({ all: true, count: rows, rows: new Int32Array(0) }, named)
    for (let row = 0; row < rows; row++) {
      const key = columns
        .map(one =>
          one.kind === "codes" && one.codes[row] !== 0 ? one.dictionary.values[one.codes[row]!] : null,
        )
        .join()
      expected.set(key, (expected.get(key) ?? 0) + 1)
    }
  }
  const found = Array.from({ length: grouping.count }, (_, at): [string, number] => {
    const key = keys.map((_, part) => grouping.keyValue(at + 1, part)).join()
    return [key, counts.result(at + 1) as number]
  })
  grouping.close()
  expect(new Map(found)).toEqual(expected)
})
