import { expect, test } from "vitest"
import { failure } from "../support.ts"
import { homes, memoryWorld, Producer, values } from "./support.ts"

test.each(homes)(
  "offsets stand with their transaction, in both shapes, and not before (%s)",
  async (_, open) => {
    const { log, topicId, another } = await open()
    const producer = await new Producer(log).init()
    const committed = async () => {
      const all = await another().groups.committed("g")
      return all.map(({ partition, offset, metadata }) => [partition, offset, metadata])
    }
    const first = [
      { topic: "events", partition: 0, offset: 1, metadata: "one" },
      { topic: "events", partition: 1, offset: 2 },
    ]
    await producer.commit([producer.batch(["a"])], first)
    expect(await committed()).toEqual([
      [0, 1, "one"],
      [1, 2, ""],
    ])
    await producer.append(["b"])
    expect(await committed()).toHaveLength(2)
    await producer.commit([], [{ topic: "events", topicId, partition: 0, offset: 5 }])
    expect((await committed())[0]).toEqual([0, 5, ""])
    // Offsets alone, without a record.
    await producer.commit([], [{ topic: "events", partition: 1, offset: 7 }])
    expect((await committed())[1]).toEqual([1, 7, ""])
    expect(await values(another(), topicId)).toBe("ab")
  },
)

test("what other commits put between is gone over, and the transaction's stands", async () => {
  const { log, another } = await memoryWorld()
  const producer = await new Producer(log).init()
  const other = another()
  const commits: Promise<unknown>[] = []
  for (let round = 0; round < 5; round++) {
    commits.push(other.groups.commit("g", [{ topic: "events", partition: 0, offset: 100 + round }]))
    await producer.commit([producer.batch(["a"])], [{ topic: "events", partition: 0, offset: round }])
  }
  await Promise.all(commits)
  await producer.commit([], [{ topic: "events", partition: 0, offset: 9 }])
  expect(await another().groups.committed("g")).toMatchObject([{ offset: 9 }])
})

test("where a group's partition has another owner nothing stands, and the transaction can be aborted", async () => {
  const { log, topicId, another } = await memoryWorld(1)
  const producer = await new Producer(log).init()
  const { groups } = another()
  const beat = { group: "g", member: "m", memberEpoch: 0, subscription: { topics: ["events"] }, owned: [] }
  const { memberEpoch } = await groups.heartbeat(beat)
  const offsets = [{ topic: "events", partition: 0, offset: 3 }]
  const batches = [producer.batch(["a"])]
  expect((await failure(producer.commit(batches, offsets))).code).toBe("fenced_member")
  expect(await producer.abort()).toMatchObject({ outcome: "aborted" })
  await producer.append(["b"])
  expect((await failure(producer.commit([], offsets))).code).toBe("fenced_member")
  expect(await log.transactions.describe("orders")).toMatchObject({ state: "ongoing" })
  await producer.abort()
  expect(await values(log, topicId)).toBe("")
  // Its owner's stamp opens the way.
  await producer.append(["c"])
  const { producerId, epoch } = producer
  const owned = [{ group: "g", member: "m", memberEpoch, offsets }]
  const request = { transactionalId: "orders", producerId, epoch, batches: [], offsets: owned }
  expect(await log.transactions.commit(request)).toMatchObject({ outcome: "committed" })
  expect(await values(another(), topicId)).toBe("c")
  expect(await groups.committed("g")).toMatchObject([{ offset: 3 }])
})

test("offsets of what is not there are refused as they are outside of transactions", async () => {
  const { log, topicId } = await memoryWorld(1)
  const producer = await new Producer(log).init()
  const batches = () => [producer.batch(["a"])]
  expect(
    (await failure(producer.commit(batches(), [{ topic: "nothing", partition: 0, offset: 1 }]))).code,
  ).toBe("unknown_topic")
  await producer.abort()
  expect(
    (await failure(producer.commit(batches(), [{ topic: "events", partition: 4, offset: 1 }]))).code,
  ).toBe("unknown_partition")
  await producer.abort()
  expect(await values(log, topicId)).toBe("")
  const groups = Array.from({ length: 16 }, (_, index) => ({ group: `g${index}`, offsets: [] }))
  const { producerId, epoch } = producer
  const request = { transactionalId: "orders", producerId, epoch, batches: [], offsets: groups }
  expect((await failure(log.transactions.commit(request))).message).toContain("at most 15 groups")
  expect(await producer.commit()).toMatchObject({ outcome: "committed" })
})
