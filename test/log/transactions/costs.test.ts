import { expect, test } from "vitest"
import { noCalls as none } from "../../../shared/storage/counting.ts"
import { append } from "../support.ts"
import { memoryWorld, Producer, transactional, type World } from "./support.ts"

/** A world whose process has read what it needs of the partitions. */
async function warmWorld(partitions: number): Promise<World> {
  const world = await memoryWorld(partitions)
  for (let partition = 0; partition < partitions; partition++) await append(world.log, ["x"], { partition })
  return world
}

test("a small transaction is one write, and reads nothing", async () => {
  const { log, counts } = await warmWorld(3)
  const producer = await new Producer(log).init()
  counts.reset()
  await producer.commit([0, 1, 2].map(partition => producer.batch(["a"], partition)))
  expect(counts.calls).toEqual({ ...none, metaTransact: 1 })
  counts.reset()
  await producer.commit([producer.batch(["x".repeat(20_000)], 1)])
  expect(counts.calls).toEqual({ ...none, objectPut: 1, metaTransact: 1 })
})

test("a large one is its appends, a registration for each request that adds partitions, a decision, markers, completion", async () => {
  const [requests, partitions] = [6, 3]
  const { log, counts } = await warmWorld(partitions)
  const producer = await new Producer(log).init()
  counts.reset()
  for (let request = 0; request < requests; request++) await producer.append(["a"], request % partitions)
  // The first is told whose the producer is.
  expect(counts.calls).toEqual({ ...none, metaGet: 1, metaPut: requests + partitions })
  counts.reset()
  await producer.commit()
  expect(counts.calls).toEqual({ ...none, metaPut: 1 + partitions + 1 })
  counts.reset()
  await producer.append(["a"], 0)
  await producer.append(["a"], 0)
  expect(counts.calls).toEqual({ ...none, metaPut: 3 })
  await producer.abort()
  expect(counts.calls).toEqual({ ...none, metaPut: 3 + 1 + 1 + 1 })
})

test("one request adds all its partitions by one write", async () => {
  const { log, counts } = await warmWorld(8)
  const producer = await new Producer(log).init()
  const { producerId, epoch } = producer
  const parts = Array.from({ length: 8 }, (_, partition) => {
    return { partition, batch: transactional(["a"], { producerId, epoch, sequence: 0 }) }
  })
  counts.reset()
  await log.append({ topic: "events", parts })
  expect(counts.calls).toEqual({ ...none, metaGet: 1, metaPut: 1 + 8 })
})

test("a new producer costs a read and a write", async () => {
  const { log, counts } = await warmWorld(1)
  counts.reset()
  await new Producer(log).init()
  expect(counts.calls).toEqual({ ...none, metaGet: 2, metaTransact: 1 })
  counts.reset()
  await new Producer(log).init()
  expect(counts.calls).toEqual({ ...none, metaGet: 1, metaPut: 1 })
})

test("an abort of what was not begun is one write; a repeat is none", async () => {
  const { log, counts } = await warmWorld(1)
  const producer = await new Producer(log).init()
  const { producerId, epoch } = producer
  counts.reset()
  await producer.abort()
  expect(counts.calls).toEqual({ ...none, metaPut: 1 })
  await log.transactions.abort("orders", producerId, epoch)
  expect(counts.calls).toEqual({ ...none, metaPut: 1 })
})

test("who reads what is committed and near asks the store for no more than who reads without transactions", async () => {
  const { log, topicId, counts } = await warmWorld(1)
  const producer = await new Producer(log).init()
  for (let round = 0; round < 5; round++) {
    await producer.append([`${round}`])
    if (round % 2 === 0) await producer.abort()
    else await producer.commit()
  }
  counts.reset()
  await log.fetch(topicId, 0, { offset: 0, maxBytes: 1_000_000 })
  const { metaQuery } = counts.calls
  expect(metaQuery).toBe(1)
  expect(counts.calls).toEqual({ ...none, metaQuery })
})
