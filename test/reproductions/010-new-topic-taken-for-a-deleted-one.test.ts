import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { openWithTopic } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

// A process knew a topic by its name when it was deleted and made anew elsewhere. Asked for the new one by its id, it
// found the old one under the name that it remembered, and said that the topic had been deleted: whoever held the
// new id would have stopped for good.
test("a topic is found by its id though the name is remembered of the one before", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports)
  const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  const before = await other.topic("events")
  await log.deleteTopic("events", "http")
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  expect((await other.topicById(id)).id).toBe(id)
  expect((await other.topic("events")).id).toBe(id)
  expect(await other.topicById(before.id).catch(error => error.code)).toBe("topic_deleted")
})
