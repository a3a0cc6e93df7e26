import { expect, test } from "vitest"
import { numberColumn } from "../../../shared/serving/direct/columns/block-column.ts"
import { Block } from "../../../shared/serving/direct/columns/column-store.ts"
import { DeadRows } from "../../../shared/serving/direct/run/dead-rows.ts"
import { OFFSET_COLUMN } from "../../../shared/serving/segment/parquet.ts"

function blockOf(offsets: readonly number[]): Block {
  const block = new Block("b", offsets.length, 0)
  block.columns.set(OFFSET_COLUMN, numberColumn(Float64Array.from(offsets), undefined))
  return block
}

const setOf = (...offsets: number[]) => ({ offsets: Float64Array.from(offsets) })

test.each([
  ["near each other", [7, 5, 6, 9], [5, 9], [0, 1, 0, 1]],
  ["far from each other", [7, 5_000_000, 6, 9], [7, 5_000_000, 8_000_000], [1, 1, 0, 0]],
])("dead rows are found by their offsets, in any order, %s", (_, offsets, dead, rows) => {
  expect([...(new DeadRows().of(setOf(...dead), blockOf(offsets)) ?? [])]).toEqual(rows)
})

test("a block without dead rows needs no flags", () => {
  expect(new DeadRows().of(setOf(1, 20), blockOf([5, 6]))).toBeUndefined()
})

test("a set that is cut out again is known; one of other rows is not", () => {
  const dead = new DeadRows()
  const { offsets } = setOf(1, 5, 6)
  const block = blockOf([5, 6])
  const found = dead.of({ offsets: offsets.subarray(0, 2) }, block)
  expect([...(found ?? [])]).toEqual([1, 0])
  expect(dead.of({ offsets: offsets.subarray(0, 2) }, block)).toBe(found)
  expect([...(dead.of({ offsets: offsets.subarray(0, 3) }, block) ?? [])]).toEqual([1, 1])
})
