import { afterAll, expect, test } from "vitest"
import { Maintainer, type MaintainOptions } from "../../../shared/serving/maintain/maintainer.ts"
import { MERGE_LIMITS } from "../../../shared/serving/maintain/plan-merge.ts"
import type { ListPointer } from "../../../shared/serving/manifest/manifest.ts"
import { segmentsOf } from "../../../shared/serving/manifest/manifest-store.ts"
import { encodeList } from "../../../shared/serving/manifest/segment-list.ts"
import { listKey, type SegmentPointer } from "../../../shared/serving/segment/segment-key.ts"
import { allRows, idsOf } from "../support.ts"
import { appendTo, type Maintained, openMaintained, openSql, settle } from "./support.ts"

const sql = openSql()
afterAll(() => sql.close())

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, at: 1_000 * (from + index) }))
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

const FEW: MaintainOptions = { merge: { ...MERGE_LIMITS, fanIn: 3 } }
const maintainerOf = ({ ports, registry, log }: Maintained, options = FEW) =>
  new Maintainer(ports, registry, log, options)
const idsIn = async (table: Maintained) =>
  (await idsOf(await table.source.pin("events"))).toSorted((a, b) => Number(a) - Number(b))
const segmentsIn = async (table: Maintained, partition = 0): Promise<readonly SegmentPointer[]> =>
  segmentsOf(table.ports, await table.manifest(partition))
const ranges = async (table: Maintained) => (await segmentsIn(table)).map(({ base, next }) => [base, next])

test("neighbours become one segment, sorted, with the offsets that they had", async () => {
  const table = await openMaintained({ sort: ["id"] })
  await table.flush(rows(4, 8))
  await table.flush(rows(0, 4))
  await table.flush([{ id: "bad" }, ...rows(8, 10)])
  await table.flush(rows(10, 12))
  await appendTo(table, rows(12, 13))
  expect(await settle(maintainerOf(table))).toEqual(["merge"])
  const [merged] = await segmentsIn(table)
  expect(merged).toMatchObject({ base: 0, next: 13, rows: 12, level: 1, timeMin: 0, timeMax: 11_000 })
  const read = await allRows({ ...(await table.source.pin("events"))!, tail: [], rows: 12 })
  expect(read.map(({ id }) => id)).toEqual(numbers(0, 12))
  expect(read.map(({ $offset }) => Number($offset))).toEqual([4, 5, 6, 7, 0, 1, 2, 3, 9, 10, 11, 12])
  expect(await idsIn(table)).toEqual(numbers(0, 13))
})

test("dead rows and their graves are left behind; what dies meanwhile stays dead", async () => {
  const table = await openMaintained()
  for (let at = 0; at < 9; at += 3) await table.flush(rows(at, at + 3))
  await table.kill([0, 4])
  await table.kill([8])
  const { objects } = table.ports
  const put = objects.put
  // A builder kills a row while the merge uploads.
  table.ports.counts.objects.put = async (key, ...rest) => {
    if (key.endsWith(".parquet")) {
      table.ports.counts.objects.put = put
      await table.kill([5])
      await table.flush(rows(9, 10))
    }
    return put(key, ...rest)
  }
  expect(await settle(maintainerOf(table))).toEqual(["merge"])
  expect((await table.manifest()).vectors).toMatchObject([{ base: 5, next: 6 }])
  expect((await segmentsIn(table)).map(({ rows }) => rows)).toEqual([6, 1])
  const ids = await sql.rows(table, "SELECT id FROM events ORDER BY id")
  expect(ids).toEqual([[1], [2], [3], [6], [7], [9]])
})

test("a merge whose inputs are gone is garbage", async () => {
  const table = await openMaintained()
  for (let at = 0; at < 9; at += 3) await table.flush(rows(at, at + 3))
  const { objects } = table.ports
  const put = objects.put
  table.ports.counts.objects.put = async (key, ...rest) => {
    table.ports.counts.objects.put = put
    expect(await settle(maintainerOf(table))).toEqual(["merge"])
    return put(key, ...rest)
  }
  expect(await maintainerOf(table).step("events", 0)).toEqual({ kind: "lost" })
  expect(await ranges(table)).toEqual([[0, 9]])
  expect(await idsIn(table)).toEqual(numbers(0, 9))
})

test("pointers are replaced inside lists, and lists stay within their bound", async () => {
  const table = await openMaintained()
  for (let at = 0; at < 40; at++) await table.flush(rows(at, at + 1))
  const before = await segmentsIn(table)
  const lists = [0, 10, 20].map(from => before.slice(from, from + 10))
  const pointers: ListPointer[] = []
  for (const [index, list] of lists.entries()) {
    const pointer = {
      base: list[0]!.base,
      next: list.at(-1)!.next,
      id: `list${index}`,
      segments: 10,
      rows: 10,
    }
    await table.ports.objects.put(listKey(table.tableId, 0, pointer), encodeList(list))
    pointers.push(pointer)
  }
  await table.edit(() => ({ lists: pointers, segments: before.slice(30) }))
  const options = { merge: { ...MERGE_LIMITS, fanIn: 7, inputsMax: 7 }, listSegmentsMax: 10 }
  const maintainer = maintainerOf(table, options)
  expect(await maintainer.step("events", 0)).toMatchObject({ what: "merge", rows: 7 })
  expect((await table.manifest()).lists.map(({ segments }) => segments)).toEqual([4, 10, 10])
  // The next one begins in the first list and ends in the second.
  expect(await maintainer.step("events", 0)).toMatchObject({ what: "merge", rows: 7 })
  expect((await table.manifest()).lists.map(({ segments }) => segments)).toEqual([8, 10])
  await settle(maintainer)
  const manifest = await table.manifest()
  for (const list of manifest.lists) expect(list.segments).toBeLessThanOrEqual(10)
  const after = await segmentsIn(table)
  expect(after.length).toBeLessThan(12)
  expect(after.every(({ base }, at) => base === (after[at - 1]?.next ?? 0))).toBe(true)
  expect(await idsIn(table)).toEqual(numbers(0, 40))
  await table.flush(rows(40, 41))
  expect(await idsIn(table)).toEqual(numbers(0, 41))
})

test("what a merge costs: each input read once, three puts", async () => {
  const table = await openMaintained()
  for (let at = 0; at < 8; at++) await table.flush(rows(at, at + 1))
  const maintainer = maintainerOf(table, {})
  table.ports.counts.reset()
  expect(await maintainer.step("events", 0)).toMatchObject({ kind: "done", what: "merge" })
  expect(table.ports.counts.calls).toMatchObject({
    objectGet: 8,
    objectPut: 1,
    objectList: 0,
    objectDelete: 0,
    metaGet: 3,
    metaPut: 1,
  })
  table.ports.counts.reset()
  expect(await maintainer.step("events", 0)).toEqual({ kind: "idle" })
  expect(table.ports.counts.calls).toMatchObject({ objectGet: 0, objectPut: 0, metaGet: 2, metaPut: 0 })
})

test("a column that was added is filled from the log, and with its default where that is gone", async () => {
  const table = await openMaintained()
  const long = (from: number, to: number) => rows(from, to).map(row => ({ ...row, x: `x${row.id}`, y: "7" }))
  await table.flush([...long(0, 2), { id: 2, at: 0, x: { a: 1 }, y: "no" }, { id: 3 }])
  const columns = [
    { name: "id", type: "long" as const },
    { name: "x", type: "string" as const, default: "none" },
    { name: "at", type: "timestamp" as const },
    { name: "y", type: "int" as const },
  ]
  await table.registry.alter({ name: "events", topic: "events", time: "at", columns }, "http")
  await table.flush(long(4, 5))
  expect(await settle(maintainerOf(table))).toEqual(["backfill"])
  expect((await segmentsIn(table)).map(({ schemaVersion }) => schemaVersion)).toEqual([2, 2])
  expect(await sql.rows(table, "SELECT id, x, y FROM events ORDER BY id")).toEqual([
    [0, "x0", 7],
    [1, "x1", 7],
    [2, '{"a":1}', null],
    [3, "none", null],
    [4, "x4", 7],
  ])
  await table.log.deleteTopic("events", "http")
  expect(await settle(maintainerOf(table))).toEqual([])
})

test("many vectors become one, without what no segment holds", async () => {
  const table = await openMaintained()
  await table.flush(rows(0, 40))
  for (let at = 0; at < 17; at++) await table.kill([at, 100 + at])
  expect(await settle(maintainerOf(table))).toEqual(["fold"])
  expect((await table.manifest()).vectors).toMatchObject([{ base: 0, next: 17, offsets: 17 }])
  expect(await sql.rows(table, "SELECT min(id), count(*) FROM events")).toEqual([[17, 23]])
})

test("a segment of which much is dead is written anew, and gone when all is", async () => {
  const table = await openMaintained()
  await table.flush(rows(0, 4_000))
  await table.flush(rows(4_000, 4_010))
  await table.kill(numbers(0, 1_000))
  expect(await settle(maintainerOf(table))).toEqual(["dead"])
  expect((await segmentsIn(table)).map(one => one.rows)).toEqual([3_000, 10])
  expect((await table.manifest()).vectors).toEqual([])
  await table.kill(numbers(1_000, 4_000))
  expect(await settle(maintainerOf(table))).toEqual(["dead"])
  expect(await ranges(table)).toEqual([[4_000, 4_010]])
  expect(await sql.rows(table, "SELECT count(*) FROM events")).toEqual([[10]])
})
