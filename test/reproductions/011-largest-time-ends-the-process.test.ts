import { expect, test } from "vitest"
import { createBatchBuilder } from "../../shared/log/records/index.ts"
import { openWithTopic, readAll, records } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

// A record's time may be anything up to 2^53 - 1 ms, at every door. A slot's entry holds the highest time of its
// batch as a zigzag number, whose writer refused everything from 2^52 on: in the middle of a flush, where nobody
// expects an exception. The rejection that nobody took ended the process.
test("the largest time that a record may have is stored and read", async () => {
  const { log, id } = await openWithTopic(memoryPorts())
  const builder = createBatchBuilder()
  records("far").write(builder, 0, 1, Number.MAX_SAFE_INTEGER)
  const append = { topic: "events", parts: [{ partition: 0, batch: builder.finish().bytes }] }
  expect(await log.append(append)).toEqual([{ partition: 0, baseOffset: 0, count: 1 }])
  expect(await readAll(log, id)).toEqual([[0, "far"]])
  expect(await log.offsetForTimestamp(id, 0, Number.MAX_SAFE_INTEGER)).toBe(0)
})
