import { expect, test } from "vitest"
import { readManifest } from "../../../shared/serving/manifest/manifest-store.ts"
import { tableStatus } from "../../../shared/serving/tables/table-status.ts"
import type { StoreCall } from "../../../shared/storage/memory/faults.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { allRows, event, idsOf, openServing, openWithTable } from "../support.ts"

const manifestOf = async (ports: ReturnType<typeof memoryPorts>, name = "events") => {
  const item = [...ports.stores.items("meta")].find(({ pk, sk }) => pk === "tables" && sk === name)!
  return (await readManifest(ports, String(item.fields.id), 0)).manifest!
}

test("indexes cost one more object, in the same write", async () => {
  const ports = memoryPorts()
  const { log, builder, source } = await openWithTable(ports, { spec: { indexes: { id: ["bloom"] } } })
  await append(log, [event(1), event(2)])
  ports.counts.reset()
  await builder.step("events", 0, true)
  expect(ports.counts.calls).toMatchObject({ objectPut: 2, metaPut: 1 })
  const { segments } = await manifestOf(ports)
  expect(segments).toMatchObject([
    {
      zones: { id: [1, 2, 0] },
      sidecar: {
        blobs: [
          ["id", "bloom", 0, 36],
          ["", "footer", 36, expect.any(Number)],
        ],
      },
    },
  ])
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2])
})

test("a small tail waits; a due one becomes a segment in one object put and one conditional write", async () => {
  const ports = memoryPorts()
  const { log, builder, source } = await openWithTable(ports)
  await append(log, [event(1), event(2)])
  expect(await builder.step("events", 0)).toEqual({ kind: "waiting", records: 2 })
  ports.counts.reset()
  expect(await builder.step("events", 0, true)).toEqual({
    kind: "flushed",
    rows: 2,
    position: 2,
    more: false,
  })
  expect(ports.counts.calls).toMatchObject({
    objectPut: 1,
    objectGet: 0,
    metaPut: 1,
    metaGet: 3,
    metaTransact: 0,
  })
  expect(await manifestOf(ports)).toMatchObject({
    position: 2,
    timeMax: 1_002,
    totals: { records: 2, rows: 2 },
    segments: [{ base: 0, next: 2, rows: 2, schemaVersion: 1, timeMin: 1_001, timeMax: 1_002 }],
  })
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2])
})

test("without new records nothing is written, not even by force", async () => {
  const ports = memoryPorts()
  const { log, builder } = await openWithTable(ports)
  expect(await builder.step("events", 0, true)).toEqual({ kind: "waiting", records: 0 })
  await append(log, [event(1)])
  await builder.step("events", 0, true)
  ports.advance(24 * 3_600_000)
  ports.counts.reset()
  expect(await builder.step("events", 0, true)).toEqual({ kind: "waiting", records: 0 })
  expect(ports.counts.calls).toMatchObject({ objectPut: 0, metaPut: 0 })
})

test("after six hours even one record becomes a segment", async () => {
  const ports = memoryPorts()
  const { log, builder } = await openWithTable(ports)
  await append(log, [event(1)])
  ports.advance(6 * 3_600_000)
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 1 })
})

test("the position moves past what is filtered or bad, without a segment", async () => {
  const ports = memoryPorts()
  const { log, builder, source } = await openWithTable(ports, { spec: { where: "id > 10" } })
  await append(log, [event(1), "[", event(2)])
  ports.counts.reset()
  expect(await builder.step("events", 0, true)).toEqual({
    kind: "flushed",
    rows: 0,
    position: 3,
    more: false,
  })
  expect(ports.counts.calls).toMatchObject({ objectPut: 0, metaPut: 1 })
  expect(await manifestOf(ports)).toMatchObject({
    position: 3,
    segments: [],
    totals: { records: 3, rows: 0, filtered: 2, skipped: 1 },
    faults: [["value is not JSON", 1]],
  })
  await append(log, [event(11)])
  expect(await idsOf(await source.pin("events"))).toEqual([11])
})

test("queries that paid a flush's price get one", async () => {
  const ports = memoryPorts()
  const { log, builder, source } = await openWithTable(ports, { fetchCost: 0.000_03 })
  await append(log, [event(1)])
  await source.pin("events")
  expect(await builder.step("events", 0)).toMatchObject({ kind: "waiting" })
  await append(log, [event(2)])
  await source.pin("events")
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 2 })
})

test("two builders at once: one commits, the other starts over, no row twice", async () => {
  const ports = memoryPorts()
  const first = await openWithTable(ports)
  const second = openServing(ports)
  await append(first.log, [event(1), event(2)])
  const results = await Promise.all([
    first.builder.step("events", 0, true),
    second.builder.step("events", 0, true),
  ])
  expect(results.map(({ kind }) => kind).sort()).toEqual(["flushed", "lost"])
  await append(first.log, [event(3)])
  for (const { builder } of [first, second]) await builder.step("events", 0, true)
  expect(await idsOf(await second.source.pin("events"))).toEqual([1, 2, 3])
})

test.each([
  ["timeout-before", "objects"],
  ["timeout-after", "objects"],
  ["hidden-retry", "objects"],
  ["timeout-before", "meta"],
  ["timeout-after", "meta"],
  ["hidden-retry", "meta"],
  ["conflict", "meta"],
] as const)("a %s of the %s write loses nothing and doubles nothing", async (kind, store) => {
  let armed = false
  const before = async (call: StoreCall) => {
    const hit = armed && call.store === store && call.operation === "put" && !call.key.startsWith("wal/")
    if (!hit) return undefined
    armed = false
    return { kind }
  }
  const ports = memoryPorts({ faults: { before } })
  const { log, builder, source } = await openWithTable(ports)
  await append(log, [event(1), event(2)])
  armed = true
  const { kind: outcome } = await builder.step("events", 0, true)
  expect(armed).toBe(false)
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2])
  if (outcome === "lost") await builder.step("events", 0, true)
  await append(log, [event(3)])
  await builder.step("events", 0, true)
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2, 3])
})

test("a builder frozen past its deadline commits nothing", async () => {
  let freeze = () => {}
  const before = async (call: StoreCall) => {
    if (call.operation === "put" && call.key.startsWith("manifest#")) freeze()
    return undefined
  }
  const ports = memoryPorts({ faults: { before } })
  const { log, builder, source } = await openWithTable(ports)
  await append(log, [event(1)])
  freeze = () => ports.advance(6 * 60_000)
  expect(await builder.step("events", 0, true)).toEqual({ kind: "lost" })
  freeze = () => {}
  expect((await manifestOf(ports)).position).toBe(0)
  expect(await builder.step("events", 0, true)).toMatchObject({ kind: "flushed", rows: 1 })
  expect(await idsOf(await source.pin("events"))).toEqual([1])
})

test("a deleted topic is drained, then the builder stops and the table still answers", async () => {
  const ports = memoryPorts()
  const { log, builder, source } = await openWithTable(ports)
  await append(log, [event(1), event(2)])
  await builder.step("events", 0, true)
  await append(log, [event(3)])
  await log.deleteTopic("events", "http")
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2, 3])
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 1, position: 3 })
  expect(await builder.step("events", 0)).toEqual({ kind: "stopped", reason: "drained" })
  expect((await manifestOf(ports)).drained).toBe(true)
  expect(await idsOf(await openServing(ports).source.pin("events"))).toEqual([1, 2, 3])
})

test("a topic deleted with nothing unread is drained by a manifest write alone", async () => {
  const ports = memoryPorts()
  const { log, builder } = await openWithTable(ports)
  await append(log, [event(1)])
  await builder.step("events", 0, true)
  await log.deleteTopic("events", "http")
  ports.counts.reset()
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 0, position: 1 })
  expect(ports.counts.calls.objectPut).toBe(0)
  expect(await builder.step("events", 0)).toEqual({ kind: "stopped", reason: "drained" })
})

test("a long tail becomes several segments, and many segments move into lists", async () => {
  const ports = memoryPorts()
  const { log, builder, source } = await openWithTable(ports)
  for (let id = 0; id < 80; id++) {
    await append(log, [event(id)])
    await builder.step("events", 0, true)
  }
  const manifest = await manifestOf(ports)
  expect(manifest.lists).toHaveLength(1)
  expect(manifest.lists[0]!.segments + manifest.segments.length).toBe(80)
  const rows = await allRows(await source.pin("events"))
  expect(rows.map(row => row.id)).toEqual(Array.from({ length: 80 }, (_, id) => id))
})

test("segments are sorted as the table says, the tail is not", async () => {
  const ports = memoryPorts()
  const { log, builder, source } = await openWithTable(ports, { spec: { sort: ["id"] } })
  await append(log, [event(3), event(1), event(2)])
  expect(await idsOf(await source.pin("events"))).toEqual([3, 1, 2])
  await builder.step("events", 0, true)
  const rows = await allRows(await source.pin("events"))
  expect(rows.map(row => [row.id, row.$offset])).toEqual([
    [1, 1n],
    [2, 2n],
    [3, 0n],
  ])
})

test("a table's status adds up its partitions, and says why records were bad", async () => {
  const ports = memoryPorts()
  const { log, builder, registry } = await openWithTable(ports, { partitions: 2 })
  await append(log, [event(1), "[", '{"id":"x"}'], { partition: 0 })
  await append(log, ["[", event(2)], { partition: 1 })
  for (const partition of [0, 1]) await builder.step("events", partition, true)
  expect(await tableStatus(ports, (await registry.find("events"))!.table)).toEqual({
    totals: { records: 5, rows: 2, filtered: 0, skipped: 3, nulled: 0 },
    missed: 0,
    faults: [
      ["value is not JSON", 2],
      ["id: text is not a number", 1],
    ],
    partitions: [
      { partition: 0, position: 3, segments: 1, drained: false, gaps: [] },
      { partition: 1, position: 2, segments: 1, drained: false, gaps: [] },
    ],
  })
})
