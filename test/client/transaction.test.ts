import { describe, expect, test } from "vitest"
import type { FetchFunction } from "../../client/edge/fetch-transport.ts"
import { Admin } from "../../client/index.ts"
import { faultyFetch, openConsumer, openProducer, openServer, readAll } from "./support.ts"

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `${from + at}`)

async function server(partitions = 2) {
  const opened = await openServer()
  await opened.log.createTopic({ name: "t", partitions, owner: "http" })
  await opened.log.createTopic({ name: "out", partitions, owner: "http" })
  return { ...opened, admin: new Admin({ url: opened.url }) }
}

const readSorted = async (url: string, topic: string, count: number) =>
  (await readAll(url, topic, 2, count)).flat().sort((a, b) => Number(a) - Number(b))

describe("a transaction", () => {
  test("stands as a whole, one after the other", async () => {
    const { url, admin } = await server()
    const producer = openProducer({ url, transactionalId: "x" })
    for (let round = 0; round < 3; round++) {
      const done = await producer.transaction(async tx => {
        for (const value of numbers(10, 10 * round))
          await tx.send({ topic: "t", partition: Number(value) % 2, value })
        return round
      })
      expect(done).toBe(round)
    }
    expect(await readSorted(url, "t", 30)).toEqual(numbers(30))
    expect((await admin.listTransactions()).map(({ transactionalId }) => transactionalId)).toEqual(["x"])
    // Small ones write no markers: all offsets are records'.
    expect((await admin.offsets({ topic: "t", partition: 0 })).endOffset).toBe(15)
  })

  test("what throws leaves nothing, whatever it had sent, and the next one stands", async () => {
    const { url } = await server()
    const producer = openProducer({ url, transactionalId: "x" })
    const big = "x".repeat(100_000)
    const failing = (count: number) =>
      producer.transaction(async tx => {
        for (let at = 0; at < count; at++) await tx.send({ topic: "t", partition: at % 2, value: big })
        throw new Error("of the body")
      })
    await expect(failing(3)).rejects.toThrow("of the body")
    await expect(failing(60)).rejects.toThrow("of the body")
    await producer.transaction(async tx => {
      await tx.send({ topic: "t", partition: 0, value: "0" })
      await tx.send({ topic: "t", partition: 1, value: "1" })
    })
    expect(await readSorted(url, "t", 2)).toEqual(["0", "1"])
  })

  test("one that is too large to be held is appended before it is committed", async () => {
    const { url } = await server()
    const producer = openProducer({ url, transactionalId: "x", bufferBytes: 3_000_000 })
    const filler = "y".repeat(100_000)
    await producer.transaction(async tx => {
      for (const value of numbers(100)) {
        await tx.send({ topic: "t", partition: Number(value) % 2, value: value.padStart(10) + filler })
      }
    })
    const found = await readAll(url, "t", 2, 100)
    expect(found[0].map(value => Number(value.slice(0, 10)))).toEqual(
      numbers(50).map(value => 2 * Number(value)),
    )
    expect(found[1].length).toBe(50)
  })

  test.each(["lose request", "lose reply", "twice"] as const)(
    "a network that does this costs nothing: %s",
    async fault => {
      const { url, log } = await server()
      const fetch = faultyFetch((_, count) => (count % 2 === 1 ? fault : "none"))
      const producer = openProducer({ url, fetch, transactionalId: "x" })
      const filler = "z".repeat(300_000)
      for (let round = 0; round < 4; round++) {
        await producer.transaction(async tx => {
          const isLarge = round % 2 === 1
          for (let at = 0; at < (isLarge ? 14 : 2); at++)
            await tx.send({
              topic: "t",
              partition: at % 2,
              value: isLarge ? `${round}${filler}` : `${round}`,
            })
        })
      }
      const found = (await readAll(url, "t", 2, 18)).flat().map(value => value[0])
      expect([0, 1, 2].map(round => found.filter(value => value === `${round}`).length)).toEqual([2, 14, 2])
      const { id } = await log.topic("t")
      const { endOffset, lastStableOffset } = await log.offsets(id, 0)
      expect(lastStableOffset).toBe(endOffset)
    },
  )

  test("moves records from topic to topic once each, with the offsets of what it read", async () => {
    const { url, log } = await server()
    const source = openProducer({ url })
    for (const value of numbers(50)) source.send({ topic: "t", value })
    await source.flush()
    const group = "mover"
    const fetch = faultyFetch((path, count) =>
      path.endsWith("/commit") && count % 3 === 0 ? "lose reply" : "none",
    )
    for (let life = 0, moved = 0; moved < 50; life++) {
      const consumer = openConsumer({
        url,
        group,
        autoCommit: false,
        autoOffsetReset: "earliest",
        sessionTimeoutMs: 6_000,
      })
      const producer = openProducer({ url, fetch, transactionalId: "mover" })
      consumer.subscribe({ topics: ["t"] })
      for (let round = 0; round < 2 && moved < 50; round++) {
        const batch = await consumer.poll(10_000)
        if (batch === undefined) break
        const records = batch.records().slice(0, 13)
        const move = producer.transaction(async tx => {
          for (const record of records) await tx.send({ topic: "out", value: record.value })
          const { topic, partition } = batch
          tx.sendOffsets(consumer, [{ topic, partition, offset: records[records.length - 1].offset + 1 }])
          if (life === 0 && round === 1) throw new Error("dies")
        })
        if (
          await move.then(
            () => true,
            () => false,
          )
        )
          moved += records.length
        // Of the batch, thirteen records were moved at most.
        await consumer.rewind()
      }
      await consumer.close()
      await producer.close()
    }
    expect(await readSorted(url, "out", 50)).toEqual(numbers(50))
    expect((await log.groups.lag(group)).reduce((sum, { lag }) => sum + lag, 0)).toBe(0)
  })

  test("who is replaced is told so, and stops", async () => {
    const { url } = await server()
    const [first, second] = [1, 2].map(() => openProducer({ url, transactionalId: "x" }))
    const send = (producer: typeof first, value: string) =>
      producer.transaction(tx => tx.send({ topic: "t", partition: 0, value }))
    await send(first, "0")
    await send(second, "1")
    await expect(send(first, "no")).rejects.toMatchObject({ code: "fenced" })
    await expect(send(first, "no")).rejects.toMatchObject({ code: "fenced" })
    await send(second, "2")
    expect((await readAll(url, "t", 1, 3))[0]).toEqual(["0", "1", "2"])
  })

  test("what of a failed one is still under way is never part of the next", async () => {
    const { url, log } = await server()
    await log.createTopic({
      name: "keyed",
      partitions: 1,
      owner: "http",
      config: { "cleanup.policy": "compact" },
    })
    const kept: (() => Promise<unknown>)[] = []
    let produces = 0
    const late: FetchFunction = (to, init) => {
      if (!to.endsWith("/produce") || ++produces !== 2) return fetch(to, init)
      kept.push(() => fetch(to, { ...init, signal: null }).then(reply => reply.text()))
      return new Promise(() => undefined)
    }
    const producer = openProducer({ url, transactionalId: "x", fetch: late })
    const value = "v".repeat(2_500_000)
    const failing = producer.transaction(async tx => {
      await tx.send({ topic: "keyed", value })
      await tx.send({ topic: "keyed", key: "bad", value })
      await tx.send({ topic: "keyed", key: "bad", value })
    })
    await expect(failing).rejects.toMatchObject({ code: "compaction_needs_key" })
    await producer.transaction(async tx => {
      for (const arrive of kept) await arrive()
      for (const key of ["1", "2", "3"]) await tx.send({ topic: "keyed", key, value: key + value })
    })
    const found = (await readAll(url, "keyed", 1, 3))[0].map(text => text[0])
    expect([kept.length, found]).toEqual([1, ["1", "2", "3"]])
  })

  test("what cannot be is refused with what to do", async () => {
    const { url } = await server()
    await expect(openProducer({ url }).transaction(() => 1)).rejects.toThrow("transactionalId: is missing")
    const producer = openProducer({ url, transactionalId: "x" })
    await expect(producer.send({ topic: "t", value: "v" })).rejects.toThrow("inside of transaction() alone")
    const nested = producer.transaction(() => producer.transaction(() => 1))
    await expect(nested).rejects.toThrow("one is under way already")
    const unknown = producer.transaction(tx => tx.send({ topic: "none", value: "v" }))
    await expect(unknown).rejects.toMatchObject({ code: "unknown_topic" })
    // Not awaited, it is told all the same.
    const unheard = producer.transaction(tx => void tx.send({ topic: "t", partition: 9, value: "v" }))
    await expect(unheard).rejects.toMatchObject({ code: "unknown_partition" })
    let kept: Parameters<Parameters<typeof producer.transaction>[0]>[0] | undefined
    await producer.transaction(tx => {
      kept = tx
      return tx.send({ topic: "t", partition: 0, value: "0" })
    })
    await expect(kept?.send({ topic: "t", value: "late" })).rejects.toMatchObject({ code: "closed" })
    expect((await readAll(url, "t", 1, 1))[0]).toEqual(["0"])
  })
})
