import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import { slotItem, TRANSACTIONAL } from "../../../shared/log/slot.ts"
import { OverdueRounds } from "../../../shared/log/transactions/overdue-rounds.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { append, failure } from "../support.ts"
import { homes, memoryWorld, Producer, values } from "./support.ts"

test.each(homes)("a dead producer stops a reader no longer than its time-out (%s)", async (_, open) => {
  const { log, topicId, another, advance } = await open()
  const dead = await new Producer(another()).init(30_000)
  await dead.append(["a"])
  await dead.append(["b"], 1)
  await append(log, ["x"])
  advance(29_000)
  expect(await values(log, topicId)).toBe("")
  advance(2_000)
  expect(await values(log, topicId)).toBe("x")
  // It was aborted everywhere at once.
  expect(await log.offsets(topicId, 1)).toMatchObject({ lastStableOffset: 2, endOffset: 2 })
  expect(await failure(dead.append(["c"]))).toMatchObject({
    code: "invalid_transaction",
    detail: { outcome: "aborted" },
  })
  expect(await dead.commit()).toMatchObject({ outcome: "aborted" })
  // It may go on with the next epoch: nobody has taken its place.
  await dead.append(["d"])
  expect(await dead.commit()).toMatchObject({ outcome: "committed" })
  expect(await values(log, topicId)).toBe("xd")
})

test("a reader that waits is not kept longer by it either", async () => {
  const { log, topicId, another } = await memoryWorld()
  const dead = await new Producer(another()).init(1_000)
  await dead.append(["a"])
  await append(log, ["x"])
  const fetched = await log.fetch(topicId, 0, { offset: 0, maxBytes: 1_000, waitMs: 20_000 })
  expect(fetched.nextOffset).toBe(3)
  expect(fetched.batches).toHaveLength(1)
})

test("a reader asks for a transaction that stops it once in a while, and not at every look", async () => {
  const { log, topicId, another, counts, advance } = await memoryWorld()
  const open = await new Producer(another()).init(60_000)
  await open.append(["a"])
  await append(log, ["x"])
  await values(log, topicId)
  counts.reset()
  for (let times = 0; times < 20; times++) await values(log, topicId)
  expect(counts.calls.metaGet).toBe(0)
  advance(1_000)
  await values(log, topicId)
  // One for its item: whose it is, is known.
  expect(counts.calls.metaGet).toBe(1)
})

test("who begins anew, or goes on, ends what is overdue", async () => {
  const { log, topicId, another, advance } = await memoryWorld()
  const slow = await new Producer(log).init(5_000)
  await slow.append(["a"])
  advance(6_000)
  // The partition is known to be part of it: nothing is asked, and it may still be committed as long as nobody minds.
  await slow.append(["b"])
  expect(await slow.commit()).toMatchObject({ outcome: "committed" })
  await slow.append(["c"])
  advance(6_000)
  slow.log = another()
  const late = await failure(slow.append(["d"], 1))
  expect(late).toMatchObject({ code: "invalid_transaction", detail: { outcome: "aborted" } })
  expect(await values(log, topicId)).toBe("ab")
})

test.each(homes)(
  "maintenance ends what nobody reads, and forgets ids that nobody uses (%s)",
  async (_, open) => {
    const { log, topicId, another, advance } = await open()
    const dead = await new Producer(log, "dead").init(5_000)
    await dead.append(["a"])
    await new Producer(log, "idle").init()
    const keeper = another()
    expect(await keeper.transactions.settleOverdue()).toEqual({ looked: 2, settled: 0, forgotten: 0 })
    advance(6_000)
    expect(await keeper.transactions.settleOverdue()).toEqual({ looked: 2, settled: 1, forgotten: 0 })
    expect(await log.offsets(topicId, 0)).toMatchObject({ lastStableOffset: 2 })
    // Longer than seven days, also for what was used last.
    advance(7 * 24 * 3_600_000 + 1)
    expect(await keeper.transactions.settleOverdue()).toEqual({ looked: 2, settled: 0, forgotten: 2 })
    expect(await keeper.transactions.list()).toEqual([])
    expect((await failure(another().transactions.describe("dead"))).code).toBe("unknown_transaction")
    // What is asked of a forgotten one is refused, by whatever is remembered of it; then the id is another producer's.
    expect((await failure(dead.append(["b"], 1))).code).toBe("unknown_transaction")
    const anew = await new Producer(log, "dead").init()
    expect(anew.producerId).not.toBe(dead.producerId)
    expect((await failure(dead.append(["b"], 1))).code).toBe("fenced")
    await anew.append(["c"])
    await anew.commit()
    expect(await values(another(), topicId)).toBe("c")
  },
)

test("maintenance goes on where it ended, in bounded steps", async () => {
  const { log, another } = await memoryWorld()
  const names = Array.from({ length: 205 }, (_, index) => `id-${String(index).padStart(3, "0")}`)
  await Promise.all(names.map(name => log.transactions.init(name, 1_000)))
  const { transactions } = another()
  expect(await transactions.settleOverdue()).toEqual({
    looked: 200,
    settled: 0,
    forgotten: 0,
    next: "id-199",
  })
  expect(await transactions.settleOverdue("id-199")).toEqual({ looked: 5, settled: 0, forgotten: 0 })
  const asked: (string | undefined)[] = []
  const rounds = new OverdueRounds({
    settleOverdue: after => {
      asked.push(after)
      return transactions.settleOverdue(after)
    },
  })
  await rounds.round(() => false)
  await rounds.round(() => false)
  await rounds.round(() => true)
  expect(asked).toEqual([undefined, "id-199", undefined, "id-199"])
})

test.each([
  ["committed", "latex"],
  ["aborted", "x"],
] as const)(
  "what comes so late that its partition has forgotten the producer is %s with its transaction",
  async (outcome, seen) => {
    const { log, topicId, another, counts } = await memoryWorld(2)
    const producer = await new Producer(log).init()
    await producer.append(["a"])
    const { bytes } = producer.batch(["late"], 1)
    const { producerId: id, epoch } = producer
    if (outcome === "committed") await producer.commit()
    else await producer.abort()
    // Past all that would refuse it, as where more than 5,000 producers came between.
    const item = slotItem(`${topicId}#1`, {
      base: 0,
      next: 1,
      commitId: "f".repeat(32),
      commitTime: Date.UTC(2026, 0, 1),
      minTimestamp: 1_000,
      maxTimestamp: 1_000,
      entries: [
        {
          length: bytes.length,
          count: 1,
          maxTimestamp: 1_000,
          flags: TRANSACTIONAL,
          producer: { id, epoch, firstSequence: 0, lastSequence: 0 },
        },
      ],
      payload: { kind: "inline", bytes },
    })
    await counts.meta.put("log", item)
    await append(another(), ["x"], { partition: 1 })
    expect(await values(another(), topicId, 1)).toBe(seen)
    await producer.append(["b"], 1)
    await producer.commit()
    expect(await values(log, topicId, 1)).toBe(`${seen}b`)
  },
)

test("a process that must not write ends nothing, and sees what others have ended", async () => {
  const { log, topicId, counts, another, advance } = await memoryWorld(1, undefined, { settles: false })
  const dead = await new Producer(log).init(1_000)
  await dead.append(["a"])
  await append(log, ["x"])
  advance(2_000)
  counts.reset()
  expect(await values(log, topicId)).toBe("")
  expect(counts.calls).toMatchObject({ metaGet: 0, metaPut: 0, metaTransact: 0 })
  expect((await another().transactions.settleOverdue()).settled).toBe(1)
  expect(await values(log, topicId)).toBe("x")
})

test("a transaction of a process that was frozen before it began has all its time", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  // Its own clock does not move when the store's does.
  const frozen = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  const producer = await new Producer(frozen).init(60_000)
  ports.advance(10 * 60_000)
  await producer.append(["a"])
  const { deadline = 0 } = await log.transactions.describe("orders")
  expect(deadline - ports.clock.now()).toBeGreaterThan(50_000)
  expect(await values(log, id)).toBe("")
  await producer.commit()
  expect(await values(log, id)).toBe("a")
})

test.each([
  [1, "invalid_transaction"],
  [8, "unknown_transaction"],
] as const)("%i days after its commit a batch comes again, and is not appended again", async (days, code) => {
  const { log, topicId, another, advance } = await memoryWorld(1)
  const producer = await new Producer(log).init()
  const { bytes: batch } = producer.batch(["a"])
  await log.append({ topic: "events", parts: [{ partition: 0, batch }] })
  await producer.commit()
  advance(days * 24 * 3_600_000 + 1)
  await another().transactions.settleOverdue()
  // The partition forgets the producer with the next slot.
  await append(log, ["x"])
  const [again] = await log.append({ topic: "events", parts: [{ partition: 0, batch }] })
  expect(again).toMatchObject({ error: { code } })
  expect(await values(log, topicId)).toBe("ax")
  expect(await log.offsets(topicId, 0)).toMatchObject({ lastStableOffset: 3, endOffset: 3 })
})

/** A transaction's batch at a partition's start, past all that would refuse it. */
function lateSlot(pk: string, { id, epoch, bytes }: { id: number; epoch: number; bytes: Uint8Array }) {
  const producer = { id, epoch, firstSequence: 0, lastSequence: 0 }
  return slotItem(pk, {
    base: 0,
    next: 1,
    commitId: "0".repeat(32),
    commitTime: 0,
    minTimestamp: 1_000,
    maxTimestamp: 1_000,
    entries: [{ length: bytes.length, count: 1, maxTimestamp: 1_000, flags: TRANSACTIONAL, producer }],
    payload: { kind: "inline", bytes },
  })
}

test("what is open of a forgotten transactional id stops nobody", async () => {
  const { topicId, another, counts, advance } = await memoryWorld(1)
  const producer = await new Producer(another()).init()
  const { bytes } = producer.batch(["late"])
  advance(8 * 24 * 3_600_000)
  expect(await another().transactions.settleOverdue()).toMatchObject({ forgotten: 1 })
  const { producerId: id, epoch } = producer
  await counts.meta.put("log", lateSlot(`${topicId}#0`, { id, epoch, bytes }))
  const log = another()
  await append(log, ["x"])
  expect(await values(log, topicId)).toBe("x")
})

test("what comes too late is not committed with the producer's next transaction", async () => {
  const { log, topicId, another, counts } = await memoryWorld(2)
  const producer = await new Producer(log).init()
  await producer.append(["a"])
  const { bytes } = producer.batch(["late"], 1)
  const { producerId: id, epoch } = producer
  await producer.abort()
  await counts.meta.put("log", lateSlot(`${topicId}#1`, { id, epoch, bytes }))
  producer.log = another()
  await producer.append(["b"], 1)
  await producer.commit()
  expect(await values(log, topicId, 1)).toBe("b")
  expect(await values(another(), topicId, 1)).toBe("b")
})
