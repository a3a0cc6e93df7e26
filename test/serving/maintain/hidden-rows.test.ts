import { afterAll, expect, test } from "vitest"
import { allRows } from "../support.ts"
import { appendTo, openMaintained, openSql } from "./support.ts"

const sql = openSql()
afterAll(() => sql.close())

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, at: 1_000 * (from + index) }))
const ids = "SELECT id FROM events ORDER BY id"
const flat = (answer: readonly (readonly unknown[])[]) => answer.map(([id]) => id)

test("rows that vectors name are gone from every segment, and from no other partition", async () => {
  const table = await openMaintained({}, { partitions: 2 })
  await table.flush(rows(0, 4))
  await table.flush(rows(4, 8))
  await table.flush(rows(10, 14), 1)
  await appendTo(table, rows(8, 10))
  await table.kill([1, 5])
  await table.kill([0, 5, 7])
  expect(flat(await sql.rows(table, ids))).toEqual([2, 3, 4, 6, 8, 9, 10, 11, 12, 13])
  expect(await sql.rows(table, "SELECT count(*), min(id) FROM events")).toEqual([[10, 2]])
  await table.kill([3], 1)
  expect(flat(await sql.rows(table, "SELECT id FROM events WHERE id > 9"))).toEqual([10, 11, 12])
  const pin = (await table.source.pin("events"))!
  expect(pin.segments.map(({ segment }) => [...(segment?.dead?.offsets ?? [])])).toEqual([
    [0, 1],
    [5, 7],
    [3],
  ])
})

test("vectors are read once by a process, and a damaged or lost one is told", async () => {
  const table = await openMaintained()
  await table.flush(rows(0, 4))
  await table.kill([2])
  expect(flat(await sql.rows(table, ids))).toEqual([0, 1, 3])
  table.ports.counts.reset()
  await table.source.pin("events")
  expect(table.ports.counts.calls.objectGet).toBe(0)
  await table.edit(({ vectors }) => ({ vectors: vectors.map(one => ({ ...one, id: "none" })) }))
  await expect(table.source.pin("events")).rejects.toMatchObject({ code: "corrupt" })
  await table.edit(() => ({ vectors: [] }))
  expect(flat(await sql.rows(table, ids))).toEqual([0, 1, 2, 3])
})

test("what a purge names is gone below its end, in segments and in the tail", async () => {
  const table = await openMaintained()
  await table.flush(rows(0, 4))
  await appendTo(table, [...rows(4, 6), { id: 2, at: 9_000 }])
  const purge = { id: "p", where: "id in (2, 3, 5)", end: 6, done: 0 }
  await table.edit(() => ({ purges: [purge] }))
  expect(flat(await sql.rows(table, ids))).toEqual([0, 1, 2, 4])
  expect(await sql.rows(table, 'SELECT epoch_ms("at") FROM events WHERE id = 2')).toEqual([[9_000]])
  expect((await allRows({ ...(await table.source.pin("events"))!, segments: [], rows: 2 })).length).toBe(2)
  // The segment straddles the end, and says so.
  await table.edit(() => ({ purges: [{ ...purge, end: 3 }] }))
  expect(flat(await sql.rows(table, ids))).toEqual([0, 1, 2, 3, 4, 5])
  await table.edit(() => ({ purges: [{ ...purge, done: 4 }] }))
  expect(flat(await sql.rows(table, ids))).toEqual([0, 1, 2, 2, 3, 4])
})

test("rows below the cut are gone, those without a time stay", async () => {
  const table = await openMaintained()
  await table.flush([...rows(0, 4), { id: 100 }])
  await appendTo(table, [...rows(4, 6), { id: 3, at: 1 }, { id: 101 }])
  expect((await table.manifest()).segments[0]).toMatchObject({ timeMin: 0, timeMax: 3_000, untimed: true })
  await table.edit(() => ({ cutBefore: 2_500 }))
  expect(flat(await sql.rows(table, ids))).toEqual([3, 4, 5, 100, 101])
  expect((await table.source.pin("events"))!.cutBefore).toBe(2_500)
})

test("equal states have equal snapshots, and nothing else has", async () => {
  const table = await openMaintained()
  const snapshot = async () => (await table.source.pin("events"))!.snapshot
  const first = await snapshot()
  expect(await snapshot()).toBe(first)
  await appendTo(table, rows(0, 1))
  const second = await snapshot()
  expect(second).not.toBe(first)
  await table.kill([0])
  expect(await snapshot()).not.toBe(second)
})
