import { describe, expect, test } from "vitest"
import type { Consumer } from "../../client/index.ts"
import { faultyFetch, openConsumer, openProducer, openServer } from "./support.ts"

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `${from + at}`)

async function serverWith(count: number, partitions = 1) {
  const server = await openServer()
  await server.log.createTopic({ name: "t", partitions, owner: "http" })
  const producer = openProducer({ url: server.url, batchBytes: 500 })
  for (const [at, value] of numbers(count).entries())
    producer.send({ topic: "t", partition: at % partitions, value, timestamp: 1_000 + at })
  await producer.flush()
  return { ...server, producer }
}

async function take(consumer: Consumer, count: number): Promise<string[]> {
  const found: string[] = []
  if (count === 0) return found
  for await (const record of consumer) {
    found.push(record.text ?? "null")
    if (found.length === count) break
  }
  return found
}

const at = { topic: "t", partition: 0 }

describe("a consumer of assigned partitions", () => {
  test("reads records one by one, in order, and goes on where the loop was left", async () => {
    const { url } = await serverWith(200)
    const consumer = openConsumer({ url })
    await consumer.assign([{ ...at, from: "earliest" }])
    expect(await take(consumer, 3)).toEqual(["0", "1", "2"])
    expect(consumer.position(at)).toBe(3)
    expect(await take(consumer, 197)).toEqual(numbers(197, 3))
    expect(consumer.lag(at)).toBe(0)
    expect(await consumer.bounds(at)).toEqual({ startOffset: 0, endOffset: 200 })
  })

  test("begins where it is told: an offset, a time, the end", async () => {
    const { url, producer } = await serverWith(50)
    const from = async (place: number | "latest" | { timestamp: number }) => {
      const consumer = openConsumer({ url })
      await consumer.assign([{ ...at, from: place }])
      return consumer
    }
    expect(await take(await from(48), 2)).toEqual(["48", "49"])
    expect(await take(await from({ timestamp: 1_047 }), 3)).toEqual(["47", "48", "49"])
    const late = await from("latest")
    expect(await late.poll(100)).toBeUndefined()
    await producer.send({ ...at, value: "new" })
    expect(await take(late, 1)).toEqual(["new"])
  })

  test("seeks within the loop, and pauses and resumes", async () => {
    const { url } = await serverWith(100, 2)
    const consumer = openConsumer({ url })
    const other = { topic: "t", partition: 1 }
    await consumer.assign([
      { ...at, from: "earliest" },
      { ...other, from: "earliest" },
    ])
    consumer.pause([other])
    const found: number[] = []
    for await (const record of consumer) {
      expect(record.partition).toBe(0)
      found.push(record.offset)
      if (found.length === 5) consumer.seek(at, 40)
      if (found.length === 15) break
    }
    expect(found).toEqual([0, 1, 2, 3, 4, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49])
    expect(await consumer.poll(50)).toBeUndefined()
    consumer.resume([other])
    expect((await take(consumer, 50)).length).toBe(50)
    expect(() => consumer.seek({ topic: "t", partition: 9 }, 0)).toThrow(/t\/9: is not among the partitions/)
  })

  test("prefetches no more than it is told, about, and no partition is starved", async () => {
    const { url } = await serverWith(3_000, 3)
    const consumer = openConsumer({ url, prefetchBytes: 3_000, fetchBytes: 1_000 })
    await consumer.assign([0, 1, 2].map(partition => ({ topic: "t", partition, from: "earliest" })))
    const counts = [0, 0, 0]
    for await (const batch of consumer.batches()) {
      for (const record of batch) counts[record.partition]++
      if (counts[0] + counts[1] + counts[2] >= 3_000) break
    }
    expect(counts).toEqual([1_000, 1_000, 1_000])
  })

  test("a network that loses replies costs time alone", async () => {
    const { url } = await serverWith(300)
    const fetch = faultyFetch((path, count) => (path === "/fetch" && count % 2 === 0 ? "lose reply" : "none"))
    const consumer = openConsumer({ url, fetch, fetchBytes: 600 })
    await consumer.assign([{ ...at, from: "earliest" }])
    expect(await take(consumer, 300)).toEqual(numbers(300))
  })

  test("waits for what comes, of any partition", async () => {
    const { url, producer } = await serverWith(0, 3)
    const consumer = openConsumer({ url, waitMs: 20_000 })
    await consumer.assign([0, 1, 2].map(partition => ({ topic: "t", partition, from: "earliest" })))
    const waiting = take(consumer, 2)
    await producer.send({ topic: "t", partition: 1, value: "a" })
    await producer.send({ topic: "t", partition: 2, value: "b" })
    expect((await waiting).sort()).toEqual(["a", "b"])
  })

  test("its end ends its loops", async () => {
    const { url } = await serverWith(1)
    const consumer = openConsumer({ url, waitMs: 20_000 })
    await consumer.assign([{ ...at, from: "earliest" }])
    const reading = take(consumer, 2)
    await new Promise(resolve => setTimeout(resolve, 50))
    await consumer.close()
    expect(await reading).toEqual(["0"])
    await expect(consumer.poll(0)).rejects.toMatchObject({ code: "closed" })
  })

  test("what cannot be read is told, and the next call goes on", async () => {
    const { url } = await serverWith(1)
    const consumer = openConsumer({ url })
    await consumer.assign([
      { topic: "none", partition: 0, from: 0 },
      { ...at, from: 0 },
    ])
    const failures: string[] = []
    const values: string[] = []
    while (values.length === 0 || failures.length === 0) {
      try {
        for (const record of (await consumer.poll(5_000)) ?? []) values.push(record.text ?? "")
      } catch (error) {
        failures.push((error as { code: string }).code)
      }
    }
    expect([failures[0], values[0]]).toEqual(["unknown_topic", "0"])
  })

  test("wrong options, and what needs a group, are refused by name", async () => {
    const { url } = await serverWith(1)
    const wrong = (options: object) => () => openConsumer({ url, ...options })
    expect(wrong({ waitMs: 30_000 })).toThrow("waitMs: expected 0 to 25000, got 30000")
    expect(wrong({ autoOffsetReset: "begin" })).toThrow(/^autoOffsetReset: expected earliest, latest, error/)
    expect(wrong({ url: "localhost:7070" })).toThrow(/^url: expected http/)
    const consumer = openConsumer({ url })
    expect(() => consumer.subscribe({ topics: ["t"] })).toThrow("group: is missing")
    await expect(consumer.commit()).rejects.toThrow("group: is missing")
    await consumer.assign([{ ...at, from: 0 }])
    await expect(consumer.assign([])).rejects.toThrow("reads already")
    expect(await take(consumer, 1)).toEqual(["0"])
  })
})
