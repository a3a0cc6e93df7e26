import { expect, test } from "vitest"
import { codedColumn } from "../../../shared/serving/direct/columns/block-column.ts"
import { Dictionary } from "../../../shared/serving/direct/columns/dictionary.ts"
import type { DirectPlan, Output } from "../../../shared/serving/direct/plan.ts"
import { CountAccumulator } from "../../../shared/serving/direct/run/accumulator.ts"
import { finishGroups } from "../../../shared/serving/direct/run/finish-groups.ts"
import { Grouping } from "../../../shared/serving/direct/run/grouping.ts"
import { LIMITS_DEFAULT } from "../../../shared/serving/query/limits.ts"

test("many groups are gone through bit by bit", async () => {
  const groups = 40_000
  const dictionary = new Dictionary<number>(0)
  const codes = Int32Array.from({ length: groups }, (_, row) => dictionary.code(row))
  const aggregates = [{ accumulator: new CountAccumulator(undefined), filter: undefined }]
  const grouping = new Grouping([{ key: "k", dictionary }], aggregates)
  const selection = { all: true, count: groups, rows: new Int32Array(0) }
  grouping.add(selection, new Map([["k", codedColumn(codes, dictionary)]]))
  const key: Output = { kind: "group", index: 0, type: "int" }
  const plan = {
    outputs: [{ name: "k", value: key }],
    order: [{ by: key, descending: true, nullsFirst: false }],
    groups: [],
    aggregates: [],
    skip: 0,
    limit: 2,
  } as unknown as DirectPlan
  let pauses = 0
  const answer = await finishGroups(plan, grouping, aggregates, LIMITS_DEFAULT, async () => void pauses++)
  expect(answer.rows).toEqual([[groups - 1], [groups - 2]])
  expect(pauses).toBe(4)
})
