import { describe, expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { append, failure, openWithTopic, readAll } from "./support.ts"

describe("topics", () => {
  test("are created, described, listed", async () => {
    const log = openLog(memoryPorts())
    const config = { "retention.ms": "1000" }
    const made = await log.createTopic({ name: "b", partitions: 3, config, owner: "http" })
    await log.createTopic({ name: "a", partitions: 1, owner: "app:x" })
    expect(made).toMatchObject({ name: "b", partitions: 3, config, owner: "http" })
    expect(await log.topic("b")).toEqual(made)
    expect(await log.topicById(made.id)).toEqual(made)
    expect(await log.topicById(made.id, true)).toEqual(made)
    expect((await log.listTopics()).map(topic => topic.name)).toEqual(["a", "b"])
    expect(await failure(log.createTopic({ name: "a", partitions: 1, owner: "http" }))).toMatchObject({
      code: "topic_exists",
    })
  })

  test("every fault of a topic is named with its path", async () => {
    const log = openLog(memoryPorts())
    const spec = {
      name: "a b",
      partitions: 0,
      config: { "retention.ms": "soon", colour: "red" },
      owner: "http" as const,
    }
    const refused = await failure(log.createTopic(spec))
    expect(refused.code).toBe("invalid_topic")
    for (const path of ["name:", "partitions:", 'config["retention.ms"]:', 'config["colour"]:']) {
      expect(refused.message).toContain(path)
    }
    await log.createTopic({ name: "fine", partitions: 1, owner: "http" })
  })

  test("deletion closes every partition and frees the name; the old id is never reused", async () => {
    const { log, id } = await openWithTopic(memoryPorts(), 2)
    await append(log, ["old"])
    await log.deleteTopic("events", "http")
    expect(await failure(log.topic("events"))).toMatchObject({ code: "unknown_topic" })
    expect(await failure(log.topicById(id))).toMatchObject({ code: "topic_deleted" })
    expect(await failure(append(log, ["x"]))).toMatchObject({ code: "unknown_topic" })
    const again = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
    expect(again.id).not.toBe(id)
    expect(await append(log, ["new"])).toMatchObject({ baseOffset: 0 })
    expect(await readAll(log, again.id)).toEqual([[0, "new"]])
  })

  test("a process that still believes in a deleted topic finds its successor", async () => {
    const ports = memoryPorts()
    const { log } = await openWithTopic(ports)
    const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
    await append(other, ["old"])
    await log.deleteTopic("events", "http")
    expect(await failure(append(other, ["x"]))).toMatchObject({ code: "unknown_topic" })
    const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
    expect(await append(other, ["new"])).toMatchObject({ baseOffset: 0 })
    expect(await readAll(other, id)).toEqual([[0, "new"]])
  })

  test("a deletion that was cut short is carried through by the next process", async () => {
    const ports = memoryPorts()
    const { log, id } = await openWithTopic(ports, 2)
    await append(log, ["x"])
    const item = (await ports.meta.get("meta", { pk: "topics", sk: "events" })).item!
    await ports.meta.put("meta", { ...item, version: "marked", fields: { ...item.fields, deleting: true } })
    const next = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
    expect(await failure(next.createTopic({ name: "events", partitions: 1, owner: "http" }))).toMatchObject({
      code: "topic_being_deleted",
    })
    await next.recover()
    expect(await failure(next.topicById(id))).toMatchObject({ code: "topic_deleted" })
    await next.createTopic({ name: "events", partitions: 1, owner: "http" })
  })

  test("what an app owns is not deleted over HTTP", async () => {
    const log = openLog(memoryPorts())
    await log.createTopic({ name: "a", partitions: 1, owner: "app:x" })
    expect(await failure(log.deleteTopic("a", "http"))).toMatchObject({ code: "managed_by_app" })
    expect((await log.topic("a")).name).toBe("a")
  })
})

test("configuration, schema and validation can change; owner, name and id cannot", async () => {
  const { log, id } = await openWithTopic(memoryPorts())
  const config = { "retention.ms": "5" }
  const altered = await log.alterTopic("events", "http", { config, schema: "{}", validate: "door" })
  expect(altered).toMatchObject({ id, config, schema: "{}", validate: "door" })
  expect(await log.topic("events")).toEqual(altered)
  expect(await failure(log.alterTopic("events", "app:x", {}))).toMatchObject({ code: "managed_by_app" })
  expect(await failure(log.alterTopic("events", "http", { config: { x: "1" } }))).toMatchObject({
    code: "invalid_topic",
    message: expect.stringContaining('config["x"]'),
  })
  expect(await append(log, ["x"])).toMatchObject({ baseOffset: 0 })
})

test("what a closed topic holds can be read by its id, also by a process that starts later", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  await append(log, ["a", "b"])
  await log.deleteTopic("events", "http")
  const later = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  expect((await later.fetch(id, 0, { offset: 0, maxBytes: 1_000 })).nextOffset).toBe(2)
  expect(await later.offsets(id, 0)).toMatchObject({ endOffset: 2 })
  // At its end there will never be more, and waiting for it says so.
  expect(await failure(later.fetch(id, 0, { offset: 2, maxBytes: 1_000 }))).toMatchObject({
    code: "topic_deleted",
  })
  expect(await failure(later.fetch("never", 0, { offset: 0, maxBytes: 1 }))).toMatchObject({
    code: "topic_deleted",
  })
})

test("what its app no longer names can be deleted by anybody, and altered by nobody else", async () => {
  const log = openLog(memoryPorts())
  const { id } = await log.createTopic({ name: "a", partitions: 1, owner: "app:x" })
  expect(await log.alterTopic("a", "app:x", { attached: false })).toMatchObject({ id, attached: false })
  expect(await failure(log.alterTopic("a", "http", { schema: "{}" }))).toMatchObject({
    code: "managed_by_app",
  })
  expect((await log.alterTopic("a", "app:x", { attached: true })).attached).not.toBe(false)
  expect(await failure(log.deleteTopic("a", "http"))).toMatchObject({ code: "managed_by_app" })
  await log.alterTopic("a", "app:x", { attached: false })
  await log.deleteTopic("a", "http")
  expect(await failure(log.topic("a"))).toMatchObject({ code: "unknown_topic" })
})

test("a payload that cannot be stored is refused for good: nothing names it", async () => {
  const down = {
    before: async (call: { store: string }) =>
      call.store === "objects" ? ({ kind: "timeout-before" } as const) : undefined,
  }
  const ports = memoryPorts()
  const { id } = await openLog(ports).createTopic({ name: "events", partitions: 1, owner: "http" })
  const log = openLog(memoryPorts({ stores: ports.stores, faults: down, seed: 1 }))
  expect(await failure(append(log, ["x".repeat(20_000)]))).toMatchObject({
    code: "overloaded",
    message: expect.stringContaining("nothing was appended"),
  })
  expect(await append(log, ["small"])).toMatchObject({ baseOffset: 0 })
  expect(await readAll(log, id)).toEqual([[0, "small"]])
})
