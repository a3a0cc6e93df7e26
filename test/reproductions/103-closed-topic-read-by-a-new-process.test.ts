import { expect, test } from "vitest"
import { append } from "../log/support.ts"
import { idsOf, openServing, openWithTable } from "../serving/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

/**
 * A topic was deleted while its table still had records to read. A process that was started afterwards could not read
 * them: every query and every step of the builder ended with `topic_deleted`, for ever.
 */
test("a table is queried and drained by a process that never met its topic alive", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTable(ports)
  await append(log, [JSON.stringify({ id: 1, at: 1 }), JSON.stringify({ id: 2, at: 2 })])
  await log.deleteTopic("events", "http")
  await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  const later = openServing(memoryPorts({ stores: ports.stores, seed: 7 }))
  expect(await idsOf(await later.source.pin("events"))).toEqual([1, 2])
  expect(await later.builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 2 })
  expect(await later.builder.step("events", 0)).toEqual({ kind: "stopped", reason: "drained" })
  expect(await idsOf(await later.source.pin("events"))).toEqual([1, 2])
})
