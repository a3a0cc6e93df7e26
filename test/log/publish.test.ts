import { expect, test } from "vitest"
import { RESERVED_PRODUCER_IDS } from "../../shared/log/limits.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { append, batch, failure, openWithTopic, readAll } from "./support.ts"

const task = RESERVED_PRODUCER_IDS + 7
/** Results of a task: one batch for each list, their sequences counted on from `from`. */
function results(lists: readonly string[][], from = 0): Uint8Array[] {
  let sequence = from
  return lists.map(values => {
    const bytes = batch(values, 1_000, task, sequence)
    sequence += values.length
    return bytes
  })
}
const eight = results([["a"], ["b"], ["c", "d"], ["e"], ["f"], ["g"], ["h"], ["i"]])
const values = (read: readonly (readonly [number, string])[]) => read.map(([, value]) => value).join("")

test("a task's results are appended once, in their order, however often they are published", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  await log.publish({ topicId: id, partition: 0, batches: eight, readAt: ports.clock.now() })
  await log.publish({ topicId: id, partition: 0, batches: eight, readAt: ports.clock.now() })
  const other = openLog(ports)
  await other.publish({ topicId: id, partition: 0, batches: eight.slice(6), readAt: ports.clock.now() })
  expect(values(await readAll(log, id))).toBe("abcdefghi")
  expect(await other.producerPosition(id, 0, task)).toEqual({ nextSequence: 9, retired: false })
  expect(await other.producerPosition(id, 0, task + 1)).toEqual({ nextSequence: 0, retired: false })
})

test("what is missing before a result is told, and nothing is appended", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  const late = log.publish({ topicId: id, partition: 0, batches: eight.slice(2), readAt: ports.clock.now() })
  expect((await failure(late)).code).toBe("gap")
  expect(await readAll(log, id)).toEqual([])
  await log.publish({ topicId: id, partition: 0, batches: eight, readAt: ports.clock.now() })
  expect(values(await readAll(log, id))).toBe("abcdefghi")
})

test("a client's producer id is refused", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  const foreign = log.publish({
    topicId: id,
    partition: 0,
    batches: [batch(["a"], 1, 5)],
    readAt: ports.clock.now(),
  })
  expect((await failure(foreign)).code).toBe("invalid_producer")
})

test("a retired producer appends nothing, not even from a process that does not know", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  const zombie = openLog(ports)
  await zombie.publish({ topicId: id, partition: 0, batches: eight.slice(0, 2), readAt: ports.clock.now() })
  await log.retireProducer(id, 0, task)
  await log.retireProducer(id, 0, task)
  const late = zombie.publish({
    topicId: id,
    partition: 0,
    batches: eight.slice(2),
    readAt: ports.clock.now(),
  })
  expect((await failure(late)).code).toBe("fenced")
  expect(await log.producerPosition(id, 0, task)).toEqual({ nextSequence: 0, retired: true })
  // The mark takes an offset; readers pass over it.
  await append(log, ["x"])
  expect(await readAll(log, id)).toEqual([
    [0, "a"],
    [1, "b"],
    [3, "x"],
  ])
})

test("a producer that never appended here needs no mark", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  await log.retireProducer(id, 0, task)
  expect((await log.offsets(id, 0)).endOffset).toBe(0)
})
