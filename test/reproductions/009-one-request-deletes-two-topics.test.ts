import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { failure, openWithTopic } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { putOf, ScriptedFaults } from "./scripted-faults.ts"

// The mark of a deletion was applied, and its answer lost. Before it was tried again, another process carried the
// deletion through and a new topic took the name. The retry met another version, looked again, and marked the new one.
test("a deletion whose topic is gone leaves the one that has the name now alone", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports)
  const faults = new ScriptedFaults()
  const other = openLog(memoryPorts({ stores: ports.stores, faults, seed: 1 }))
  faults.strike(putOf("topics/events"), { kind: "timeout-after" })
  const retry = faults.hold(putOf("topics/events"))
  const deletion = failure(other.deleteTopic("events", "http"))
  await retry.met
  await log.recover()
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  retry.release()
  expect((await deletion).code).toBe("unknown_topic")
  expect((await openLog(ports).topic("events")).id).toBe(id)
})
