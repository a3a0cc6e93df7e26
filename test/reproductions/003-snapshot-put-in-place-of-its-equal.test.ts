import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { append, openWithTopic } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

// A writer whose snapshot had lost against a higher one took over that one's version, but not its offset. The next time
// it put its own in its place, whatever its offset: an equal one here, a lower one after a read that broke off.
test("only a higher offset replaces a snapshot, also one that was met and not made", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports, 1, { snapshotSlots: 1 })
  const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }), { snapshotSlots: 3 })
  const standing = () => [...ports.stores.items("meta")].find(item => item.sk === "snapshot")
  const repeat = { producer: { id: "p", epoch: 0, sequence: 1 } }

  await append(log, ["a"])
  await append(other, ["b"], { producer: { id: "p", epoch: 0, sequence: 0 } })
  await append(other, ["c"], repeat)
  expect(await append(other, ["c"], repeat)).toMatchObject({ baseOffset: 2 })
  const higher = standing()!
  expect(higher.fields.end).toBe(3)

  // The first call meets the higher snapshot with its own at 1 and then catches up; the second is due at 3.
  expect(await append(log, ["c"], repeat)).toMatchObject({ baseOffset: 2 })
  expect(await append(log, ["c"], repeat)).toMatchObject({ baseOffset: 2 })
  expect(standing()!.version).toBe(higher.version)

  expect(await append(log, ["d"])).toMatchObject({ baseOffset: 3 })
  await append(log, ["e"])
  expect(standing()!.fields.end).toBe(4)
})
