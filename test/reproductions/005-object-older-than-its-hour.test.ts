import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { append, openWithTopic, readAll } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { ScriptedFaults, uploads } from "./scripted-faults.ts"

// The key of a flush's object holds the hour of the view that the flush was planned by. A process whose clock had
// stood still for a day planned by an old view; while the upload was under way, a reader renewed the view. The slot was
// committed, and named an object that the collector must take for a day-old orphan.
test("a slot never names an object whose key's hour is long over", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  const faults = new ScriptedFaults()
  const suspended = memoryPorts({ stores: ports.stores, faults, seed: 1 })
  const other = openLog(suspended)
  await append(other, ["small"])
  ports.advance(25 * 3_600_000)
  suspended.advance(61_000) // the topic is read again; the view seems fresh

  const upload = faults.hold(uploads)
  const large = "x".repeat(20_000)
  const appended = append(other, [large])
  await upload.met
  await readAll(other, id)
  upload.release()
  expect(await appended).toMatchObject({ error: { code: "outcome_unknown" } })

  expect(await append(other, [large])).toMatchObject({ baseOffset: 1 })
  const hours = ports.stores.objectKeys().map(key => key.split("/")[2])
  const [named] = [...ports.stores.items("log")].filter(item => item.fields.o !== undefined)
  expect(hours).toHaveLength(2)
  expect(String(named!.fields.o)).toContain("/2026-01-02T01/")
  expect((await readAll(log, id)).map(([, value]) => value)).toEqual(["small", large])
})
