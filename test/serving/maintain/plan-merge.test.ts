import { expect, test } from "vitest"
import { MERGE_LIMITS, type MergePlan, planMerge } from "../../../shared/serving/maintain/plan-merge.ts"
import type { SegmentPointer } from "../../../shared/serving/segment/segment-key.ts"

const MIB = 1024 * 1024

interface Drawn {
  readonly level?: number
  readonly mib?: number
  readonly rows?: number
  readonly schema?: number
  readonly hour?: number
}

function pointers(drawn: readonly Drawn[]): SegmentPointer[] {
  return drawn.map(({ level = 0, mib = 1, rows = 1_000, schema = 1, hour }, at) => ({
    base: at * 10,
    next: at * 10 + 10,
    id: `s${at}`,
    rows,
    sizeBytes: mib * MIB,
    crc32c: 0,
    schemaVersion: schema,
    level,
    ...(hour === undefined ? {} : { timeMin: hour * 3_600_000, timeMax: (hour + 1) * 3_600_000 - 1 }),
  }))
}

const some = (count: number, one: Drawn = {}): Drawn[] => Array.from({ length: count }, () => one)
const plan = (from: number, count: number, level: number): MergePlan => ({ from, count, level })

test.each<[string, readonly Drawn[], MergePlan | undefined]>([
  ["none", [], undefined],
  ["one", some(1), undefined],
  ["seven small ones wait", some(7), undefined],
  ["eight become one", some(8), plan(0, 8, 1)],
  ["all that there are of a level go together", some(20), plan(0, 20, 1)],
  ["up to 64", some(100), plan(0, 64, 1)],
  ["few that make a full one need not wait", some(3, { mib: 30 }), plan(0, 3, 1)],
  ["never above 256 MiB", some(9, { mib: 60 }), plan(0, 4, 1)],
  ["full ones stay", some(20, { mib: 64 }), undefined],
  ["so do those with many rows", some(9, { rows: 2_100_000 }), undefined],
  ["rows bound it too", some(9, { rows: 900_000 }), plan(0, 2, 1)],
  ["… and make full ones", some(9, { rows: 230_000 }), plan(0, 8, 1)],
  ["newer ones of a lower level wait", [...some(7, { level: 1 }), ...some(7)], undefined],
  ["the level is of the result", [...some(8, { level: 1, mib: 2 }), ...some(3)], plan(0, 8, 2)],
  ["the lower level first", [...some(8, { level: 1 }), ...some(8)], plan(8, 8, 1)],
  [
    "what lies between goes along",
    [...some(4, { level: 1 }), ...some(3), ...some(4, { level: 1 })],
    plan(0, 11, 2),
  ],
  ["older ones of a lower level go along", [...some(3), ...some(8, { level: 1 })], plan(0, 11, 2)],
  ["a full one parts", [...some(5), { mib: 80 }, ...some(5)], undefined],
  ["a full one parts, the right side is due", [...some(5), { mib: 80 }, ...some(8)], plan(6, 8, 1)],
  ["another schema parts", [...some(6), ...some(6, { schema: 2 })], undefined],
  [
    "another schema parts, and each side is due alone",
    [...some(6), ...some(8, { schema: 2 })],
    plan(6, 8, 1),
  ],
])("%s", (_, drawn, expected) => {
  expect(planMerge(pointers(drawn))).toEqual(expected)
})

test("where old rows are dropped, a segment spans a part of what is kept", () => {
  const limits = { ...MERGE_LIMITS, spanMax: 10 * 3_600_000 }
  const hourly = Array.from({ length: 12 }, (_, hour) => ({ hour }))
  expect(planMerge(pointers(hourly), limits)).toEqual(plan(0, 10, 1))
  const spread = Array.from({ length: 12 }, (_, hour) => ({ hour: hour * 3 }))
  expect(planMerge(pointers(spread), limits)).toBeUndefined()
})

test("merging as planned ends, writes each row a few times, and leaves few segments", () => {
  let segments: SegmentPointer[] = []
  let written = 0
  let made = 0
  const rows = 12_500
  const count = 2_000
  for (let at = 0; at < count; at++) {
    segments.push({
      base: at,
      next: at + 1,
      id: `${at}`,
      rows,
      sizeBytes: 400_000,
      crc32c: 0,
      schemaVersion: 1,
    })
    for (let next = planMerge(segments); next !== undefined; next = planMerge(segments)) {
      const inputs = segments.slice(next.from, next.from + next.count)
      const output: SegmentPointer = {
        base: inputs[0]!.base,
        next: inputs.at(-1)!.next,
        id: `m${made++}`,
        rows: inputs.reduce((sum, one) => sum + one.rows, 0),
        sizeBytes: inputs.reduce((sum, one) => sum + one.sizeBytes, 0),
        crc32c: 0,
        schemaVersion: 1,
        level: next.level,
      }
      expect(output.rows).toBeLessThanOrEqual(MERGE_LIMITS.rowsMax)
      written += output.rows
      segments = segments.toSpliced(next.from, next.count, output)
    }
  }
  expect(segments.every((one, at) => at === 0 || one.base === segments[at - 1]!.next)).toBe(true)
  expect(segments.length).toBeLessThan(40)
  expect(written / (rows * count)).toBeLessThan(4)
})
