import { expect, test } from "vitest"
import { append } from "../log/support.ts"
import { idsOf, openServing, SPEC } from "../serving/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

/**
 * Another process deleted a topic and made it anew. This one remembered the former topic for up to a minute, and made
 * a table of that: closed, and empty for ever.
 */
test("a table is made of the topic that has the name now", async () => {
  const ports = memoryPorts()
  const { log, registry, source } = openServing(ports)
  const other = openServing(memoryPorts({ stores: ports.stores, seed: 7 }))
  await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  await append(log, [JSON.stringify({ id: 1, at: 1 })])
  await other.log.deleteTopic("events", "http")
  const { id } = await other.log.createTopic({ name: "events", partitions: 1, owner: "http" })
  await append(other.log, [JSON.stringify({ id: 2, at: 2 })])
  expect(await registry.create(SPEC, "http")).toMatchObject({ topicId: id })
  expect(await idsOf(await source.pin("events"))).toEqual([2])
})
