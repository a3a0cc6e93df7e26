import { describe, expect, test } from "vitest"
import type { FetchFunction } from "../../client/edge/fetch-transport.ts"
import { Admin, type Consumer, type RebalanceListener } from "../../client/index.ts"
import { openConsumer, openProducer, openServer } from "./support.ts"

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `${from + at}`)

async function serverWith(count: number, partitions: number) {
  const server = await openServer()
  await server.log.createTopic({ name: "t", partitions, owner: "http" })
  const producer = openProducer({ url: server.url, batchBytes: 500, lingerMs: 0 })
  const send = async (values: readonly string[]) => {
    for (const value of values) producer.send({ topic: "t", partition: Number(value) % partitions, value })
    await producer.flush()
  }
  await send(numbers(count))
  return { ...server, send, admin: new Admin({ url: server.url }) }
}

/** With the shortest session, and so the shortest interval of heartbeats. */
const options = (url: string) => ({
  url,
  group: "g",
  autoOffsetReset: "earliest" as const,
  sessionTimeoutMs: 6_000,
})

function listening(name: string, seen: string[]): RebalanceListener {
  const told = (what: string) => (partitions: readonly { readonly partition: number }[]) => {
    seen.push(
      `${name} ${what} ${partitions
        .map(({ partition }) => partition)
        .sort()
        .join()}`,
    )
  }
  return { onAssigned: told("+"), onRevoked: told("-"), onLost: told("!") }
}

async function take(consumer: Consumer, count: number): Promise<string[]> {
  const found: string[] = []
  for await (const record of consumer) {
    found.push(record.text ?? "null")
    if (found.length === count) break
  }
  return found
}

const sorted = (values: readonly string[]) => [...values].sort((a, b) => Number(a) - Number(b))

describe("a group", () => {
  test("a lone member reads all partitions, and goes on after those who left where they had committed", async () => {
    const { url, send, admin } = await serverWith(100, 4)
    const first = openConsumer(options(url))
    first.subscribe({ topics: ["t"] })
    expect(sorted(await take(first, 100))).toEqual(numbers(100))
    expect(first.assignment().length).toBe(4)
    // The last record is not done with: nothing was asked for after it.
    await first.close()
    const lags = await admin.lag("g")
    expect(lags.reduce((sum, { lag }) => sum + lag, 0)).toBe(1)
    await send(numbers(20, 100))
    const second = openConsumer(options(url))
    second.subscribe({ pattern: "t.*" })
    const found = await take(second, 21)
    expect(sorted(found).slice(1)).toEqual(numbers(20, 100))
    await second.commit()
    await second.close()
    expect((await admin.lag("g")).every(({ lag }) => lag === 0)).toBe(true)
  })

  test("partitions go from member to member, and no record is missed", async () => {
    const { url, send, admin } = await serverWith(40, 4)
    const seen: string[] = []
    const found: string[] = []
    const reading = async (consumer: Consumer) => {
      for await (const record of consumer) found.push(record.text ?? "null")
    }
    const a = openConsumer(options(url))
    a.subscribe({ topics: ["t"] }, listening("a", seen))
    const loops = [reading(a)]
    await expect.poll(() => found.length, { timeout: 10_000 }).toBe(40)
    const b = openConsumer(options(url))
    b.subscribe({ topics: ["t"] }, listening("b", seen))
    loops.push(reading(b))
    await expect.poll(() => b.assignment().length, { timeout: 20_000 }).toBe(2)
    expect(a.assignment().length).toBe(2)
    expect((await admin.describeGroup("g")).members.length).toBe(2)
    await send(numbers(40, 40))
    await expect.poll(() => new Set(found).size, { timeout: 10_000 }).toBe(80)
    await b.close()
    await expect.poll(() => a.assignment().length, { timeout: 20_000 }).toBe(4)
    await send(numbers(40, 80))
    await expect.poll(() => new Set(found).size, { timeout: 10_000 }).toBe(120)
    await a.close()
    await Promise.all(loops)
    expect(sorted([...new Set(found)])).toEqual(numbers(120))
    expect(seen[0]).toBe("a + 0,1,2,3")
    expect(seen.filter(line => line.startsWith("a -")).length).toBeGreaterThan(0)
    expect(seen.some(line => line.includes("!"))).toBe(false)
  })

  test("who is no member any more hears of its loss, and joins again", async () => {
    const { url, log } = await serverWith(10, 1)
    const seen: string[] = []
    const consumer = openConsumer({ ...options(url), autoCommit: false })
    consumer.subscribe({ topics: ["t"] }, listening("a", seen))
    expect((await take(consumer, 10)).length).toBe(10)
    const [{ member, memberEpoch }] = (await log.groups.describe("g")).members
    await log.groups.leave("g", { member, memberEpoch })
    // Nothing was committed: all is read again.
    expect((await take(consumer, 10)).length).toBe(10)
    await consumer.commit()
    expect(await consumer.committed({ topic: "t", partition: 0 })).toBe(10)
    expect(seen).toEqual(["a + 0", "a ! 0", "a + 0"])
  })

  test("a static member's partitions wait for its return; who comes under its name ends it", async () => {
    const { url, admin } = await serverWith(10, 2)
    const first = openConsumer({ ...options(url), instanceId: "one" })
    first.subscribe({ topics: ["t"] })
    await take(first, 10)
    await first.commit()
    await first.close()
    expect((await admin.describeGroup("g")).members).toMatchObject([{ instanceId: "one" }])
    const second = openConsumer({ ...options(url), instanceId: "one" })
    second.subscribe({ topics: ["t"] })
    await expect.poll(() => second.assignment().length, { timeout: 10_000 }).toBe(2)
    expect(second.assignment().map(at => second.position(at))).toEqual([5, 5])
    const third = openConsumer({ ...options(url), instanceId: "one" })
    third.subscribe({ topics: ["t"] })
    await expect.poll(() => third.assignment().length, { timeout: 10_000 }).toBe(2)
    await expect(second.poll()).rejects.toMatchObject({
      code: "fenced_member",
      message: expect.stringContaining("another consumer runs under instanceId one"),
    })
  })

  test("a revoked partition is given up once its record is done with, and committed", async () => {
    const { url, admin } = await serverWith(8, 2)
    const seen: string[] = []
    const order: string[] = []
    let told = false
    const first = openConsumer({
      ...options(url),
      fetch: async (target, init) => {
        const reply = await fetch(target, init)
        const text = await reply.clone().text()
        told ||= target.includes("/members/") && text.split('"partition"').length === 2
        return reply
      },
    })
    // The group takes back the last: that is the one to be held.
    first.subscribe(
      { topics: ["t"] },
      {
        onAssigned: partitions => first.pause(partitions.filter(({ partition }) => partition === 0)),
        onRevoked: ([revoked]) => void order.push(`${revoked.partition} revoked`),
      },
    )
    const second = openConsumer(options(url))
    const loop = (async () => {
      for await (const record of first) {
        seen.push(record.text ?? "")
        if (seen.length !== 1) continue
        second.subscribe({ topics: ["t"] })
        await expect.poll(() => told, { timeout: 20_000 }).toBe(true)
        await new Promise(resolve => setTimeout(resolve, 100))
        order.push("done")
        first.resume([{ topic: "t", partition: 0 }])
      }
    })()
    await expect.poll(() => second.assignment().length, { timeout: 20_000 }).toBe(1)
    expect(order).toEqual(["done", "1 revoked"])
    await first.close()
    await loop
    const found = new Set(seen)
    while (found.size < 8)
      for (const record of (await second.poll(10_000)) ?? []) found.add(record.text ?? "")
    expect(sorted([...found])).toEqual(numbers(8))
    expect((await admin.describeGroup("g")).members.length).toBe(1)
  })

  test("is left by who closes, though what it would commit is refused; who may not join for now does so later", async () => {
    const { url, log } = await serverWith(1, 1)
    let isNew = true
    const fetching: FetchFunction = async (to, init) => {
      const joins = isNew && to.includes("/members/")
      isNew &&= !joins
      if (joins || (init.method === "POST" && to.endsWith("/offsets")))
        return new Response('{"reason":"forbidden","message":"m"}', { status: 403 })
      return fetch(to, init)
    }
    const consumer = openConsumer({ ...options(url), fetch: fetching })
    consumer.subscribe({ topics: ["t"] })
    await expect(consumer.poll(20_000)).rejects.toMatchObject({ code: "forbidden" })
    expect((await consumer.poll(20_000))?.records()).toHaveLength(1)
    await consumer.poll(0)
    await expect(consumer.close()).rejects.toMatchObject({ code: "forbidden" })
    expect((await log.groups.describe("g")).members).toEqual([])
  })

  test("an admin sees a group, and sets its offsets once it has no members", async () => {
    const { url, admin } = await serverWith(10, 2)
    const consumer = openConsumer(options(url))
    consumer.subscribe({ topics: ["t"] })
    await take(consumer, 10)
    await consumer.commit()
    const reset = () => admin.resetOffsets("g", [{ topic: "t", to: "earliest" }])
    await expect(reset()).rejects.toMatchObject({ code: "group_in_use", status: 409 })
    await consumer.close()
    expect((await reset()).map(({ offset }) => offset)).toEqual([0, 0])
    expect(await admin.listGroups()).toEqual([{ group: "g", state: "empty" }])
    expect((await admin.committed("g", "t")).length).toBe(2)
    await admin.deleteGroup("g")
    await expect(admin.describeGroup("g")).rejects.toMatchObject({ code: "unknown_group" })
  })

  test("only what has moved is committed: many partitions fit a transaction", async () => {
    const { url, log, send } = await serverWith(120, 120)
    const sums: number[] = []
    const fetching: FetchFunction = (to, init) => {
      const isCommit = init.method === "POST" && to.endsWith("/offsets")
      if (isCommit) sums.push(JSON.parse(new TextDecoder().decode(init.body as Uint8Array)).offsets.length)
      return fetch(to, init)
    }
    const first = openConsumer({ ...options(url), autoCommit: false, fetch: fetching })
    first.subscribe({ topics: ["t"] })
    await take(first, 120)
    await first.commit()
    await send(numbers(3))
    await take(first, 3)
    const producer = openProducer({ url, transactionalId: "x" })
    await producer.transaction(tx => tx.sendOffsets(first))
    await first.commit()
    expect(sums).toEqual([120, 3])
    expect((await log.groups.lag("g")).reduce((sum, { lag }) => sum + lag, 0)).toBe(0)
  })

  test("assigned partitions go on where their group committed", async () => {
    const { url } = await serverWith(10, 1)
    const at = { topic: "t", partition: 0 }
    const first = openConsumer(options(url))
    await first.assign([at])
    await take(first, 4)
    await first.commit()
    await first.close()
    const second = openConsumer(options(url))
    await second.assign([at])
    expect(await take(second, 6)).toEqual(numbers(6, 4))
  })
})
