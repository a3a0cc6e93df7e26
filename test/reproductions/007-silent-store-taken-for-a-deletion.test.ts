import { expect, test } from "vitest"
import { StorageError } from "../../shared/storage/errors.ts"
import { READ_TRIES } from "../../shared/storage/settle.ts"
import { openWithTopic } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { getOf, ScriptedFaults } from "./scripted-faults.ts"

// Whoever asked for a topic by its id while the store did not answer was told that the topic had been deleted, for
// good: a table would have stopped.
test("a topic is said to be deleted only by a store that has answered", async () => {
  const faults = new ScriptedFaults()
  const ports = memoryPorts({ faults })
  const { log, id } = await openWithTopic(ports)
  await log.topic("events")
  ports.advance(61_000)
  for (let tries = 0; tries < READ_TRIES; tries++)
    faults.strike(getOf("topics/events"), { kind: "unavailable" })
  const error = await log.topicById(id).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(StorageError)
  expect((error as StorageError).code).toBe("unavailable")
  expect((await log.topicById(id)).id).toBe(id)
})
