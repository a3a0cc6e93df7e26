import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { MERGE_LIMITS } from "../../../shared/serving/maintain/plan-merge.ts"
import { segmentsOf } from "../../../shared/serving/manifest/manifest-store.ts"
import { keepPurge, keptPurges } from "../../../shared/serving/purge/kept-purges.ts"
import { PURGES_OPEN_MAX, purgeTable } from "../../../shared/serving/purge/purge-table.ts"
import { companionKey } from "../../../shared/serving/segment/segment-key.ts"
import type { Item } from "../../../shared/storage/meta-store.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { appendTo, type Maintained, openMaintained, openSql, settle } from "../maintain/support.ts"
import { SPEC } from "../support.ts"

const sql = openSql()
afterAll(() => sql.close())

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, at: 1_000 * (from + index) }))
const ids = async (table: Maintained) =>
  (await sql.rows(table, "SELECT id FROM events ORDER BY id")).map(([id]) => id)
const maintainerOf = ({ ports, registry, log }: Maintained) =>
  new Maintainer(ports, registry, log, { merge: { ...MERGE_LIMITS, fanIn: 3 } })
const purge = ({ ports, registry, log }: Maintained, where: string) =>
  purgeTable(ports, registry, log, "events", where)
const inFiles = async (table: Maintained, partition = 0) =>
  (await segmentsOf(table.ports, await table.manifest(partition))).map(one => one.rows)

test("what is erased is gone at once, everywhere, and later from every file", async () => {
  const table = await openMaintained({}, { partitions: 2 })
  await table.flush(rows(0, 4))
  await table.flush(rows(4, 8))
  await table.flush(rows(2, 3), 1)
  await appendTo(table, rows(8, 12))
  await table.kill([2])
  const receipt = await purge(table, "id in (2, 3, 9)")
  expect(receipt.ends).toEqual([12, 1])
  await appendTo(table, rows(9, 10))
  expect(await ids(table)).toEqual([0, 1, 4, 5, 6, 7, 8, 9, 10, 11])
  // Before it is through, builders leave out what is below the end.
  await table.builder.step("events", 0, true)
  expect(await inFiles(table)).toEqual([4, 4, 4])
  expect(await ids(table)).toEqual([0, 1, 4, 5, 6, 7, 8, 9, 10, 11])
  const maintainer = maintainerOf(table)
  expect(await settle(maintainer)).toEqual(["purge", "purge", "merge"])
  expect(await settle(maintainer, 1)).toEqual(["purge"])
  for (const partition of [0, 1]) expect((await table.manifest(partition)).purges).toEqual([])
  expect(await inFiles(table)).toEqual([10])
  expect(await inFiles(table, 1)).toEqual([])
  expect((await table.manifest()).totals).toMatchObject({ records: 13, rows: 13 })
  expect(await ids(table)).toEqual([0, 1, 4, 5, 6, 7, 8, 9, 10, 11])
  expect(await keptPurges(table.ports, table.tableId)).toEqual([
    { id: receipt.id, where: "id in (2, 3, 9)", ends: [12, 1] },
  ])
})

test("it waits for the tail, and keeps nothing else from being done", async () => {
  const table = await openMaintained()
  for (let at = 0; at < 3; at++) await table.flush(rows(at, at + 1))
  await appendTo(table, rows(3, 5))
  await purge(table, "id >= 3")
  expect(await settle(maintainerOf(table))).toEqual(["purge", "merge"])
  expect((await table.manifest()).purges).toMatchObject([{ done: 3, end: 5 }])
  expect(await ids(table)).toEqual([0, 1, 2])
  await table.builder.step("events", 0, true)
  expect(await settle(maintainerOf(table))).toEqual(["purge"])
  expect((await table.manifest()).purges).toEqual([])
  expect(await ids(table)).toEqual([0, 1, 2])
})

test("a table that is built anew leaves out what was erased, also what was erased meanwhile", async () => {
  const table = await openMaintained()
  await table.flush(rows(0, 6))
  await purge(table, "id = 1")
  await settle(maintainerOf(table))
  await table.registry.alter({ ...SPEC, where: "id <> 5", rebuild: true }, "http")
  await purge(table, "id = 2")
  await table.builder.step("~events", 0, true)
  for (let tries = 0; (await table.registry.settleRebuild("~events")) !== "swapped"; tries++) {
    expect(tries).toBeLessThan(4)
  }
  const { table: now } = (await table.registry.find("events"))!
  expect(now.id).not.toBe(table.tableId)
  expect(await ids(table)).toEqual([0, 3, 4])
  expect((await keptPurges(table.ports, now.id)).map(({ where }) => where).sort()).toEqual([
    "id = 1",
    "id = 2",
  ])
})

test.each([
  ["", "where: expected an expression, got nothing, at character 1"],
  ["nope = 1", "where: there is no column 'nope'; there is id, at, at character 1"],
  ["id = 1 or lower(id) = 'x'", "where: expected a column, got 'lower(id)', at character 11"],
  [`id in (${"1, ".repeat(400)}1)`, "where: expected at most 1000 characters, got 1209"],
])("a condition is refused before anything is written: %j", async (where, message) => {
  const table = await openMaintained()
  await table.flush(rows(0, 2))
  await expect(purge(table, where)).rejects.toMatchObject({ code: "invalid_purge", message })
  expect((await table.manifest()).purges).toEqual([])
  expect(await keptPurges(table.ports, table.tableId)).toEqual([])
  await purge(table, "id = 1")
  expect(await ids(table)).toEqual([0])
})

test("erasures that are under way are bounded, and one of no table is told so", async () => {
  const table = await openMaintained()
  await table.flush(rows(0, 30))
  for (let id = 0; id < PURGES_OPEN_MAX; id++) await purge(table, `id = ${id}`)
  await expect(purge(table, "id = 29")).rejects.toMatchObject({ code: "too_many_purges" })
  expect((await ids(table)).length).toBe(30 - PURGES_OPEN_MAX)
  // Else a table that is built anew would do what was refused.
  expect(await keptPurges(table.ports, table.tableId)).toHaveLength(PURGES_OPEN_MAX)
  await settle(maintainerOf(table))
  await purge(table, "id = 29")
  expect((await ids(table)).length).toBe(29 - PURGES_OPEN_MAX)
  await table.registry.drop("events", "http")
  await expect(purge(table, "id = 29")).rejects.toMatchObject({ code: "unknown_table" })
})

test("what is erased of merged rows is in no row that is merged later, and leaves the key index", async () => {
  const table = await openMaintained({
    columns: [
      { name: "id", type: "int" },
      { name: "note", type: "string" },
      { name: "n", type: "int" },
    ],
    primaryKey: ["id"],
    upsert: { mode: "partial", strategies: { n: "increment" } },
  })
  const shown = () => sql.rows(table, "SELECT id, note, n FROM events ORDER BY id")
  const runs = async () => {
    const { runs, tableId } = await table.manifest()
    const keys = runs.map(({ id }) => companionKey(tableId, 0, "keys", id))
    const bodies = await Promise.all(keys.map(key => table.ports.objects.get(key)))
    return bodies.map(read => Buffer.from(read!.body).toString("latin1")).join()
  }
  await table.flush([1, 2, 3].map(id => ({ id, note: id === 2 ? "kept" : "secret", n: 1 })))
  await appendTo(table, [
    { id: 4, note: "secret", n: 1 },
    { id: 5, n: 1 },
    { id: 2, n: 1 },
  ])
  await purge(table, "note LIKE 'sec%'")
  await appendTo(
    table,
    [1, 2, 4, 5].map(id => ({ id, n: 10 })),
  )
  const left = [
    [1, null, 10],
    [2, "kept", 12],
    [4, null, 10],
    [5, null, 11],
  ]
  expect(await shown()).toEqual(left)
  expect(await runs()).toContain("secret")
  await table.builder.step("events", 0, true)
  expect(await settle(maintainerOf(table))).toContain("purge")
  expect((await table.manifest()).purges).toEqual([])
  expect(await runs()).not.toContain("secret")
  expect(await runs()).toContain("kept")
  await appendTo(table, [{ id: 3, n: 7 }])
  expect(await shown()).toEqual([...left.slice(0, 2), [3, null, 7], ...left.slice(2)])
})

test("the stored form of an erasure stays what it is, and an unknown one is refused", async () => {
  const file = join(import.meta.dirname, "../../golden/serving/kept-purge-v1.json")
  const golden = JSON.parse(readFileSync(file, "utf8")) as Item
  const ports = memoryPorts()
  await ports.meta.put("meta", golden)
  const purge = { id: golden.sk, where: "id = 1", ends: [12, 0, 3] }
  expect(await keptPurges(ports, "7ab1e")).toEqual([purge])
  expect(await keepPurge(ports, "again", purge, Number.MAX_SAFE_INTEGER)).toBe("kept")
  const [again] = [...ports.stores.items("meta")].filter(({ pk }) => pk === "purges#again")
  expect(again!.fields).toEqual(golden.fields)
  await ports.meta.put("meta", { ...golden, fields: { ...golden.fields, v: 2 } })
  await expect(keptPurges(ports, "7ab1e")).rejects.toMatchObject({ code: "unknown_format" })
  expect(await keptPurges(ports, "again")).toEqual([purge])
})

test("values that come with a column later are erased with it", async () => {
  const table = await openMaintained()
  await table.flush(rows(0, 3).map(row => ({ ...row, mail: `${row.id}@x` })))
  const { spec } = (await table.registry.find("events"))!.table
  const columns = [...spec.columns, { name: "mail", type: "string" as const }]
  await table.registry.alter({ ...spec, columns }, "http")
  await purge(table, "mail = '1@x'")
  expect(await settle(maintainerOf(table))).toContain("purge")
  expect(await sql.rows(table, "SELECT id, mail FROM events ORDER BY id")).toEqual([
    [0, "0@x"],
    [2, "2@x"],
  ])
})
