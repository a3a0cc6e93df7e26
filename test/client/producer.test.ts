import { describe, expect, test } from "vitest"
import { partitionForKey } from "../../shared/log/records/index.ts"
import { type Fault, faultyFetch, openProducer, openServer, readAll } from "./support.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, at) => `${at}`)

describe("a producer", () => {
  test("appends what it is given, and tells where it stands", async () => {
    const { url, log } = await openServer()
    await log.createTopic({ name: "t", partitions: 3, owner: "http" })
    const producer = openProducer({ url })
    const sent = numbers(500).map(value => producer.send({ topic: "t", key: `k${Number(value) % 7}`, value }))
    const delivered = await Promise.all(sent)
    const found = await readAll(url, "t", 3, 500)
    for (const [at, { partition, offset }] of delivered.entries()) {
      expect(partition).toBe(partitionForKey(Buffer.from(`k${at % 7}`), 3))
      expect(found[partition][offset]).toBe(`${at}`)
    }
  })

  test("keeps the order of sends, and carries all that a record has", async () => {
    const { url, log } = await openServer()
    await log.createTopic({ name: "t", partitions: 1, owner: "http" })
    const producer = openProducer({ url, lingerMs: 0, batchBytes: 200, compression: "zstd" })
    for (const value of numbers(300)) producer.send({ topic: "t", value })
    await producer.flush()
    const record = { topic: "t", key: Uint8Array.of(1), value: null, timestamp: 77, headers: { a: "b" } }
    expect(await producer.send(record)).toEqual({ partition: 0, offset: 300 })
    const found = await readAll(url, "t", 1, 301)
    expect(found[0]).toEqual([...numbers(300), "null"])
  })

  test("keyless records use all partitions", async () => {
    const { url, log } = await openServer()
    await log.createTopic({ name: "t", partitions: 4, owner: "http" })
    const producer = openProducer({ url, batchBytes: 400 })
    const delivered = await Promise.all(numbers(2_000).map(value => producer.send({ topic: "t", value })))
    expect(new Set(delivered.map(({ partition }) => partition)).size).toBe(4)
    const chosen = await producer.send({ topic: "t", partition: 2, value: "x" })
    expect(chosen.partition).toBe(2)
  })

  const faults: readonly Fault[] = ["lose request", "lose reply", "twice", "status 503"]

  test.each([1, 2, 3])("appends each record once, in order, whatever the network does (%i)", async seed => {
    const { url, log } = await openServer()
    await log.createTopic({ name: "t", partitions: 2, owner: "http" })
    let state = seed
    const fetch = faultyFetch(() => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 16) % 2 === 0 ? "none" : faults[(state >>> 20) % faults.length]
    })
    const producer = openProducer({ url, fetch, lingerMs: 1, batchBytes: 300, requestsMax: 3 })
    const delivered = numbers(1_000).map(value =>
      producer.send({ topic: "t", partition: Number(value) % 2, value }),
    )
    await producer.flush()
    const found = await readAll(url, "t", 2, 1_000)
    expect(found[0]).toEqual(numbers(1_000).filter(value => Number(value) % 2 === 0))
    expect(found[1]).toEqual(numbers(1_000).filter(value => Number(value) % 2 === 1))
    for (const [at, { partition, offset }] of (await Promise.all(delivered)).entries())
      expect(found[partition][offset]).toBe(`${at}`)
  })

  test("goes on where the server has forgotten it", async () => {
    const { url, log } = await openServer()
    await log.createTopic({ name: "t", partitions: 1, owner: "http" })
    const producer = openProducer({ url })
    await producer.send({ topic: "t", value: "0" })
    // A topic made anew knows no producer.
    await log.deleteTopic("t", "http")
    await log.createTopic({ name: "t", partitions: 1, owner: "http" })
    expect(await producer.send({ topic: "t", value: "1" })).toEqual({ partition: 0, offset: 0 })
    expect(await producer.send({ topic: "t", value: "2" })).toEqual({ partition: 0, offset: 1 })
  })
})
