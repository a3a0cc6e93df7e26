import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { append, readAll } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { putOf, readOf, ScriptedFaults } from "./scripted-faults.ts"

// A process that started listed the topics and found one being deleted. Before it went on, the deletion ended and the
// name was given to a new topic. It went on by name, and deleted the new topic with all its records.
test("recovery goes on with the topic that it found, not with whoever has the name now", async () => {
  const faults = new ScriptedFaults()
  const ports = memoryPorts({ faults })
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  const closing = faults.hold(putOf(`${id}#0/s#`))
  const deletion = log.deleteTopic("events", "http")
  await closing.met

  const late = new ScriptedFaults()
  const other = openLog(memoryPorts({ stores: ports.stores, faults: late, seed: 1 }))
  const listing = late.hold(call => call.operation === "query")
  const next = late.hold(readOf(`${id}#0/`))
  const recovery = other.recover()
  await listing.met
  listing.release()
  await next.met

  closing.release()
  await deletion
  const created = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  await append(log, ["kept"])
  next.release()
  await recovery

  expect((await log.topic("events")).id).toBe(created.id)
  expect((await openLog(ports).topic("events")).id).toBe(created.id)
  await append(log, ["next"])
  expect((await readAll(log, created.id)).map(([, value]) => value)).toEqual(["kept", "next"])
})
