import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { PINNED_TOPICS_MAX } from "../../shared/log/producer-pins.ts"
import type { StoreCall } from "../../shared/storage/memory/faults.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { append, failure, openWithTopic, readAll } from "./support.ts"

test("more partitions begin at offset 0, beside what is there; every process learns of them when they are named", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports, 2)
  const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  await append(other, ["before"], { partition: 1 })
  expect(await log.alterTopic("events", "http", { partitions: 5 })).toMatchObject({ id, partitions: 5 })
  expect((await log.topicById(id, true)).partitions).toBe(5)
  expect((await other.topic("events")).partitions).toBe(2)
  expect(await append(other, ["after"], { partition: 4 })).toMatchObject({ partition: 4, baseOffset: 0 })
  expect((await other.topic("events")).partitions).toBe(5)
  expect(await readAll(other, id, 4)).toEqual([[0, "after"]])
  expect(await readAll(log, id, 1)).toEqual([[0, "before"]])
  expect(await failure(append(other, ["x"], { partition: 5 }))).toMatchObject({
    code: "unknown_partition",
    message: "partition 5 of events does not exist: expected 0 to 4",
  })
  await log.deleteTopic("events", "http")
  expect(await failure(log.fetch(id, 4, { offset: 1, maxBytes: 100 }))).toMatchObject({
    code: "topic_deleted",
  })
})

test("fewer partitions, unknown entries and wrong values are refused with their paths; the next change works", async () => {
  const { log } = await openWithTopic(memoryPorts(), 3)
  const config = { "retention.ms": "1000", "compression.type": "lz4" }
  await log.alterTopic("events", "http", { config })
  const wrong = { partitions: 2, configChanges: { "retention.ms": "soon", colour: "red", shade: null } }
  const refused = await failure(log.alterTopic("events", "http", wrong))
  expect(refused.code).toBe("invalid_topic")
  for (const path of ["at least 3, got 2", '["retention.ms"]:', '["colour"]:', '["shade"]:']) {
    expect(refused.message).toContain(path)
  }
  expect(await failure(log.alterTopic("events", "app:x", { partitions: 4 }))).toMatchObject({
    code: "managed_by_app",
  })
  expect(await failure(log.alterTopic("nothing", "http", { partitions: 4 }))).toMatchObject({
    code: "unknown_topic",
  })
  const configChanges = { "retention.ms": null, "retention.bytes": "10" }
  expect((await log.alterTopic("events", "http", { partitions: 3, configChanges })).config).toEqual({
    "compression.type": "lz4",
    "retention.bytes": "10",
  })
})

test("growth and deletion: of the two, the later finds the other", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports, 1)
  const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  // Deleted between the growth's read and its write.
  let deleting: Promise<void> | undefined
  const before = async (call: StoreCall) => {
    if (call.write && deleting === undefined) {
      deleting = other.deleteTopic("events", "http")
      await deleting
    }
    return undefined
  }
  const growing = openLog(memoryPorts({ stores: ports.stores, seed: 2, faults: { before } }))
  const late = await failure(growing.alterTopic("events", "http", { partitions: 4 }))
  expect(late.code).toBe("unknown_topic")
  expect(await failure(log.topicById(id, true))).toMatchObject({ code: "topic_deleted" })

  const made = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  const marked = (await ports.meta.get("meta", { pk: "topics", sk: "events" })).item!
  await ports.meta.put("meta", { ...marked, version: "marked", fields: { ...marked.fields, deleting: true } })
  expect(await failure(log.alterTopic("events", "http", { partitions: 4 }))).toMatchObject({
    code: "topic_being_deleted",
  })
  await log.recover()
  expect(await failure(log.topicById(made.id, true))).toMatchObject({ code: "topic_deleted" })
  await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  expect((await log.alterTopic("events", "http", { partitions: 4 })).partitions).toBe(4)
})

test("two who grow a topic at once: it has the greater number, in both its items", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports, 1)
  const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  const outcomes = await Promise.allSettled([
    log.alterTopic("events", "http", { partitions: 8 }),
    other.alterTopic("events", "http", { partitions: 4 }),
  ])
  expect(outcomes[0]?.status).toBe("fulfilled")
  expect((await log.topic("events", true)).partitions).toBe(8)
  const byId = await ports.meta.get("meta", { pk: `topic#${id}`, sk: "topic" })
  expect(byId.item?.fields.partitions).toBe(8)
})

test("what a producer's requests choose among stays as it was until its epoch changes, in every process", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports, 2)
  const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  expect(await log.pinnedPartitions("events", { id: "p", epoch: 0 })).toBe(2)
  await log.alterTopic("events", "http", { partitions: 7 })
  expect(await log.pinnedPartitions("events", { id: "p", epoch: 0 })).toBe(2)
  expect(await other.pinnedPartitions("events", { id: "p", epoch: 0 })).toBe(2)
  expect(await log.pinnedPartitions("events", { id: "fresh", epoch: 0 })).toBe(7)
  expect(await log.pinnedPartitions("events", { id: "p", epoch: 1 })).toBe(7)
  const third = openLog(memoryPorts({ stores: ports.stores, seed: 2 }))
  expect(await failure(third.pinnedPartitions("events", { id: "p", epoch: 0 }))).toMatchObject({
    code: "fenced",
    message: "epoch 0 of producer p is over: epoch 1 has begun",
  })
  expect(await third.pinnedPartitions("events", { id: "p", epoch: 1 })).toBe(7)
})

test("a pin costs a write for each topic of an epoch, and nothing while it is remembered", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports, 2)
  await log.pinnedPartitions("events", { id: "p", epoch: 0 })
  let calls = 0
  const counting = async () => {
    calls++
    return undefined
  }
  const counted = openLog(memoryPorts({ stores: ports.stores, seed: 1, faults: { before: counting } }))
  await counted.pinnedPartitions("events", { id: "p", epoch: 0 })
  // The topic, the producer's id, its pins.
  expect(calls).toBe(3)
  await counted.pinnedPartitions("events", { id: "p", epoch: 0 })
  expect(calls).toBe(3)
})

test("a producer pins a bounded number of topics; another epoch begins anew", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports, 1)
  await log.pinnedPartitions("events", { id: "p", epoch: 0 })
  const key = { pk: "producer#p", sk: "producer" }
  const item = (await ports.meta.get("meta", key)).item!
  const pins = Object.fromEntries(Array.from({ length: PINNED_TOPICS_MAX }, (_, at) => [`t${at}`, 1]))
  await ports.meta.put("meta", {
    ...item,
    version: "full",
    fields: { ...item.fields, pins: JSON.stringify(pins) },
  })
  const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  expect(await failure(other.pinnedPartitions("events", { id: "p", epoch: 0 }))).toMatchObject({
    code: "invalid_producer",
    message: `producer p: expected at most ${PINNED_TOPICS_MAX} topics in an epoch where requests name no partition; name it, or take a new epoch`,
  })
  expect(await other.pinnedPartitions("events", { id: "p", epoch: 1 })).toBe(1)
})
