import { expect, test } from "vitest"
import type { CallCounts } from "../../../shared/storage/counting.ts"
import { Consumer, settle } from "./consumer.ts"
import { type Home, memoryHome } from "./homes.ts"

const events = { name: "events", partitions: 6, owner: "http" as const }

/** What a call asks of the meta store, of what is not 0. */
async function costOf({ counts }: Home, work: () => Promise<unknown>): Promise<Partial<CallCounts>> {
  counts.reset()
  await work()
  const { objectPut, objectGet, ...calls } = counts.calls
  expect([objectPut, objectGet]).toEqual([0, 0])
  return Object.fromEntries(Object.entries(calls).filter(([, count]) => count > 0))
}

async function pair(): Promise<Home & { a: Consumer; b: Consumer }> {
  const home = memoryHome()
  await home.log.createTopic(events)
  const [a, b] = ["a", "b"].map(name => new Consumer(home.log.groups, name))
  await a.beat()
  await settle(a, b)
  return { ...home, a, b }
}

test("an idle member: one item written a heartbeat, and three read, by whichever process", async () => {
  const { a, b, ...home } = await pair()
  const idle = { metaGet: 3, metaPut: 1 }
  expect(await costOf(home, () => a.beat())).toEqual(idle)
  expect(await costOf(home, () => b.beat())).toEqual(idle)
  expect(home.counts.bytes.itemsWritten).toBeLessThan(1_024)
  const another = home.another()
  b.groups = another.groups
  expect(await costOf(home, () => b.beat())).toEqual(idle)
  // Once a minute the first member looks at the topics: a get each, and the group's item once more.
  home.advance(30_000)
  await b.beat()
  await a.beat()
  home.advance(31_000)
  expect(await costOf(home, () => b.beat())).toEqual(idle)
  expect(await costOf(home, () => a.beat())).toEqual({ metaGet: 5, metaPut: 1 })
  expect(await costOf(home, () => a.beat())).toEqual(idle)
  const alone = new Consumer(home.log.groups, "c", {}, "h")
  await alone.beat()
  await alone.beat()
  expect(await costOf(home, () => alone.beat())).toEqual({ metaGet: 2, metaPut: 1 })
})

test("a commit: one write a partition, and one read by a process that does not know it", async () => {
  const { a, ...home } = await pair()
  const offsets = a.partitions.map(partition => ({ topic: "events", partition, offset: 1 }))
  await a.commit(offsets)
  expect(await costOf(home, () => a.commit(offsets))).toEqual({ metaPut: 3 })
  const another = home.another()
  await another.topic("events")
  a.groups = another.groups
  expect(await costOf(home, () => a.commit(offsets))).toEqual({ metaGet: 3, metaPut: 3 })
  expect(await costOf(home, () => a.commit(offsets))).toEqual({ metaPut: 3 })
  // The other process learns of it by a write that is refused, and goes on from what stands.
  a.groups = home.log.groups
  expect(await costOf(home, () => a.commit(offsets.slice(0, 1)))).toEqual({ metaPut: 2 })

  const simple = () => home.log.groups.commit("h", [{ topic: "events", partition: 0, offset: 1 }])
  expect(await costOf(home, simple)).toEqual({ metaGet: 3, metaPut: 1, metaTransact: 1 })
  expect(await costOf(home, simple)).toEqual({ metaPut: 1 })
})

test("a fetch's check: a query a topic, or a get for each of one or two partitions", async () => {
  const { a, ...home } = await pair()
  expect(await costOf(home, () => a.mayFetch())).toEqual({ metaQuery: 1 })
  const [key] = [...a.owned.keys()]
  a.owned = new Map([[key, 0]])
  expect(await costOf(home, () => a.mayFetch())).toEqual({ metaGet: 1 })
})

test("a member that joins and takes half: one transaction, then a write for each partition", async () => {
  const { log, ...rest } = memoryHome()
  const home = { log, ...rest }
  await log.createTopic(events)
  const a = new Consumer(log.groups, "a")
  // Group and member, topic, group anew; then the partitions: a query, and a put each.
  expect(await costOf(home, () => a.beat())).toEqual({
    metaGet: 4,
    metaTransact: 1,
    metaQuery: 1,
    metaPut: 6,
  })
  await settle(a)
  const b = new Consumer(log.groups, "b")
  expect(await costOf(home, () => b.beat())).toEqual({ metaGet: 5, metaTransact: 1, metaQuery: 1 })
  expect(await costOf(home, () => a.beat())).toEqual({ metaGet: 3, metaPut: 1 })
  expect(await costOf(home, () => a.beat())).toEqual({ metaGet: 3, metaPut: 1 })
  expect(await costOf(home, () => b.beat())).toEqual({ metaGet: 4, metaQuery: 1, metaPut: 4 })
  expect(await costOf(home, () => b.leave())).toEqual({ metaGet: 3, metaTransact: 1 })
  expect(await costOf(home, () => a.beat())).toEqual({ metaGet: 3, metaQuery: 1, metaPut: 4 })
})
