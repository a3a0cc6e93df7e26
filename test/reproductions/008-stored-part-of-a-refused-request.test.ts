import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { openWithTopic, readAll, records } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { getOf, putOf, ScriptedFaults } from "./scripted-faults.ts"

// A request had parts for two partitions of a topic under deletion: one was closed, the other took its part. Looking
// again for the topic found none, and all of the request was answered with `unknown_topic`, the stored part too; had
// the name been taken again, that part would have been stored once more in the new topic.
test("parts that stand are answered as such, whatever became of the others", async () => {
  const ports = memoryPorts()
  const { log: deleter, id } = await openWithTopic(ports, 2)
  const faults = new ScriptedFaults()
  const log = openLog(memoryPorts({ stores: ports.stores, faults, seed: 1 }))
  await log.topic("events")
  const deleting = new ScriptedFaults()
  const slow = openLog(memoryPorts({ stores: ports.stores, faults: deleting, seed: 2 }))

  const closing = deleting.hold(putOf(`${id}#1/s#`))
  const deletion = slow.deleteTopic("events", "http")
  await closing.met
  const again = faults.hold(getOf("topics/events"))
  const parts = [0, 1].map(partition => ({ partition, records: records(`to ${partition}`) }))
  const appended = log.append({ topic: "events", parts })
  await again.met
  closing.release()
  await deletion
  const renewed = await deleter.createTopic({ name: "events", partitions: 2, owner: "http" })
  again.release()

  expect(await appended).toEqual([
    { partition: 0, baseOffset: 0, count: 1 },
    { partition: 1, baseOffset: 0, count: 1 },
  ])
  expect(await readAll(deleter, renewed.id, 0)).toEqual([[0, "to 0"]])
  expect(await readAll(deleter, renewed.id, 1)).toEqual([])
  expect(await readAll(log, id, 1).catch(error => error.code)).toBe("topic_deleted")
})
