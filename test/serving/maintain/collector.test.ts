import { expect, test } from "vitest"
import { DELETE_AFTER_READ_MS, ORPHAN_AGE_MS } from "../../../shared/serving/maintain/collect-table.ts"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { MERGE_LIMITS } from "../../../shared/serving/maintain/plan-merge.ts"
import { TableCollector } from "../../../shared/serving/maintain/table-collector.ts"
import { purgeTable } from "../../../shared/serving/purge/purge-table.ts"
import { segmentKey } from "../../../shared/serving/segment/segment-key.ts"
import { idsOf } from "../support.ts"
import { type Maintained, openMaintained, settle } from "./support.ts"

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, at: 1_000 * (from + index) }))
const objectsOf = async ({ ports, tableId }: Maintained) =>
  (await ports.objects.list(`tab/${tableId}/`)).objects.map(({ key }) => key)
const collectorOf = ({ ports, registry, log }: Maintained) => new TableCollector(ports, registry, log)
const always = () => true

async function merged(): Promise<Maintained> {
  const table = await openMaintained()
  for (let at = 0; at < 3; at++) await table.flush(rows(at, at + 1))
  await table.kill([0])
  const merge = { ...MERGE_LIMITS, fanIn: 3 }
  await settle(new Maintainer(table.ports, table.registry, table.log, { merge }))
  return table
}

test("what no manifest names is deleted when it is a day old and no query can need it", async () => {
  const table = await merged()
  const { ports, source } = table
  const before = await objectsOf(table)
  expect(before.length).toBe(5)
  const collector = collectorOf(table)
  expect(await collector.round(always)).toBe(0)
  ports.advance(ORPHAN_AGE_MS + 1)
  const orphan = segmentKey(table.tableId, 0, { base: 9, next: 10, id: "young" })
  await ports.objects.put(orphan, new Uint8Array(3))
  // Rested since: it looks again after six hours, which have passed.
  expect(await collector.round(always)).toBe(0)
  expect(await objectsOf(table)).toHaveLength(6)
  ports.advance(DELETE_AFTER_READ_MS + 1)
  expect(await collector.round(always)).toBe(4)
  expect(await objectsOf(table)).toEqual([
    segmentKey(table.tableId, 0, (await table.manifest()).segments[0]!),
    orphan,
  ])
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2])
  expect(await collector.round(always)).toBe(0)
})

test("a list, a vector and what stands beside segments are named too", async () => {
  const table = await openMaintained()
  for (let at = 0; at < 60; at++) await table.flush(rows(at, at + 1))
  await table.kill([3])
  const manifest = await table.manifest()
  expect(manifest.lists.length).toBeGreaterThan(0)
  table.ports.advance(ORPHAN_AGE_MS + 1)
  const collector = collectorOf(table)
  await collector.round(always)
  table.ports.advance(DELETE_AFTER_READ_MS + 1)
  await collector.round(always)
  expect(await objectsOf(table)).toHaveLength(60 + manifest.lists.length + 1)
  expect((await idsOf(await table.source.pin("events"))).length).toBe(60)
})

test("of a dropped table nothing is left after a day", async () => {
  const table = await merged()
  await purgeTable(table.ports, table.registry, table.log, "events", "id = 1")
  await table.registry.drop("events", "http")
  const collector = collectorOf(table)
  await collector.round(always)
  expect((await objectsOf(table)).length).toBeGreaterThan(3)
  table.ports.advance(ORPHAN_AGE_MS + 60_000)
  for (let rounds = 0; rounds < 3; rounds++) await collector.round(always)
  expect(await objectsOf(table)).toEqual([])
  const left = [...table.ports.stores.items("meta")].map(({ pk }) => pk)
  expect(left.filter(pk => pk.includes(table.tableId) || pk === "dropped-tables")).toEqual([])
})

test("an erasure is kept as long as the log holds what it is to erase", async () => {
  const table = await openMaintained()
  await table.flush(rows(0, 4))
  await purgeTable(table.ports, table.registry, table.log, "events", "id = 1")
  const offsets = { beginningOffset: 3, endOffset: 4, lastStableOffset: 4 }
  const log = { offsets: async () => offsets }
  const kept = () => [...table.ports.stores.items("meta")].filter(({ pk }) => pk.startsWith("purges#")).length
  await new TableCollector(table.ports, table.registry, log).round(always)
  expect(kept()).toBe(1)
  offsets.beginningOffset = 4
  await new TableCollector(table.ports, table.registry, log).round(always)
  expect(kept()).toBe(0)
})
