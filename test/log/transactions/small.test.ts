import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import type { CommitRequest } from "../../../shared/log/transactions/types.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { append, failure } from "../support.ts"
import { homes, memoryWorld, Producer, read, transactional, values } from "./support.ts"

test.each(homes)("batches of several partitions stand at once, or not at all (%s)", async (_, open) => {
  const { log, topicId, another } = await open()
  const producer = await new Producer(log).init()
  await append(log, ["x"])
  const batches = [producer.batch(["a"]), producer.batch(["b"], 1), producer.batch(["c", "d"])]
  const epoch = producer.epoch
  const result = await producer.commit(batches)
  expect(result).toEqual({
    outcome: "committed",
    next: { producerId: producer.producerId, epoch: epoch + 1 },
    offsets: [1, 0, 2],
  })
  for (const reader of [log, another()]) {
    // There is no marker.
    expect(await read(reader, topicId)).toEqual({
      values: ["x", "a", "c", "d"],
      offsets: [0, 1, 2, 3],
      next: 4,
    })
    expect(await values(reader, topicId, 1)).toBe("b")
  }
  await append(another(), ["y"])
  await producer.commit([producer.batch(["e"])])
  await append(log, ["z"])
  expect(await values(another(), topicId)).toBe("xacdyez")
})

test.each(homes)("payloads too large for items lie in one object (%s)", async (_, open) => {
  const { log, topicId, another, counts } = await open()
  const producer = await new Producer(log).init()
  const large = "x".repeat(20_000)
  counts.reset()
  await producer.commit([producer.batch([large]), producer.batch(["b"], 1)])
  expect(counts.calls).toMatchObject({ objectPut: 1, metaTransact: 1 })
  expect(await values(another(), topicId)).toBe(large)
  expect(await values(another(), topicId, 1)).toBe("b")
})

test("a repeat is answered as the first, by anybody; another's epoch never", async () => {
  const { log, topicId, another } = await memoryWorld()
  const producer = await new Producer(log).init()
  const { producerId, epoch } = producer
  const batches = [producer.batch(["a"]), producer.batch(["b"], 1)]
  const request: CommitRequest = { transactionalId: "orders", producerId, epoch, batches, offsets: [] }
  const first = await log.transactions.commit(request)
  expect(await log.transactions.commit(request)).toEqual(first)
  expect(await another().transactions.commit(request)).toEqual(first)
  expect(await another().transactions.abort("orders", producerId, epoch)).toEqual(first)
  expect(await values(log, topicId)).toBe("a")
  await new Producer(another()).init()
  // Its own outcome it is told, though it is fenced.
  expect(await another().transactions.commit(request)).toEqual(first)
  const fenced = { ...request, epoch: epoch + 1, batches: [] }
  expect((await failure(log.transactions.commit(fenced))).code).toBe("fenced")
})

test("two at once by one epoch: one stands, both are told so", async () => {
  const { log, topicId, another } = await memoryWorld()
  const producer = await new Producer(log).init()
  const { producerId, epoch } = producer
  const batches = [producer.batch(["a"]), producer.batch(["b"], 1)]
  const request: CommitRequest = { transactionalId: "orders", producerId, epoch, batches, offsets: [] }
  const results = await Promise.all(
    [log, another(), another()].map(other => other.transactions.commit(request)),
  )
  expect(new Set(results.map(result => JSON.stringify(result))).size).toBe(1)
  expect(await values(log, topicId)).toBe("a")
  expect(await values(log, topicId, 1)).toBe("b")
})

test("many at once over the same partitions, beside other appends: all stand, whole, in one process and in three", async () => {
  const { log, topicId, another } = await memoryWorld(3)
  const logs = [log, another(), another()]
  const producers = await Promise.all(
    Array.from({ length: 9 }, (_, index) => new Producer(logs[index % 3], `p${index}`).init()),
  )
  await Promise.all([
    ...producers.map(async (producer, index) => {
      for (let round = 0; round < 4; round++) {
        const value = `${index}${round} `
        const result = await producer.commit([
          producer.batch([value], round % 3),
          producer.batch([value], index % 3),
        ])
        expect(result.outcome).toBe("committed")
      }
    }),
    ...logs.map(async (each, index) => {
      for (let round = 0; round < 10; round++) {
        expect(await append(each, [`x${index}${round} `], { partition: round % 3 })).toMatchObject({
          count: 1,
        })
      }
    }),
  ])
  const found = (await Promise.all([0, 1, 2].map(partition => read(another(), topicId, partition)))).flatMap(
    ({ values: all }) => all,
  )
  const count = (value: string) => found.filter(other => other === value).length
  for (let index = 0; index < 9; index++) {
    for (let round = 0; round < 4; round++) expect(count(`${index}${round} `)).toBe(2)
  }
  expect(found).toHaveLength(9 * 4 * 2 + 30)
})

test("a partition that waits for its store keeps nobody else waiting once it is given back", async () => {
  const { log, topicId } = await memoryWorld(1)
  const producer = await new Producer(log).init()
  const work = [
    append(log, ["a"]),
    producer.commit([producer.batch(["b"])]),
    append(log, ["c"]),
    append(log, ["d"]),
  ]
  await Promise.all(work)
  expect([...(await values(log, topicId))].sort().join("")).toBe("abcd")
  await log.close()
})

test("a large one that has begun takes nothing at its commit", async () => {
  const { log, topicId } = await memoryWorld()
  const producer = await new Producer(log).init()
  await producer.append(["a"])
  expect((await failure(producer.commit([producer.batch(["b"])]))).code).toBe("invalid_transaction")
  expect(await producer.abort()).toMatchObject({ outcome: "aborted" })
  await producer.commit([producer.batch(["c"])])
  expect(await values(log, topicId)).toBe("c")
})

test("batches that are not the transaction's are refused before anything is written", async () => {
  const { log, topicId, counts } = await memoryWorld()
  const producer = await new Producer(log).init()
  const { producerId, epoch } = producer
  const bytes = (stamp: object) => transactional(["a"], { producerId, epoch, sequence: 0, ...stamp })
  const commit = (...all: Uint8Array[]) => {
    const batches = all.map(each => ({ topic: "events", partition: 0, bytes: each }))
    return failure(
      log.transactions.commit({ transactionalId: "orders", producerId, epoch, batches, offsets: [] }),
    )
  }
  counts.reset()
  expect(await commit(bytes({ epoch: epoch + 1 }))).toMatchObject({ code: "invalid_producer" })
  expect(await commit(bytes({ producerId: producerId + 1 }))).toMatchObject({ code: "invalid_producer" })
  expect(await commit(bytes({ sequence: 1 }))).toMatchObject({ code: "gap", detail: { expected: 0 } })
  expect(await commit(bytes({}), bytes({ sequence: 2 }))).toMatchObject({
    code: "gap",
    detail: { expected: 1 },
  })
  const broken = bytes({})
  broken[66] = (broken[66] as number) ^ 1
  expect(await commit(broken)).toMatchObject({ code: "corrupt_batch" })
  expect(counts.calls).toMatchObject({ metaPut: 0, metaTransact: 0, objectPut: 0 })
  expect((await failure(producer.commit([producer.batch(["a"], 7)]))).code).toBe("unknown_partition")
  expect((await failure(producer.commit([producer.batch(["a"], 0, "nothing")]))).code).toBe("unknown_topic")
  await producer.abort()
  await producer.commit([producer.batch(["b"])])
  expect(await values(log, topicId)).toBe("b")
})

test("what is too large is refused, and fits the other shape", async () => {
  const { log, topicId } = await memoryWorld(90)
  const producer = await new Producer(log).init()
  const many = Array.from({ length: 81 }, (_, partition) => producer.batch(["a"], partition))
  const refused = await failure(producer.commit(many))
  expect(refused).toMatchObject({ code: "transaction_too_large" })
  expect(refused.message).toContain("expected at most 80 partitions and offsets, got 81")
  await producer.abort()
  const bytes = Array.from({ length: 5 }, () => producer.batch(["x".repeat(900_000)]))
  expect((await failure(producer.commit(bytes))).message).toContain("expected at most 4194304 bytes")
  await producer.abort()
  const entries = Array.from({ length: 33 }, () => producer.batch(["a"]))
  expect((await failure(producer.commit(entries))).message).toContain("expected at most 32 of one partition")
  await producer.abort()
  const offsets = Array.from({ length: 81 }, (_, partition) => ({ topic: "events", partition, offset: 1 }))
  expect((await failure(producer.commit([], offsets))).message).toContain(
    "offsets: expected at most 80, got 81",
  )
  const eighty = Array.from({ length: 80 }, (_, partition) => producer.batch([`${partition}`], partition))
  expect((await producer.commit(eighty)).offsets).toHaveLength(80)
  expect(await values(log, topicId, 79)).toBe("79")
})

test("a topic that was deleted and made anew is found by its name, and refused by its id", async () => {
  const { log, topicId, another } = await memoryWorld()
  const producer = await new Producer(log).init()
  await producer.commit([producer.batch(["a"])])
  await another().deleteTopic("events", "http")
  const anew = await another().createTopic({ name: "events", partitions: 2, owner: "http" })
  const { producerId, epoch } = producer
  const named = { ...producer.batch(["b"]), topicId }
  const request = { transactionalId: "orders", producerId, epoch, offsets: [] }
  expect((await failure(log.transactions.commit({ ...request, batches: [named] }))).code).toBe(
    "topic_deleted",
  )
  await producer.abort()
  await producer.commit([producer.batch(["c"])])
  expect(await values(log, anew.id)).toBe("c")
})

test("a process that was frozen for hours commits by what it reads then", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 2, owner: "http" })
  const suspended = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  const producer = await new Producer(suspended).init()
  await producer.commit([producer.batch(["a"])])
  ports.advance(3 * 3_600_000)
  await append(log, ["x"])
  await producer.commit([producer.batch(["b"]), producer.batch(["c"], 1)])
  expect(await values(log, id)).toBe("axb")
  expect(await values(log, id, 1)).toBe("c")
})
