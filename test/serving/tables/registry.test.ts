import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { readManifests } from "../../../shared/serving/manifest/manifest-store.ts"
import { StorageError } from "../../../shared/storage/errors.ts"
import type { StoreCall } from "../../../shared/storage/memory/faults.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { allRows, event, idsOf, openServing, openWithTable, SPEC } from "../support.ts"

const code = async (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: { code?: string }) => error.code,
  )

test("a table has all its manifests before it can be queried", async () => {
  const ports = memoryPorts()
  const { registry } = await openWithTable(ports, { partitions: 40 })
  const { table } = (await registry.find("events"))!
  expect(table).toMatchObject({ partitions: 40, state: "open", owner: "http", attached: true })
  expect((await readManifests(ports, table.id)).manifests).toHaveLength(40)
  expect((await registry.list()).map(({ spec }) => spec)).toEqual([SPEC])
})

test("each wrong call gets its error, and the next right one works", async () => {
  const ports = memoryPorts()
  const { registry } = await openWithTable(ports)
  expect(await code(registry.create(SPEC, "http"))).toBe("table_exists")
  expect(await code(registry.create({ ...SPEC, name: "other", topic: "nothing" }, "http"))).toBe(
    "unknown_topic",
  )
  await expect(
    registry.create(
      { ...SPEC, name: "other", where: "foo(1)", columns: [{ name: "x", type: "int", sql: "1 +" }] },
      "http",
    ),
  ).rejects.toMatchObject({
    code: "invalid_table",
    message:
      "tables.other.columns.x.sql: unexpected end of the expression, at character 4\n" +
      "tables.other.where: there is no function 'foo', at character 1",
  })
  expect(await code(registry.alter({ ...SPEC, name: "nothing" }, "http"))).toBe("unknown_table")
  expect(await code(registry.alter(SPEC, "app:x"))).toBe("managed_by_app")
  expect(await code(registry.drop("events", "app:x"))).toBe("managed_by_app")
  expect(await code(registry.drop("nothing", "http"))).toBe("unknown_table")
  await registry.create({ ...SPEC, name: "other" }, "http")
  expect(await registry.list()).toHaveLength(2)
})

test.each([1, 2, 3, 4, 5])("a crash at write %i of a creation is mended by recovery", async crashAt => {
  let writes = Number.NEGATIVE_INFINITY
  let down = false
  const before = async (call: StoreCall) => {
    if (call.write && ++writes >= crashAt) down = true
    return down ? ({ kind: "unavailable" } as const) : undefined
  }
  const ports = memoryPorts({ faults: { before } })
  const serving = openServing(ports)
  await serving.log.createTopic({ name: "events", partitions: 3, owner: "http" })
  writes = 0
  const controller = { ...ports, clock: { ...ports.clock, sleep: async () => ports.advance(5_000) } }
  const crashing = openServing(controller, { log: serving.log })
  await expect(crashing.registry.create(SPEC, "http")).rejects.toThrow()
  down = false
  writes = Number.NEGATIVE_INFINITY
  const after = openServing(ports)
  expect(await after.source.pin("events")).toBeUndefined()
  await after.registry.recover()
  const made = await after.registry.find("events")
  if (made === undefined) await after.registry.create(SPEC, "http")
  await append(after.log, [event(1)], { partition: 2 })
  expect(await idsOf(await after.source.pin("events"))).toEqual([1])
})

test("a creation that meets a half made table finishes it", async () => {
  const ports = memoryPorts()
  const { registry } = await openWithTable(ports)
  const { table } = (await registry.find("events"))!
  const key = { pk: "tables", sk: "events" }
  const { item } = await ports.meta.get("meta", key)
  await ports.meta.put("meta", { ...item!, version: "half", fields: { ...item!.fields, state: "creating" } })
  expect(await registry.find("events")).toBeUndefined()
  expect(await code(registry.create(SPEC, "http"))).toBe("table_exists")
  expect((await registry.find("events"))?.table.id).toBe(table.id)
})

const WIDER: TableSpec = {
  ...SPEC,
  columns: [
    { name: "at", type: "timestamp" },
    { name: "id", type: "long" },
    { name: "extra", type: "string" },
  ],
}

test("columns are added, widened, reordered, hidden and shown again; what stands keeps its schema", async () => {
  const ports = memoryPorts()
  const { log, registry, source, builder } = await openWithTable(ports)
  await append(log, [event(1)])
  await builder.step("events", 0, true)
  await append(log, ['{"id":9007199254740993,"at":5,"extra":"x"}'])
  expect((await source.pin("events"))?.rows).toBe(1)
  await registry.alter(WIDER, "http")
  const pin = await source.pin("events")
  expect(pin?.columns).toEqual(WIDER.columns)
  expect(pin?.segments[0]?.columns).toEqual(SPEC.columns)
  expect(await allRows(pin)).toEqual([
    { id: 1, at: new Date(1_001), $offset: 0n },
    { at: new Date(5), id: 9007199254740993n, extra: "x", $offset: 1n },
  ])
  const hidden = { ...WIDER, columns: WIDER.columns.slice(0, 2) }
  await registry.alter(hidden, "http")
  await append(log, ['{"id":3,"at":5,"extra":"y"}'])
  expect((await source.pin("events"))?.columns).toEqual(hidden.columns)
  await registry.alter(WIDER, "http")
  expect((await allRows(await source.pin("events"))).map(row => row.extra)).toEqual([undefined, "x", "y"])
  const before = await registry.find("events")
  await registry.alter(WIDER, "http")
  expect((await registry.find("events"))?.table.version).toBe(before?.table.version)
})

test("what a table cannot become is refused with reason and remedy, and nothing changes", async () => {
  const ports = memoryPorts()
  const { registry } = await openWithTable(ports)
  await expect(registry.alter({ ...SPEC, where: "id > 1" }, "http")).rejects.toMatchObject({
    code: "alteration_refused",
    message: expect.stringMatching(/^tables\.events\.where: .*say rebuild: true/),
  })
  expect((await registry.find("events"))?.table.spec).toEqual(SPEC)
})

test("a detached table keeps what it had, and consumes on when it is attached again", async () => {
  const ports = memoryPorts()
  const { log, registry, source, builder } = await openWithTable(ports)
  await append(log, [event(1), event(2)])
  await registry.detach("events", "http")
  await append(log, [event(3)])
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2])
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 2, position: 2 })
  expect(await builder.step("events", 0)).toEqual({ kind: "stopped", reason: "detached" })
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2])
  await registry.alter(SPEC, "http")
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2, 3])
})

test("a dropped table is gone, its builder stops, and its name makes a new one from the log's start", async () => {
  const ports = memoryPorts()
  const { log, registry, source, builder } = await openWithTable(ports)
  await append(log, [event(1)])
  await builder.step("events", 0, true)
  const { table } = (await registry.find("events"))!
  await registry.drop("events", "http")
  expect(await source.pin("events")).toBeUndefined()
  expect(await builder.step("events", 0)).toEqual({ kind: "stopped", reason: "no_table" })
  expect((await readManifests(ports, table.id)).manifests.map(({ closed }) => closed)).toEqual([true])
  const again = await registry.create(SPEC, "http")
  expect(again.id).not.toBe(table.id)
  expect(await idsOf(await source.pin("events"))).toEqual([1])
})

test("a drop that crashed is finished by recovery", async () => {
  let down = false
  const before = async (call: StoreCall) => {
    if (call.write && call.key.startsWith("manifest#") && call.key.endsWith("00001")) down = true
    return down ? ({ kind: "unavailable" } as const) : undefined
  }
  const ports = memoryPorts({ faults: { before: async call => (armed ? before(call) : undefined) } })
  let armed = false
  const { registry, log } = await openWithTable(ports, { partitions: 3 })
  armed = true
  const hasty = { ...ports, clock: { ...ports.clock, sleep: async () => ports.advance(5_000) } }
  await expect(openServing(hasty, { log }).registry.drop("events", "http")).rejects.toThrow(StorageError)
  armed = false
  expect(await registry.find("events")).toBeUndefined()
  expect(await code(registry.create(SPEC, "http"))).toBe("table_being_dropped")
  await registry.recover()
  await registry.create(SPEC, "http")
  expect((await registry.find("events"))?.table.state).toBe("open")
})

test("a topic that was deleted and made anew is told, not followed", async () => {
  const ports = memoryPorts()
  const { log, registry } = await openWithTable(ports)
  await log.deleteTopic("events", "http")
  await registry.alter(WIDER, "http")
  await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  await expect(registry.alter(SPEC, "http")).rejects.toMatchObject({
    code: "alteration_refused",
    message: expect.stringMatching(/^tables\.events\.from: the topic events was deleted and made anew/),
  })
  await registry.drop("events", "http")
  expect((await registry.create(SPEC, "http")).topicId).toBe((await log.topic("events")).id)
})
