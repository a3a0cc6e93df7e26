import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { buildAll } from "../../../shared/serving/builder/run.ts"
import { commitManifest, readManifests } from "../../../shared/serving/manifest/manifest-store.ts"
import type { StoreCall } from "../../../shared/storage/memory/faults.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { event, idsOf, openServing, openWithTable, type Serving, SPEC } from "../support.ts"

const EVEN: TableSpec = { ...SPEC, where: "id % 2 = 0", rebuild: true }

const round = ({ registry, builder }: Serving) =>
  buildAll(registry, builder, {
    signal: new AbortController().signal,
    onFault: ({ error }) => {
      throw error
    },
  })

const sortedIds = async ({ source }: Serving) =>
  (await idsOf(await source.pin("events"))).map(Number).sort((a, b) => a - b)

test("a table that its rows do not allow is built anew, stands until then, and is swapped in one write", async () => {
  const ports = memoryPorts()
  const serving = await openWithTable(ports, { partitions: 2 })
  const { log, registry, source } = serving
  for (const partition of [0, 1]) await append(log, [event(1), event(2)], { partition })
  await registry.alter({ ...SPEC, rowGroupRows: 8_192 }, "http")
  const old = (await registry.find("events"))!.table
  await registry.alter(EVEN, "http")
  expect(await sortedIds(serving)).toEqual([1, 1, 2, 2])
  // It is nobody's to see before it stands.
  expect((await registry.list()).map(({ spec }) => spec.name)).toEqual(["events"])
  expect(await registry.find("~events")).toBeUndefined()
  expect(await source.pin("~events")).toBeUndefined()
  expect((await registry.listBuilt()).map(({ spec }) => spec.name)).toEqual(["events", "~events"])
  await append(log, [event(4)], { partition: 1 })
  await round(serving)
  const { table } = (await registry.find("events"))!
  expect(table.id).not.toBe(old.id)
  expect(table.spec).toEqual({ ...SPEC, where: "id % 2 = 0" })
  expect(table.rebuild).toBeUndefined()
  expect(await sortedIds(serving)).toEqual([2, 2, 4])
  expect(await registry.listBuilt()).toHaveLength(1)
  expect((await readManifests(ports, old.id)).manifests.every(({ closed }) => closed)).toBe(true)
  expect((await ports.meta.get("meta", { pk: "dropped-tables", sk: old.id })).item).toBeDefined()
  // The same definition again changes nothing.
  await registry.alter(EVEN, "http")
  expect(await registry.listBuilt()).toHaveLength(1)
})

test("a change that rows allow needs no building anew, whatever the leave", async () => {
  const { registry } = await openWithTable(memoryPorts())
  const before = (await registry.find("events"))!.table
  await registry.alter({ ...SPEC, badRecords: "null", rebuild: true }, "http")
  const after = (await registry.find("events"))!.table
  expect(after.id).toBe(before.id)
  expect(after.spec).toEqual({ ...SPEC, badRecords: "null" })
  expect(await registry.listBuilt()).toHaveLength(1)
})

test("asking again goes on with what is under way; another wish begins anew; going back ends it", async () => {
  const { registry } = await openWithTable(memoryPorts())
  await registry.alter(EVEN, "http")
  const first = (await registry.findBuilt("~events"))!.table
  await registry.alter(EVEN, "http")
  expect((await registry.findBuilt("~events"))!.table.id).toBe(first.id)
  await registry.alter({ ...EVEN, where: "id > 1" }, "http")
  expect((await registry.findBuilt("~events"))!.table.id).not.toBe(first.id)
  await registry.alter(SPEC, "http")
  expect(await registry.findBuilt("~events")).toBeUndefined()
  expect((await registry.find("events"))!.table.spec).toEqual(SPEC)
})

test.each<[string, (serving: Serving) => Promise<unknown>]>([
  ["altered", ({ registry }) => registry.alter({ ...SPEC, badRecords: "null" }, "http")],
  ["detached", ({ registry }) => registry.detach("events", "http")],
  ["dropped", ({ registry }) => registry.drop("events", "http")],
])("a table that is %s meanwhile is not replaced", async (_, change) => {
  const serving = await openWithTable(memoryPorts())
  await append(serving.log, [event(1), event(2)])
  await serving.registry.alter(EVEN, "http")
  await change(serving)
  const after = await serving.registry.find("events")
  await round(serving)
  await round(serving)
  expect((await serving.registry.find("events"))?.table).toEqual(after?.table)
  expect((await serving.registry.listBuilt()).map(({ spec }) => spec.name)).not.toContain("~events")
})

test("another topic, and one that was made anew", async () => {
  const serving = await openWithTable(memoryPorts())
  const { log, registry } = serving
  await log.createTopic({ name: "other", partitions: 3, owner: "http" })
  await append(log, [event(1)])
  await append(log, [event(7)], { topic: "other", partition: 2 })
  await registry.alter({ ...SPEC, topic: "other", rebuild: true }, "http")
  await round(serving)
  expect((await registry.find("events"))?.table.partitions).toBe(3)
  expect(await sortedIds(serving)).toEqual([7])
  await log.deleteTopic("other", "http")
  await log.createTopic({ name: "other", partitions: 1, owner: "http" })
  await append(log, [event(8)], { topic: "other" })
  await registry.alter({ ...SPEC, topic: "other", rebuild: true }, "http")
  await round(serving)
  expect(await sortedIds(serving)).toEqual([8])
})

test("erasures hold for what is built anew, those that come meanwhile too", async () => {
  const ports = memoryPorts()
  const serving = await openWithTable(ports)
  await append(serving.log, [event(1), event(2), event(4)])
  const { table } = (await serving.registry.find("events"))!
  const purge = async (id: string, where: string) => {
    const [manifest] = (await readManifests(ports, table.id)).manifests
    const purges = [...manifest!.purges, { id, where, end: 3, done: 3 }]
    await commitManifest(ports, manifest!, { ...manifest!, purges, version: id }, Number.MAX_SAFE_INTEGER)
  }
  await purge("a", "id = 2")
  await serving.registry.alter(EVEN, "http")
  await purge("b", "id = 4")
  await round(serving)
  expect((await serving.registry.find("events"))!.table.id).toBe(table.id)
  await round(serving)
  const after = (await serving.registry.find("events"))!.table
  expect(after.id).not.toBe(table.id)
  const [manifest] = (await readManifests(ports, after.id)).manifests
  expect(manifest?.purges).toEqual([
    { id: "a", where: "id = 2", end: 3, done: 0 },
    { id: "b", where: "id = 4", end: 3, done: 0 },
  ])
  await expect(
    serving.registry.alter(
      { ...SPEC, columns: [{ name: "at", type: "timestamp" }], rebuild: true, where: "true" },
      "http",
    ),
  ).rejects.toMatchObject({
    code: "alteration_refused",
    message: expect.stringMatching(/the erasure of id = 2/),
  })
})

test("a table that its app no longer names anybody may drop, with the topic behind it", async () => {
  const serving = await openWithTable(memoryPorts())
  const { log, registry } = serving
  await log.createTopic({ name: "__table.own", partitions: 1, owner: "app:air" })
  await registry.create({ ...SPEC, name: "own", topic: "__table.own" }, "app:air")
  await expect(registry.drop("own", "http")).rejects.toMatchObject({ code: "managed_by_app" })
  await registry.detach("own", "app:air")
  await registry.drop("own", "http")
  expect(await registry.find("own")).toBeUndefined()
  // The app still names the topic.
  expect((await log.topic("__table.own", true)).attached).not.toBe(false)
  await registry.create({ ...SPEC, name: "own", topic: "__table.own" }, "app:air")
  await registry.detach("own", "app:air")
  await log.alterTopic("__table.own", "app:air", { attached: false })
  await registry.drop("own", "http")
  await expect(log.topic("__table.own", true)).rejects.toMatchObject({ code: "unknown_topic" })
})

test("a crash at any write of a rebuild leaves the one table or the other", async () => {
  for (let crashAt = 1; crashAt <= 14; crashAt++) {
    let writes = Number.NEGATIVE_INFINITY
    let down = false
    const before = async (call: StoreCall) => {
      if (call.write && ++writes >= crashAt) down = true
      return down ? ({ kind: "unavailable" } as const) : undefined
    }
    const ports = memoryPorts({ faults: { before } })
    const serving = await openWithTable(ports)
    await append(serving.log, [event(1), event(2)])
    writes = 0
    const hasty = { ...ports, clock: { ...ports.clock, sleep: async () => ports.advance(5_000) } }
    const crashing = openServing(hasty, { log: serving.log })
    await crashing.registry.alter(EVEN, "http").catch(() => {})
    if (!down) await round(crashing).catch(() => {})
    down = false
    writes = Number.NEGATIVE_INFINITY
    const after = openServing(ports)
    await after.registry.recover()
    expect([[1, 2], [2]]).toContainEqual(await sortedIds(after))
    await after.registry.alter(EVEN, "http")
    await round(after)
    expect(await sortedIds(after)).toEqual([2])
    expect(await after.registry.listBuilt()).toHaveLength(1)
  }
})
