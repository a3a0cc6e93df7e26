import { afterAll, expect, test } from "vitest"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { segmentsOf } from "../../../shared/serving/manifest/manifest-store.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { appendTo, type Maintained, openMaintained, openSql, settle } from "./support.ts"

const sql = openSql()
afterAll(() => sql.close())

const HOUR = 3_600_000
const ids = async (table: Maintained) =>
  (await sql.rows(table, "SELECT id FROM events ORDER BY id")).map(([id]) => id)

test("rows older than what is kept are gone from answers, and segments of nothing else from the table", async () => {
  const ports = memoryPorts()
  const table = await openMaintained({ retentionMs: 10 * HOUR }, { ports })
  const start = ports.clock.now()
  const at = (hours: number) => start + hours * HOUR
  await table.flush([
    { id: 0, at: at(-12) },
    { id: 1, at: at(-11) },
  ])
  await table.flush([{ id: 2, at: at(-12) }, { id: 3 }, { id: 4, at: at(-11) }])
  await table.flush([
    { id: 5, at: at(-11) },
    { id: 6, at: at(-1) },
  ])
  await table.flush([{ id: 7, at: at(0) }])
  await appendTo(table, [
    { id: 8, at: at(-11) },
    { id: 9, at: at(0) },
  ])
  const maintainer = new Maintainer(table.ports, table.registry, table.log)
  // Of rows without a time nobody knows how old they are.
  expect(await settle(maintainer)).toEqual(["cut", "cut"])
  const { cutBefore } = await table.manifest()
  expect(cutBefore).toBeGreaterThanOrEqual(at(-10))
  expect(await ids(table)).toEqual([3, 6, 7, 9])
  const segments = () => table.manifest().then(manifest => segmentsOf(ports, manifest))
  expect((await segments()).map(({ rows }) => rows)).toEqual([1, 2, 1])
  expect(await settle(maintainer)).toEqual([])
  ports.advance(9 * HOUR)
  expect(await settle(maintainer)).toEqual(["cut"])
  expect(await ids(table)).toEqual([3, 7, 9])
  expect((await segments()).map(({ rows }) => rows)).toEqual([1, 1])
  // What was cut stays gone, whatever is kept from now on; what comes later is not cut with it.
  await table.registry.alter(
    { ...(await table.registry.find("events"))!.table.spec, retentionMs: 100 * HOUR },
    "http",
  )
  await appendTo(table, [{ id: 10, at: at(-5) }])
  expect(await ids(table)).toEqual([3, 7, 9])
  expect(await settle(maintainer)).toEqual(["cut", "purge"])
  expect((await table.manifest()).cutBefore).toBeLessThan(at(-80))
  expect(await ids(table)).toEqual([3, 7, 9])
  await appendTo(table, [{ id: 11, at: at(-5) }])
  expect(await ids(table)).toEqual([3, 7, 9, 11])
  await table.builder.step("events", 0, true)
  const { retentionMs: _, ...forever } = (await table.registry.find("events"))!.table.spec
  await table.registry.alter(forever, "http")
  expect(await settle(maintainer)).toEqual(["purge", "cut", "purge"])
  expect(await table.manifest()).not.toHaveProperty("cutBefore")
  expect((await table.manifest()).purges).toEqual([])
  expect(await ids(table)).toEqual([3, 7, 9, 11])
})

test("what is too old is in no row that is merged later", async () => {
  const ports = memoryPorts()
  const columns = [
    { name: "id", type: "int" as const },
    { name: "at", type: "timestamp" as const },
    { name: "n", type: "int" as const },
  ]
  const upsert = { mode: "partial" as const, strategies: { n: "increment" as const } }
  const table = await openMaintained(
    { columns, retentionMs: 10 * HOUR, primaryKey: ["id"], upsert },
    { ports },
  )
  const at = ports.clock.now()
  const rows = () => sql.rows(table, "SELECT id, n FROM events ORDER BY id")
  await table.flush([
    { id: 1, at, n: 1 },
    { id: 2, at: at + 9 * HOUR, n: 1 },
  ])
  await appendTo(table, [{ id: 1, at, n: 1 }])
  expect(await rows()).toEqual([
    [1, 2],
    [2, 1],
  ])
  ports.advance(11 * HOUR)
  await settle(new Maintainer(table.ports, table.registry, table.log))
  expect(await rows()).toEqual([[2, 1]])
  const later = [1, 2].map(id => ({ id, at: at + 11 * HOUR, n: 1 }))
  for (const isFlushed of [false, true]) {
    if (isFlushed) await table.flush(later)
    else await appendTo(table, later)
    expect(await rows()).toEqual(
      isFlushed
        ? [
            [1, 2],
            [2, 3],
          ]
        : [
            [1, 1],
            [2, 2],
          ],
    )
  }
})

test("the cut moves in steps: it is not written again and again", async () => {
  const table = await openMaintained({ retentionMs: 1_000 * HOUR })
  const maintainer = new Maintainer(table.ports, table.registry, table.log)
  expect(await settle(maintainer)).toEqual(["cut"])
  table.ports.advance(HOUR / 2)
  expect(await settle(maintainer)).toEqual([])
  table.ports.advance(10 * HOUR)
  expect(await settle(maintainer)).toEqual(["cut"])
})

test("a first time holds for segments that say nothing of times", async () => {
  const ports = memoryPorts()
  const table = await openMaintained({ time: undefined } as never, { ports })
  const now = ports.clock.now()
  await table.flush([{ id: 0, at: now - 20 * HOUR }, { id: 1, at: now }, { id: 2 }])
  const { spec } = (await table.registry.find("events"))!.table
  await table.registry.alter({ ...spec, time: "at", retentionMs: 10 * HOUR }, "http")
  expect(await ids(table)).toEqual([0, 1, 2])
  const maintainer = new Maintainer(table.ports, table.registry, table.log)
  expect(await settle(maintainer)).toEqual(["cut", "cut"])
  expect(await ids(table)).toEqual([1, 2])
  // They say it once they are written anew, and go like all others.
  const segments = async () => await segmentsOf(ports, await table.manifest())
  expect(await segments()).toMatchObject([{ rows: 2, timeMin: now, timeMax: now, untimed: true }])
  await table.flush([{ id: 3, at: now }])
  ports.advance(12 * HOUR)
  expect(await settle(maintainer)).toEqual(["cut", "cut"])
  expect((await segments()).map(({ rows }) => rows)).toEqual([1])
  expect(await ids(table)).toEqual([2])
})
