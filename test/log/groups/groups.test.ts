import { describe, expect, test } from "vitest"
import { append } from "../support.ts"
import { Consumer, codeOf, settle } from "./consumer.ts"
import { homes } from "./homes.ts"

const events = { name: "events", partitions: 6, owner: "http" as const }

describe.each(homes)("groups over the %s store", (_, open) => {
  test("a member alone gets everything; a second one gets its half once the first has given it up", async () => {
    const { log, another } = await open()
    const { id } = await log.createTopic(events)
    const first = new Consumer(log.groups, "a")
    expect(await first.beat()).toMatchObject({ memberEpoch: 1, heartbeatIntervalMs: 10_000 })
    expect(first.partitions).toEqual([0, 1, 2, 3, 4, 5])
    expect(await first.beat()).toEqual({ memberEpoch: 1, heartbeatIntervalMs: 10_000 })
    expect(await first.commit([{ topic: "events", partition: 4, offset: 7, metadata: "m" }])).toEqual([
      undefined,
    ])

    const second = new Consumer(another().groups, "b")
    await second.beat()
    expect(second.partitions).toEqual([])
    expect(await first.mayFetch()).toEqual([true, true, true, true, true, true])
    await first.beat()
    expect(first.partitions).toEqual([0, 1, 2])
    await second.beat()
    expect(second.partitions).toEqual([])
    await first.beat()
    await second.beat()
    expect(second.partitions).toEqual([3, 4, 5])
    expect(second.owned.get(`${id}#4`)).toBe(7)
    expect(await first.mayFetch()).toEqual([true, true, true])
    expect(await second.mayFetch()).toEqual([true, true, true])
    await settle(first, second)
    expect(await log.groups.describe("g")).toMatchObject({
      state: "stable",
      epoch: 2,
      assignor: "uniform",
      members: [
        { member: "a", memberEpoch: 2, assignment: [{ topic: "events", partitions: [0, 1, 2] }] },
        { member: "b", memberEpoch: 2, assignment: [{ topic: "events", partitions: [3, 4, 5] }] },
      ],
    })
    expect(await log.groups.list()).toEqual([{ group: "g", state: "stable" }])
  })

  test("who has left or is silent for its session is gone; what it commits after that is refused", async () => {
    const { log, advance } = await open()
    await log.createTopic(events)
    const [a, b, c] = ["a", "b", "c"].map(name => new Consumer(log.groups, name))
    for (const each of [a, b, c]) await each.beat()
    await settle(a, b, c)
    expect([a, b, c].map(({ partitions }) => partitions.length)).toEqual([2, 2, 2])
    await c.leave()
    await c.leave()
    await settle(a, b)
    expect([...a.partitions, ...b.partitions].sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(await codeOf(c.beat())).toBe("unknown_member")

    const [kept] = b.partitions
    advance(46_000)
    await a.beat()
    await settle(a)
    expect(a.partitions).toHaveLength(6)
    expect(await b.commit([{ topic: "events", partition: kept, offset: 1 }])).toEqual(["fenced_member"])
    expect(await b.mayFetch()).toEqual(b.partitions.map(() => false))
    expect(await codeOf(b.beat())).toBe("unknown_member")
    expect(await a.commit([{ topic: "events", partition: kept, offset: 2 }])).toEqual([undefined])
    b.epoch = 0
    b.owned = new Map()
    await settle(a, b)
    expect(b.partitions).toHaveLength(3)
  })

  test("who does not give up in time is taken out, though it lives", async () => {
    const { log, advance } = await open()
    await log.createTopic(events)
    const stubborn = new Consumer(log.groups, "a", { rebalanceTimeoutMs: 20_000 })
    await settle(stubborn)
    const other = new Consumer(log.groups, "b")
    await other.beat()
    await stubborn.send()
    advance(15_000)
    await stubborn.send()
    await other.beat()
    expect(other.partitions).toEqual([])
    advance(6_000)
    expect(await codeOf(stubborn.send())).toBe("unknown_member")
    await settle(other)
    expect(other.partitions).toHaveLength(6)
    expect(await stubborn.mayFetch()).toEqual(Array(6).fill(false))
  })

  test("a static member that comes back takes over at once, nobody else notices, and the one before is fenced", async () => {
    const { log, another } = await open()
    await log.createTopic(events)
    const [a, b] = ["a", "b"].map(name => new Consumer(log.groups, name, { instanceId: `i-${name}` }))
    await a.beat()
    await settle(a, b)
    const [mine, others] = [a.partitions, b.partitions]
    await a.commit([{ topic: "events", partition: mine[0], offset: 5 }])
    const again = new Consumer(another().groups, "a-2", { instanceId: "i-a" })
    await again.beat()
    expect(again.partitions).toEqual(mine)
    expect([...again.owned.values()][0]).toBe(5)
    await b.beat()
    expect(b.partitions).toEqual(others)
    expect(b.interval).toBe(10_000)
    expect(await codeOf(a.beat())).toBe("fenced_member")
    expect(await a.commit([{ topic: "events", partition: mine[0], offset: 6 }])).toEqual(["fenced_member"])
    expect(await a.mayFetch()).toEqual([false, false, false])
    await again.beat()
    expect(await again.commit([{ topic: "events", partition: mine[0], offset: 6 }])).toEqual([undefined])
  })

  test("topics that grow, go, come or are made anew are taken up; offsets are of a topic's id", async () => {
    const { log, advance } = await open()
    const { id } = await log.createTopic({ ...events, partitions: 2 })
    const a = new Consumer(log.groups, "a", { subscription: { pattern: "(events|orders-\\d+)" } })
    await settle(a)
    await a.commit([{ topic: "events", partition: 0, offset: 9 }])
    await log.alterTopic("events", "http", { partitions: 4 })
    await log.createTopic({ ...events, name: "orders-1", partitions: 1 })
    await log.createTopic({ ...events, name: "orders-x", partitions: 1 })
    advance(60_000 - 30_000)
    await a.beat()
    advance(31_000)
    await settle(a)
    expect(a.partitions).toEqual([0, 0, 1, 2, 3])
    await log.deleteTopic("events", "http")
    const anew = await log.createTopic({ ...events, partitions: 1 })
    advance(30_000)
    await a.beat()
    advance(31_000)
    await settle(a)
    expect(a.partitions).toEqual([0, 0])
    expect(a.owned.has(`${anew.id}#0`)).toBe(true)
    expect(a.owned.get(`${anew.id}#0`)).toBeUndefined()
    expect(await log.groups.committed("g")).toEqual([])
    expect(await a.commit([{ topic: "events", topicId: id, partition: 0, offset: 9 }])).toEqual([
      "topic_deleted",
    ])
    expect(await a.commit([{ topic: "events", partition: 1, offset: 9 }])).toEqual(["unknown_partition"])
    expect(await a.commit([{ topic: "nothing", partition: 0, offset: 9 }])).toEqual(["unknown_topic"])
    expect(await a.commit([{ topic: "events", partition: 0, offset: 1 }])).toEqual([undefined])
  })

  test("offsets are committed without members, set from outside, and tell the lag", async () => {
    const { log, advance } = await open()
    await log.createTopic({ ...events, partitions: 2 })
    const before = Date.now()
    await append(log, ["a", "b", "c"], { partition: 1 })
    const commit = (offset: number) => log.groups.commit("g", [{ topic: "events", partition: 1, offset }])
    expect(await commit(1)).toEqual([{ topic: "events", partition: 1 }])
    expect(await log.groups.lag("g")).toMatchObject([
      { topic: "events", partition: 1, offset: 1, startOffset: 0, endOffset: 3, lag: 2 },
    ])
    expect(await log.groups.list()).toEqual([{ group: "g", state: "empty" }])
    const reset = (to: "earliest" | "latest" | { timestamp: number } | number) =>
      log.groups.setOffsets("g", [{ topic: "events", to }])
    expect((await reset("latest")).map(({ offset }) => offset)).toEqual([0, 3])
    expect((await reset("earliest")).map(({ offset }) => offset)).toEqual([0, 0])
    expect((await reset({ timestamp: before * 2 })).map(({ offset }) => offset)).toEqual([0, 3])
    expect((await reset(2)).map(({ offset }) => offset)).toEqual([2, 2])
    const a = new Consumer(log.groups, "a")
    await settle(a)
    expect([...a.owned.values()]).toEqual([2, 2])
    expect(await codeOf(reset("latest"))).toBe("group_in_use")
    expect(await commit(3)).toMatchObject([{ error: { code: "fenced_member" } }])
    expect(await log.groups.lag("g")).toMatchObject([{ member: "a" }, { member: "a", lag: 1 }])
    expect(await codeOf(log.groups.delete("g"))).toBe("group_in_use")
    advance(46_000)
    expect((await reset("latest")).map(({ offset }) => offset)).toEqual([0, 3])
    expect(await codeOf(a.beat())).toBe("unknown_member")
    expect(await commit(1)).toEqual([{ topic: "events", partition: 1 }])
    await log.groups.delete("g")
    expect(await log.groups.committed("g")).toEqual([])
    expect(await codeOf(log.groups.describe("g"))).toBe("unknown_group")
    expect(await codeOf(log.groups.lag("g"))).toBe("unknown_group")
    expect(await codeOf(log.groups.delete("g"))).toBe("unknown_group")
    expect(await log.groups.list()).toEqual([])
    expect(await commit(2)).toEqual([{ topic: "events", partition: 1 }])
    expect(await log.groups.list()).toEqual([{ group: "g", state: "empty" }])
  })

  test("offsets go a week after the group became empty, and the group with the last of them", async () => {
    const { log, another, advance } = await open()
    await log.createTopic({ ...events, partitions: 3 })
    const a = new Consumer(log.groups, "a")
    await settle(a)
    await a.commit([0, 1, 2].map(partition => ({ topic: "events", partition, offset: 1 })))
    for (let day = 0; day < 8; day++) {
      advance(24 * 3_600_000)
      await a.beat()
    }
    expect(await log.groups.expire()).toEqual({ groups: 1, offsets: 0, faults: [] })
    expect(await log.groups.committed("g")).toHaveLength(3)
    await a.leave()
    advance(6 * 24 * 3_600_000)
    const simple = another().groups
    await simple.commit("g", [{ topic: "events", partition: 1, offset: 2 }])
    expect(await log.groups.expire()).toEqual({ groups: 1, offsets: 0, faults: [] })
    advance(2 * 24 * 3_600_000)
    expect(await log.groups.expire()).toEqual({ groups: 1, offsets: 2, faults: [] })
    expect(await log.groups.committed("g")).toMatchObject([{ partition: 1, offset: 2 }])
    advance(6 * 24 * 3_600_000)
    expect(await log.groups.expire()).toEqual({ groups: 1, offsets: 1, faults: [] })
    expect(await log.groups.list()).toEqual([])
    expect(await log.groups.expire()).toEqual({ groups: 0, offsets: 0, faults: [] })
    await simple.commit("g", [{ topic: "events", partition: 1, offset: 3 }])
    expect(await log.groups.list()).toEqual([{ group: "g", state: "empty" }])
  })

  test("a transaction's offsets stand with it or not at all, and only as the owner's", async () => {
    const { log, counts, another } = await open()
    await log.createTopic(events)
    const a = new Consumer(log.groups, "a")
    await a.beat()
    const { groups } = another()
    const offsets = [1, 2, 2].map((partition, at) => ({ topic: "events", partition, offset: 10 + at }))
    const mine = { group: "g", member: "a", memberEpoch: 1, offsets }
    const simple = { group: "h", offsets: offsets.slice(0, 1) }
    const first = await groups.offsetSteps([mine, simple])
    // One for each partition, and that the group of the first offset is still there.
    expect(first.steps.map(({ kind }) => kind)).toEqual(["put", "put", "put", "check"])
    const run = async ({ steps, date }: typeof first) => {
      const token = `${steps.length}-${date}-${Math.random()}`
      return (await counts.meta.transact(steps, { notAfter: date + 60_000, token })).outcome
    }
    expect(await groups.committed("g")).toEqual([])
    expect(await run(first)).toBe("committed")
    expect((await groups.committed("g")).map(({ offset }) => offset)).toEqual([10, 12])
    expect((await groups.committed("h")).map(({ offset }) => offset)).toEqual([10])
    expect(await a.mayFetch()).toEqual(Array(6).fill(true))
    const late = await groups.offsetSteps([mine])
    expect(await a.commit([{ topic: "events", partition: 1, offset: 20 }])).toEqual([undefined])
    expect(await run(late)).toBe("refused")
    expect((await groups.committed("g")).map(({ offset }) => offset)).toEqual([20, 12])

    const { member: _, ...nobody } = mine
    for (const wrong of [{ ...mine, member: "b" }, { ...mine, memberEpoch: 0 }, nobody]) {
      expect(await codeOf(groups.offsetSteps([simple, wrong]))).toBe("fenced_member")
    }
    const gone = [{ ...mine, offsets: [{ topic: "nothing", partition: 0, offset: 1 }] }]
    expect(await codeOf(groups.offsetSteps(gone))).toBe("unknown_topic")
    expect(await run(await groups.offsetSteps([mine]))).toBe("committed")
    expect(await groups.offsetSteps([])).toEqual({ steps: [], date: Number.POSITIVE_INFINITY })
  })
})
