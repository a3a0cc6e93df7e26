import { describe, expect, test } from "vitest"
import { memoryPorts } from "../support/memory-ports.ts"
import { append, batch, failure, openWithTopic, readAll, records } from "./support.ts"

describe("append and fetch", () => {
  test("records are read back in order, with dense offsets", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    expect(await append(log, ["a", "b"])).toEqual({ partition: 0, baseOffset: 0, count: 2 })
    expect(await append(log, ["c"])).toEqual({ partition: 0, baseOffset: 2, count: 1 })
    const all = [
      [0, "a"],
      [1, "b"],
      [2, "c"],
    ]
    expect(await readAll(log, id)).toEqual(all)
    expect(await readAll(log, id, 0, 1)).toEqual(all.slice(1))
    expect(await log.offsets(id, 0)).toEqual({ beginningOffset: 0, endOffset: 3, lastStableOffset: 3 })
  })

  test("a second process sees what the first acknowledged, and both append", async () => {
    const ports = memoryPorts()
    const { log, id } = await openWithTopic(ports)
    const other = memoryPorts({ stores: ports.stores, seed: 1 })
    const { openLog } = await import("../../shared/log/open-log.ts")
    const second = openLog(other)
    const values = Array.from({ length: 40 }, (_, index) => `v${index}`)
    await Promise.all(values.map((value, index) => append(index % 2 === 0 ? log : second, [value])))
    const read = await readAll(second, id)
    expect(read.map(([offset]) => offset)).toEqual(values.map((_, index) => index))
    expect(read.map(([, value]) => value).sort()).toEqual([...values].sort())
    expect(await readAll(log, id)).toEqual(read)
  })

  test("large payloads go through one object and come back whole, in batches that a reply can carry", async () => {
    const ports = memoryPorts()
    const { log, id } = await openWithTopic(ports)
    const values = Array.from({ length: 3_000 }, (_, index) => `${index}:${"x".repeat(1_000)}`)
    expect(await append(log, values)).toEqual({ partition: 0, baseOffset: 0, count: 3_000 })
    expect((await readAll(log, id)).map(([, value]) => value)).toEqual(values)
    const fetched = await log.fetch(id, 0, { offset: 0, maxBytes: 1 })
    expect(fetched.batches).toHaveLength(1)
    expect(fetched.batches[0].bytes.length).toBeLessThanOrEqual(1024 * 1024)
  })

  test("an encoded batch is stored byte for byte but for its base offset", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    await append(log, ["first"])
    const bytes = batch(["x", "y"])
    const [result] = await log.append({ topic: "events", parts: [{ partition: 0, batch: bytes }] })
    expect(result).toEqual({ partition: 0, baseOffset: 1, count: 2 })
    const fetched = await log.fetch(id, 0, { offset: 1, maxBytes: 1_000 })
    expect(fetched.batches[0].bytes.subarray(12)).toEqual(bytes.subarray(12))
    expect(new DataView(fetched.batches[0].bytes.buffer).getBigInt64(0)).toBe(1n)
  })

  test("a corrupt batch is refused, says what is wrong, and the next append works", async () => {
    const { log } = await openWithTopic(memoryPorts())
    const bytes = batch(["x"])
    bytes[bytes.length - 2] ^= 1
    const refused = await failure(
      log.append({ topic: "events", parts: [{ partition: 0, batch: bytes }] }).then(([result]) => result),
    )
    expect(refused.code).toBe("corrupt_batch")
    expect(refused.message).toMatch(/crc/i)
    expect(await append(log, ["y"])).toEqual({ partition: 0, baseOffset: 0, count: 1 })
  })

  test("unknown topics and partitions are named", async () => {
    const { log } = await openWithTopic(memoryPorts(), 2)
    expect(await failure(append(log, ["x"], { topic: "nope" }))).toMatchObject({
      code: "unknown_topic",
      message: "topic nope does not exist",
    })
    expect(await failure(append(log, ["x"], { partition: 2 }))).toMatchObject({
      code: "unknown_partition",
      message: "partition 2 of events does not exist: expected 0 to 1",
    })
    expect(await append(log, ["y"], { partition: 1 })).toMatchObject({ baseOffset: 0 })
  })

  test("keyless records that wait together go to one partition", async () => {
    const { log } = await openWithTopic(memoryPorts(), 16)
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => append(log, [`v${index}`], { partition: "any" })),
    )
    expect(new Set(results.map(result => result.partition)).size).toBe(1)
  })

  test("a fetch waits for the first record, and no longer than it may", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    const waiting = log.fetch(id, 0, { offset: 0, maxBytes: 1_000, waitMs: 20_000 })
    await append(log, ["x"])
    expect((await waiting).batches).toHaveLength(1)
    expect((await log.fetch(id, 0, { offset: 1, maxBytes: 1_000, waitMs: 5 })).batches).toEqual([])
  })

  test("offsets by timestamp", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    for (const [index, timestamp] of [1_000, 3_000, 2_000].entries()) {
      const bytes = batch([`v${index}`], timestamp)
      await log.append({ topic: "events", parts: [{ partition: 0, batch: bytes }] })
    }
    expect(await log.offsetForTimestamp(id, 0, 0)).toBe(0)
    expect(await log.offsetForTimestamp(id, 0, 1_001)).toBe(1)
    expect(await log.offsetForTimestamp(id, 0, 3_001)).toBe(3)
  })
})

describe("idempotent producers", () => {
  const producer = (sequence: number, epoch = 0) => ({ producer: { id: "p", epoch, sequence } })

  test("a repeat of one of the last five appends is answered with its offsets", async () => {
    const ports = memoryPorts()
    const { log, id } = await openWithTopic(ports)
    for (let sequence = 0; sequence < 6; sequence++) await append(log, [`v${sequence}`], producer(sequence))
    expect(await append(log, ["v1"], producer(1))).toEqual({ partition: 0, baseOffset: 1, count: 1 })
    expect(await failure(append(log, ["v0"], producer(0)))).toMatchObject({ code: "duplicate" })
    // A process that knows nothing yet answers alike.
    const { openLog } = await import("../../shared/log/open-log.ts")
    const second = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
    expect(await append(second, ["v5"], producer(5))).toEqual({ partition: 0, baseOffset: 5, count: 1 })
    expect(await readAll(log, id)).toHaveLength(6)
  })

  test("repeats that wait beside their original are stored once", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    const results = await Promise.all(
      [0, 1, 0, 1].map(sequence => append(log, [`v${sequence}`], producer(sequence))),
    )
    expect(results.map(result => (result as { baseOffset: number }).baseOffset)).toEqual([0, 1, 0, 1])
    expect(await readAll(log, id)).toEqual([
      [0, "v0"],
      [1, "v1"],
    ])
  })

  test("gaps, overlaps and old epochs are refused by name", async () => {
    const { log } = await openWithTopic(memoryPorts())
    expect(await failure(append(log, ["x"], producer(3)))).toMatchObject({
      code: "gap",
      detail: { expected: 0 },
    })
    await append(log, ["a", "b", "c"], producer(0))
    expect(await failure(append(log, ["x"], producer(5)))).toMatchObject({
      code: "gap",
      detail: { expected: 3 },
    })
    expect(await failure(append(log, ["b", "c"], producer(1)))).toMatchObject({ code: "sequence_conflict" })
    expect(await append(log, ["new"], producer(0, 1))).toMatchObject({ baseOffset: 3 })
    expect(await failure(append(log, ["old"], producer(3, 0)))).toMatchObject({
      code: "fenced",
      detail: { epoch: 1 },
    })
    expect(await append(log, ["newer"], producer(1, 1))).toMatchObject({ baseOffset: 4 })
  })

  test("the sixth append of a producer under way is refused", async () => {
    const { log } = await openWithTopic(memoryPorts())
    const results = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(sequence => append(log, ["x"], producer(sequence))),
    )
    expect(results.slice(0, 5).every(result => "baseOffset" in result)).toBe(true)
    expect(await failure(Promise.resolve(results[5]))).toMatchObject({ code: "too_many_in_flight" })
    expect(await append(log, ["x"], producer(5))).toMatchObject({ baseOffset: 5 })
  })

  test("encoded batches carry only ids that were given out", async () => {
    const { log } = await openWithTopic(memoryPorts())
    const { id } = await log.createProducer()
    const send = (bytes: Uint8Array) =>
      log.append({ topic: "events", parts: [{ partition: 0, batch: bytes }] }).then(([result]) => result)
    expect(await send(batch(["x"], 1, Number(id), 0))).toMatchObject({ baseOffset: 0 })
    expect(await send(batch(["x"], 1, Number(id), 0))).toMatchObject({ baseOffset: 0 })
    expect(await append(log, ["y"], { producer: { id, epoch: 0, sequence: 1 } })).toMatchObject({
      baseOffset: 1,
    })
    expect(await failure(send(batch(["x"], 1, 12_345, 0)))).toMatchObject({ code: "invalid_producer" })
  })

  test("a producer's request lands on one partition", async () => {
    const { log } = await openWithTopic(memoryPorts(), 2)
    const parts = [0, 1].map(partition => ({ partition, records: records("x") }))
    const request = { topic: "events", parts, producer: { id: "p", epoch: 0, sequence: 0 } }
    expect(await failure(log.append(request))).toMatchObject({ code: "not_one_partition" })
  })
})
