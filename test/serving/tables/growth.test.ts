import { expect, test } from "vitest"
import { buildAll } from "../../../shared/serving/builder/run.ts"
import { readManifests } from "../../../shared/serving/manifest/manifest-store.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { event, idsOf, openServing, openWithTable } from "../support.ts"

test("a table reads the partitions that its topic has grown by from their first record on, tail and segments", async () => {
  const ports = memoryPorts()
  const { log, registry, source, builder, topicId } = await openWithTable(ports, { partitions: 2 })
  await append(log, [event(1)], { partition: 1 })
  await log.alterTopic("events", "http", { partitions: 4 })
  await append(log, [event(2)], { partition: 3 })
  await registry.followTopic({ id: topicId })
  const { table } = (await registry.find("events"))!
  expect(table.partitions).toBe(4)
  expect((await readManifests(ports, table.id)).manifests).toHaveLength(4)
  expect((await idsOf(await source.pin("events"))).sort()).toEqual([1, 2])
  expect(await builder.step("events", 3, true)).toMatchObject({ kind: "flushed", rows: 1 })
  expect((await idsOf(await source.pin("events"))).sort()).toEqual([1, 2])
  await registry.followTopic({ id: topicId })
  expect((await registry.find("events"))!.table.version).toBe(table.version)
})

test("a round of building follows a growth that nobody followed; a detached table follows once it is attached", async () => {
  const ports = memoryPorts()
  const { log, registry, builder, topicId } = await openWithTable(ports, { partitions: 1 })
  await log.alterTopic("events", "http", { partitions: 2 })
  const options = { signal: new AbortController().signal, onFault: () => {} }
  await buildAll(registry, builder, options)
  expect((await registry.find("events"))!.table.partitions).toBe(2)
  await registry.detach("events", "http")
  await log.alterTopic("events", "http", { partitions: 3 })
  await registry.followTopic({ id: topicId })
  const { table } = (await registry.find("events"))!
  expect(table.partitions).toBe(2)
  await registry.alter(table.spec, "http")
  await buildAll(registry, builder, options)
  expect((await registry.find("events"))!.table.partitions).toBe(3)
})

test("a crash between the manifests and the table's item is mended by whoever follows next", async () => {
  const ports = memoryPorts()
  const { log, registry, topicId } = await openWithTable(ports, { partitions: 1 })
  await log.alterTopic("events", "http", { partitions: 3 })
  let writes = 0
  const before = async ({ write }: { readonly write: boolean }) =>
    write && ++writes > 2 ? ({ kind: "unavailable" } as const) : undefined
  const dying = memoryPorts({ stores: ports.stores, seed: 1, faults: { before } })
  const clock = { ...dying.clock, sleep: async () => dying.advance(5_000) }
  const { registry: crashing } = openServing({ ...dying, clock })
  await expect(crashing.followTopic({ id: topicId })).rejects.toThrow()
  const { source, registry: next, log: later } = openServing(memoryPorts({ stores: ports.stores, seed: 2 }))
  expect(await idsOf(await source.pin("events"))).toEqual([])
  await next.followTopic({ id: topicId })
  await append(later, [event(7)], { partition: 2 })
  expect(await idsOf(await source.pin("events"))).toEqual([7])
  expect((await registry.find("events"))!.table.partitions).toBe(3)
})

test("a table with keys does not follow: each round names it, and others go on", async () => {
  const ports = memoryPorts()
  const spec = { primaryKey: ["id"], upsert: { mode: "full", compare: "at" } } as const
  const { log, registry, builder } = await openWithTable(ports, { partitions: 1, spec })
  await registry.create({ name: "zz", topic: "events", columns: [{ name: "id", type: "int" }] }, "http")
  await log.alterTopic("events", "http", { partitions: 2 })
  const faults: string[] = []
  const { signal } = new AbortController()
  await buildAll(registry, builder, { signal, onFault: ({ error }) => faults.push(error.message) })
  expect(faults).toEqual([
    "table events: its topic events has grown from 1 to 2 partitions, so that keys may be in two; drop the table, and make it over a topic that no longer grows",
  ])
  expect((await registry.find("events"))!.table.partitions).toBe(1)
  expect((await registry.find("zz"))!.table.partitions).toBe(2)
})
