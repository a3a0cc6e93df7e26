import { expect, test } from "vitest"
import { LogError } from "../../shared/log/errors.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { append, openWithTopic, readAll } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { readOf, ScriptedFaults } from "./scripted-faults.ts"

// A process was suspended for a day, its clock with it, while a request waited there for the partition to be read.
// The producer had its answer from another process, and was forgotten a day later. Then the process went on: another
// request had it read the topic again, the view was fresh too, and the old request was stored a second time.
test("a request is as old as the store says, whatever the process's own clock believes", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  const faults = new ScriptedFaults()
  // Its own clock does not move when the store's does.
  const suspended = memoryPorts({ stores: ports.stores, faults, seed: 1 })
  const other = openLog(suspended)
  const producer = { id: "p", epoch: 0, sequence: 0 }

  const reading = faults.hold(readOf(`${id}#0/`))
  const first = append(other, ["once"], { producer })
  await reading.met
  expect(await append(log, ["once"], { producer })).toMatchObject({ baseOffset: 0 })
  ports.advance(25 * 3_600_000)
  await append(log, ["a day later"])
  suspended.advance(61_000)
  const second = append(other, ["another"])
  await new Promise(resolve => setImmediate(resolve))
  reading.release()

  const answer = await first
  expect("error" in answer && answer.error).toBeInstanceOf(LogError)
  expect("error" in answer && answer.error.code).toBe("outcome_unknown")
  expect(await second).toMatchObject({ baseOffset: 2 })
  expect((await readAll(log, id)).map(([, value]) => value)).toEqual(["once", "a day later", "another"])
})
