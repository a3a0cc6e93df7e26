import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { failure } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { ScriptedFaults, transacts } from "./scripted-faults.ts"

// Closing the partitions had taken more than half an hour, so that the store refused to free the name for being too
// late. That was taken for "somebody else has freed it": the deletion was answered, and the name stayed taken.
test("a deletion whose last step is refused for age is not answered as done", async () => {
  const faults = new ScriptedFaults()
  const ports = memoryPorts({ faults })
  const log = openLog(ports)
  const spec = { name: "events", partitions: 1, owner: "http" } as const
  await log.createTopic(spec)
  const freeing = faults.hold(transacts)
  const deletion = log.deleteTopic("events", "http")
  await freeing.met
  ports.advance(31 * 60_000)
  freeing.release()
  expect((await failure(deletion)).code).toBe("outcome_unknown")
  await log.deleteTopic("events", "http")
  expect((await log.createTopic(spec)).name).toBe("events")
})
