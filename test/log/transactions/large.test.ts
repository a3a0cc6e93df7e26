import { expect, test } from "vitest"
import { append, batch, failure } from "../support.ts"
import { homes, lastEpoch, memoryWorld, Producer, read, transactional, values } from "./support.ts"

test.each(homes)(
  "what is appended in a transaction is seen once it is committed, never before (%s)",
  async (_, open) => {
    const { log, topicId, another } = await open()
    const producer = await new Producer(log).init()
    expect(await producer.append(["a", "b"])).toMatchObject({ baseOffset: 0, count: 2 })
    await producer.append(["c"], 1)
    await append(log, ["x"])
    for (const reader of [log, another()]) {
      expect(await values(reader, topicId)).toBe("")
      expect(await values(reader, topicId, 0, "read_uncommitted")).toBe("abx")
      expect(await reader.offsets(topicId, 0)).toMatchObject({ lastStableOffset: 0, endOffset: 3 })
    }
    const epoch = producer.epoch
    expect(await producer.commit()).toMatchObject({ outcome: "committed", offsets: [] })
    expect(producer.epoch).toBe(epoch + 1)
    for (const reader of [log, another()]) {
      // The marker takes an offset and is nobody's record.
      expect(await read(reader, topicId)).toEqual({ values: ["a", "b", "x"], offsets: [0, 1, 2], next: 4 })
      expect(await values(reader, topicId, 1)).toBe("c")
      expect(await values(reader, topicId, 0, "read_uncommitted")).toBe("abx")
    }
  },
)

test.each(homes)("what was aborted is never seen; sequences begin anew (%s)", async (_, open) => {
  const { log, topicId, another } = await open()
  const producer = await new Producer(log).init()
  await producer.append(["a"])
  await producer.append(["b"])
  await append(log, ["x"])
  expect(await producer.abort()).toMatchObject({ outcome: "aborted" })
  await producer.append(["c"])
  await producer.commit()
  await append(log, ["y"])
  for (const reader of [log, another()]) {
    expect(await read(reader, topicId)).toMatchObject({
      values: ["x", "c", "y"],
      offsets: [2, 4, 6],
      next: 7,
    })
    expect(await values(reader, topicId, 0, "read_uncommitted")).toBe("abxcy")
  }
})

test("a reader passes over transactions one batch at a time, whatever the bytes that it asks for", async () => {
  const { log, topicId, another } = await memoryWorld(1)
  const producers = await Promise.all(["p", "q", "r"].map(id => new Producer(log, id).init()))
  for (let round = 0; round < 4; round++) {
    for (const [index, producer] of producers.entries()) await producer.append([`${"pqr"[index]}${round}`])
    for (const [index, producer] of producers.entries()) {
      if ((index + round) % 2 === 0) await producer.commit()
      else await producer.abort()
    }
  }
  const all = ["p0", "r0", "q1", "p2", "r2", "q3"]
  expect((await read(another(), topicId, 0, "read_committed", 1)).values).toEqual(all)
  expect((await read(log, topicId, 0, "read_committed", 200)).values).toEqual(all)
  expect((await read(log, topicId)).values).toEqual(all)
})

test("an offset by timestamp is none of an aborted record's", async () => {
  const { log, topicId } = await memoryWorld(1)
  const producer = await new Producer(log).init()
  await producer.append(["a"])
  await producer.abort()
  await producer.append(["b"])
  await producer.commit()
  expect(await log.offsetForTimestamp(topicId, 0, 1_000)).toBe(2)
})

test("who comes later under the id fences the one before: its appends, its commit and its abort", async () => {
  const { log, topicId, another } = await memoryWorld()
  const zombie = await new Producer(log).init()
  await zombie.append(["a"])
  const later = await new Producer(another()).init()
  // What it had open is decided before the other begins.
  expect(await values(log, topicId)).toBe("")
  expect(await log.offsets(topicId, 0)).toMatchObject({ lastStableOffset: 2 })
  const late = zombie.append(["b"])
  expect((await failure(late)).code).toBe("fenced")
  expect((await failure(zombie.append(["c"], 1))).code).toBe("fenced")
  // It is told what became of its transaction; by the epoch after it, it can do nothing.
  expect(await zombie.commit()).toMatchObject({ outcome: "aborted" })
  expect((await failure(zombie.append(["d"], 1))).code).toBe("fenced")
  expect((await failure(zombie.commit())).code).toBe("fenced")
  expect((await failure(zombie.abort())).code).toBe("fenced")
  await later.append(["e"])
  await later.commit()
  expect(await values(log, topicId)).toBe("e")
})

test("an idle one is fenced too, by each that comes", async () => {
  const { log } = await memoryWorld()
  const first = await new Producer(log).init()
  const second = await new Producer(log).init()
  expect(second).toMatchObject({ producerId: first.producerId, epoch: first.epoch + 1 })
  expect((await failure(first.append(["a"]))).code).toBe("fenced")
  expect((await failure(first.commit([first.batch(["a"])]))).code).toBe("fenced")
  await second.append(["b"])
})

test("a commit is answered again as the first time, also after a later one; then never", async () => {
  const { log, another } = await memoryWorld()
  const producer = await new Producer(log).init()
  const { producerId, epoch } = producer
  await producer.append(["a"])
  const first = await producer.commit()
  const request = { transactionalId: "orders", producerId, epoch, batches: [], offsets: [] }
  expect(await log.transactions.commit(request)).toEqual(first)
  await producer.append(["b"])
  await producer.abort()
  expect(await another().transactions.commit(request)).toEqual(first)
  expect(await another().transactions.abort("orders", producerId, epoch)).toEqual(first)
  for (let times = 0; times < 5; times++) await producer.abort()
  expect((await failure(another().transactions.commit(request))).code).toBe("fenced")
})

test("an epoch ends with its commit or abort, also where it holds nothing", async () => {
  const { log, topicId } = await memoryWorld()
  const producer = await new Producer(log).init()
  const late = producer.batch(["a"])
  const { producerId, epoch } = producer
  await producer.abort()
  const [append] = await log.append({ topic: "events", parts: [{ partition: 0, batch: late.bytes }] })
  expect((await failure(Promise.resolve(append))).code).toBe("invalid_transaction")
  const small = { transactionalId: "orders", producerId, epoch, batches: [late], offsets: [] }
  expect(await log.transactions.commit(small)).toMatchObject({ outcome: "aborted", offsets: [] })
  expect(await producer.commit()).toMatchObject({
    outcome: "committed",
    next: { producerId, epoch: epoch + 2 },
  })
  expect(await values(log, topicId, 0, "read_uncommitted")).toBe("")
})

test("producers with and without transactions are kept apart", async () => {
  const { log } = await memoryWorld()
  const producer = await new Producer(log).init()
  const { producerId, epoch } = producer
  const plain = await log.createProducer()
  const stamp = { producerId: Number(plain.id), epoch: 0, sequence: 0 }
  const parts = (batch: Uint8Array) => ({ topic: "events", parts: [{ partition: 0, batch }] })
  const refused = async (batch: Uint8Array) => {
    const [result] = await log.append(parts(batch))
    return failure(Promise.resolve(result))
  }
  expect(await refused(transactional(["a"], stamp))).toMatchObject({ code: "invalid_producer" })
  expect(await refused(transactional(["a"], { producerId: 77, epoch: 0, sequence: 0 }))).toMatchObject({
    code: "invalid_producer",
  })
  const outside = await refused(batch(["a"], 1_000, producerId))
  expect(outside).toMatchObject({ code: "invalid_producer" })
  expect(outside.message).toContain("transactional id orders")
  const headers = append(log, ["a"], { producer: { id: String(producerId), epoch, sequence: 0 } })
  expect((await failure(headers)).code).toBe("invalid_producer")
  expect(await producer.append(["b"])).toMatchObject({ baseOffset: 0 })
})

test("sequences are judged within the transaction", async () => {
  const { log } = await memoryWorld()
  const producer = await new Producer(log).init()
  const [first, second, third] = [producer.batch(["a"]), producer.batch(["b"]), producer.batch(["c"])]
  const send = async ({ bytes }: { bytes: Uint8Array }) =>
    (await log.append({ topic: "events", parts: [{ partition: 0, batch: bytes }] }))[0]
  expect(await send(first)).toMatchObject({ baseOffset: 0 })
  expect(await send(first)).toMatchObject({ baseOffset: 0 })
  expect(await failure(Promise.resolve(await send(third)))).toMatchObject({
    code: "gap",
    detail: { expected: 1 },
  })
  expect(await send(second)).toMatchObject({ baseOffset: 1 })
  await producer.commit()
  expect(await failure(Promise.resolve(await send(third)))).toMatchObject({
    code: "invalid_transaction",
    detail: { outcome: "committed" },
  })
})

test("a closed partition counts as marked", async () => {
  const { log, topicId, another } = await memoryWorld()
  const other = await log.createTopic({ name: "other", partitions: 1, owner: "http" })
  const producer = await new Producer(log).init()
  await producer.append(["a"])
  await producer.append(["b"], 0, "other")
  await another().deleteTopic("other", "http")
  expect(await producer.commit()).toMatchObject({ outcome: "committed" })
  expect(await values(log, topicId)).toBe("a")
  expect((await failure(producer.append(["c"], 0, "other"))).code).toBe("unknown_topic")
  expect((await failure(values(another(), other.id))).code).toBe("topic_deleted")
  await producer.append(["d"])
  await producer.commit()
  expect(await values(log, topicId)).toBe("ad")
})

test("when epochs run out the producer id is another", async () => {
  const world = await memoryWorld()
  const { log, topicId, another } = world
  const producer = await new Producer(log).init()
  const { producerId } = producer
  await lastEpoch(world, producer)
  await producer.append(["a"])
  expect(await producer.commit()).toMatchObject({ outcome: "committed", next: { epoch: 0 } })
  expect(producer.producerId).not.toBe(producerId)
  await producer.append(["b"])
  await producer.commit()
  expect(producer.epoch).toBe(1)
  expect(await values(another(), topicId)).toBe("ab")
  await lastEpoch(world, producer)
  expect(await producer.commit([producer.batch(["c"])])).toMatchObject({ next: { epoch: 0 }, offsets: [4] })
  const heir = await new Producer(another()).init()
  expect(heir).toMatchObject({ producerId: producer.producerId, epoch: 1 })
})

test("what is asked wrongly is told, and the next call works", async () => {
  const { log } = await memoryWorld()
  const { transactions } = log
  expect(await failure(transactions.init("", 1_000))).toMatchObject({ code: "invalid_producer" })
  expect((await failure(transactions.init("a\nb", 1_000))).message).toContain("expected 1 to 256 bytes")
  expect((await failure(transactions.init("x".repeat(257), 1_000))).code).toBe("invalid_producer")
  expect((await failure(transactions.init("orders", 999))).message).toContain(
    "timeoutMs: expected 1000 to 900000",
  )
  expect((await failure(transactions.init("orders", 900_001))).code).toBe("invalid_producer")
  expect((await failure(transactions.describe("orders"))).code).toBe("unknown_transaction")
  expect((await failure(transactions.abort("orders", 1, 0))).code).toBe("unknown_transaction")
  const producer = await new Producer(log).init()
  producer.epoch++
  expect(await failure(producer.append(["a"]))).toMatchObject({ code: "invalid_transaction" })
  expect((await failure(producer.commit())).message).toContain("has not begun")
  producer.epoch--
  expect(await producer.abort()).toMatchObject({ outcome: "aborted" })
})

test("transactions can be listed and looked at", async () => {
  const { log, topicId, another } = await memoryWorld()
  const producer = await new Producer(log).init()
  await new Producer(log, "idle").init()
  await producer.append(["a"], 1)
  const { producerId, epoch } = producer
  const ongoing = await another().transactions.describe("orders")
  expect(ongoing).toMatchObject({
    transactionalId: "orders",
    producerId,
    epoch,
    state: "ongoing",
    partitions: [{ topicId, partition: 1 }],
  })
  expect(ongoing.deadline).toBeGreaterThan(0)
  expect(
    (await another().transactions.list()).map(({ transactionalId, state }) => [transactionalId, state]),
  ).toEqual([
    ["idle", "empty"],
    ["orders", "ongoing"],
  ])
})
