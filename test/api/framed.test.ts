import { describe, expect, test } from "vitest"
import { LogError } from "../../shared/log/errors.ts"
import { cutPayload, decodeRecords, readFrame, writeFrame } from "../../shared/log/records/index.ts"
import type { Log } from "../../shared/log/types.ts"
import { valuesBatch } from "../log/records/support.ts"
import { type Answer, openApi, type TestApi } from "./support.ts"

const framed = { "content-type": "application/vnd.millrace.framed" }

interface Sent {
  readonly topic: string
  readonly partition: number
  readonly batch: Uint8Array
}

const bodyOf = (sent: readonly Sent[]) =>
  writeFrame(
    { batches: sent.map(({ topic, partition, batch }) => ({ topic, partition, bytes: batch.length })) },
    sent.map(({ batch }) => batch),
  )

const produce = ({ call }: TestApi, sent: readonly Sent[]) =>
  call("POST /produce", { headers: framed, body: bodyOf(sent) })

interface Entry {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: number
  readonly endOffset?: number
  readonly bytes: readonly number[]
  readonly reason?: string
}

function entriesOf(answer: Answer): (Entry & { readonly values: readonly string[] })[] {
  const { head, payload } = readFrame(answer.bytes)
  const { partitions } = head as { partitions: readonly Entry[] }
  const batches = cutPayload(
    payload,
    partitions.flatMap(entry => entry.bytes),
  )
  return partitions.map(entry => ({
    ...entry,
    values: batches
      .splice(0, entry.bytes.length)
      .flatMap(batch => decodeRecords(batch).map(({ value }) => Buffer.from(value!).toString())),
  }))
}

async function apiWithTopics(): Promise<TestApi> {
  const api = openApi()
  await api.log.createTopic({ name: "a", partitions: 2, owner: "http" })
  await api.log.createTopic({ name: "b", partitions: 1, owner: "http" })
  return api
}

describe("POST /produce", () => {
  test("appends batches of many partitions, each answered in its place", async () => {
    const api = await apiWithTopics()
    const answer = await produce(api, [
      { topic: "a", partition: 1, batch: valuesBatch(["1", "2"]) },
      { topic: "b", partition: 0, batch: valuesBatch(["3"]) },
      { topic: "a", partition: 1, batch: valuesBatch(["4"]) },
    ])
    expect(answer.status, answer.text).toBe(200)
    expect(answer.json.results).toEqual([
      { partition: 1, offset: 0, count: 2 },
      { partition: 0, offset: 0, count: 1 },
      { partition: 1, offset: 2, count: 1 },
    ])
    const texts = (await api.records("/topics/a/partitions/1/records")).json
    expect(texts.map((record: { value: number }) => record.value)).toEqual([1, 2, 4])
  })

  test("one batch's failure is its own", async () => {
    const api = await apiWithTopics()
    const broken = valuesBatch(["x"])
    broken[broken.length - 1]! ^= 1
    const { json } = await produce(api, [
      { topic: "none", partition: 0, batch: valuesBatch(["1"]) },
      { topic: "a", partition: 7, batch: valuesBatch(["2"]) },
      { topic: "a", partition: 0, batch: broken },
      {
        topic: "a",
        partition: 0,
        batch: valuesBatch(["3"], { producerId: 5, producerEpoch: 0, baseSequence: 0 }),
      },
      { topic: "a", partition: 0, batch: valuesBatch(["4"]) },
    ])
    expect(json.results).toEqual([
      { partition: 0, error_code: 40401, error: expect.any(String), reason: "unknown_topic" },
      { partition: 7, error_code: 40402, error: expect.any(String), reason: "unknown_partition" },
      { partition: 0, error_code: 42211, error: expect.stringContaining("CRC32C"), reason: "corrupt_batch" },
      { partition: 0, error_code: 42213, error: expect.any(String), reason: "invalid_producer" },
      { partition: 0, offset: 0, count: 1 },
    ])
  })

  test("a producer's repeats are answered as the first, a gap tells what is expected", async () => {
    const api = await apiWithTopics()
    const { id } = (await api.call("POST /producers")).json
    const sent = (baseSequence: number) => ({
      topic: "b",
      partition: 0,
      batch: valuesBatch(["x"], { producerId: Number(id), producerEpoch: 0, baseSequence }),
    })
    const first = await produce(api, [sent(0), sent(1)])
    expect(first.json.results).toMatchObject([{ offset: 0 }, { offset: 1 }])
    expect((await produce(api, [sent(0), sent(1)])).json).toEqual(first.json)
    expect((await produce(api, [sent(3)])).json.results).toMatchObject([{ reason: "gap", expected: 2 }])
  })

  test("values are checked at the door where their topic says so", async () => {
    const api = openApi()
    const schema = JSON.stringify({ type: "object", required: ["id"] })
    await api.log.createTopic({ name: "s", partitions: 1, owner: "http", schema, validate: "door" })
    const { json } = await produce(api, [
      { topic: "s", partition: 0, batch: valuesBatch(["{}"]) },
      { topic: "s", partition: 0, batch: valuesBatch(['{"id":1}']) },
    ])
    expect(json.results).toMatchObject([{ reason: "invalid_record" }, { offset: 0 }])
  })

  test("what is no frame, or says other lengths than it has, is refused", async () => {
    const api = await apiWithTopics()
    const send = (body: Uint8Array, headers = framed) => api.call("POST /produce", { headers, body })
    expect(await send(Uint8Array.of(1))).toMatchObject({ status: 422, json: { reason: "corrupt_batch" } })
    expect(await send(Uint8Array.of(0, 0, 0, 1, 0x7b))).toMatchObject({
      status: 400,
      json: { reason: "malformed_json" },
    })
    const sent = [{ topic: "a", partition: 0, batch: valuesBatch(["1"]) }]
    expect(await send(new Uint8Array([...bodyOf(sent), 0]))).toMatchObject({ status: 422 })
    expect(await send(bodyOf(sent), { "content-type": "text/plain" })).toMatchObject({ status: 415 })
    expect((await send(writeFrame({ batches: [] }, []))).json.message).toContain("body.head.batches")
    const negative = writeFrame({ batches: [{ topic: "a", partition: -1, bytes: 0 }] }, [])
    expect((await send(negative)).json.message).toContain("body.head.batches.0.partition")
    expect((await send(bodyOf(sent))).json.results).toMatchObject([{ offset: 0 }])
  })
})

describe("POST /fetch", () => {
  const fetch = ({ call }: TestApi, body: object) => call("POST /fetch", { body })

  test("answers what many partitions have, and where each goes on", async () => {
    const api = await apiWithTopics()
    await produce(api, [
      { topic: "a", partition: 0, batch: valuesBatch(["1", "2"]) },
      { topic: "b", partition: 0, batch: valuesBatch(["3"]) },
    ])
    const partitions = [
      { topic: "a", partition: 0, offset: 1 },
      { topic: "a", partition: 1, offset: 0 },
      { topic: "b", partition: 0, offset: 0 },
    ]
    const answer = await fetch(api, { partitions, waitMs: 20_000 })
    expect(answer.headers["content-type"]).toBe("application/vnd.millrace.framed")
    expect(entriesOf(answer)).toMatchObject([
      { topic: "a", partition: 0, nextOffset: 2, endOffset: 2, values: ["1", "2"] },
      { topic: "a", partition: 1, nextOffset: 0, endOffset: 0, values: [] },
      { topic: "b", partition: 0, nextOffset: 1, endOffset: 1, values: ["3"] },
    ])
  })

  test("a partition's failure is its own, and ends the wait", async () => {
    const api = await apiWithTopics()
    const { id } = await api.log.topic("a")
    const partitions = [
      { topic: "none", partition: 0, offset: 0 },
      { topic: "a", partition: 9, offset: 0 },
      { topic: "b", topicId: id, partition: 0, offset: 0 },
      { topic: "b", partition: 0, offset: 0 },
    ]
    expect(entriesOf(await fetch(api, { partitions, waitMs: 20_000 }))).toMatchObject([
      { reason: "unknown_topic", bytes: [] },
      { reason: "unknown_partition", bytes: [] },
      { reason: "unknown_topic", bytes: [] },
      { nextOffset: 0, endOffset: 0 },
    ])
  })

  test("waits until any partition has records, and not while one has", async () => {
    const api = await apiWithTopics()
    const partitions = [
      { topic: "a", partition: 0, offset: 0 },
      { topic: "b", partition: 0, offset: 0 },
    ]
    const waiting = fetch(api, { partitions, waitMs: 20_000 })
    await new Promise(resolve => setTimeout(resolve, 20))
    await produce(api, [{ topic: "b", partition: 0, batch: valuesBatch(["late"]) }])
    expect(entriesOf(await waiting).map(({ values }) => values)).toEqual([[], ["late"]])
  })

  test("a client that goes away, and the API's end, end the wait", async () => {
    const api = await apiWithTopics()
    const body = { partitions: [{ topic: "a", partition: 0, offset: 0 }], waitMs: 20_000 }
    const gone = new AbortController()
    const left = api.call("POST /fetch", { body, signal: gone.signal })
    const waiting = fetch(api, body)
    gone.abort()
    expect(entriesOf(await left)).toMatchObject([{ nextOffset: 0 }])
    api.api.close()
    expect(entriesOf(await waiting)).toMatchObject([{ nextOffset: 0 }])
  })

  test("the reply is bounded, and nobody is starved by those who have more", async () => {
    const api = openApi()
    await api.log.createTopic({ name: "t", partitions: 4, owner: "http" })
    const batch = valuesBatch(["x".repeat(2_000)])
    for (let round = 0; round < 12; round++)
      await produce(
        api,
        [0, 1, 2, 3].map(partition => ({ topic: "t", partition, batch })),
      )
    const offsets = [0, 0, 0, 0]
    for (let round = 0; round < 200 && offsets.some(offset => offset < 12); round++) {
      const partitions = offsets.map((offset, partition) => ({ topic: "t", partition, offset }))
      const answer = await fetch(api, { partitions, maxBytes: 3_000 })
      const entries = entriesOf(answer)
      expect(entries.flatMap(entry => entry.bytes).length).toBe(1)
      for (const { partition, nextOffset } of entries) offsets[partition] = nextOffset
    }
    expect(offsets).toEqual([12, 12, 12, 12])
  })

  test("a batch larger than what is asked for comes alone", async () => {
    const api = await apiWithTopics()
    await produce(api, [
      { topic: "a", partition: 0, batch: valuesBatch(["x".repeat(5_000)]) },
      { topic: "b", partition: 0, batch: valuesBatch(["y".repeat(5_000)]) },
    ])
    const partitions = ["a", "b"].map(topic => ({ topic, partition: 0, offset: 0 }))
    const entries = entriesOf(await fetch(api, { partitions, maxBytes: 10 }))
    expect(entries.flatMap(entry => entry.bytes).length).toBe(1)
  })

  test("unknown members, and too many partitions, are refused with their path", async () => {
    const api = await apiWithTopics()
    const at = { topic: "a", partition: 0, offset: 0 }
    expect((await fetch(api, { partitions: [{ ...at, offset: -1 }] })).json.message).toContain(
      "body.partitions.0.offset: expected an integer",
    )
    expect((await fetch(api, { partitions: [] })).json.message).toContain("at least one partition")
    expect((await fetch(api, { partitions: Array(1_001).fill(at) })).json.message).toContain("at most 1000")
    expect((await fetch(api, { partitions: [at], maxWait: 1 })).json.message).toContain("body.maxWait")
    expect(entriesOf(await fetch(api, { partitions: [at] }))).toMatchObject([{ nextOffset: 0 }])
  })

  test("a failing store is told of, and others' partitions are read", async () => {
    const { log } = openApi()
    await log.createTopic({ name: "a", partitions: 2, owner: "http" })
    const broken: Log["fetch"] = (id, partition, request) =>
      partition === 0
        ? Promise.reject(new LogError("log_damaged", "lost"))
        : log.fetch(id, partition, request)
    const failing = new Proxy(log, {
      get: (target, name: keyof Log) =>
        name === "fetch" ? broken : (target[name] as () => unknown).bind?.(target),
    })
    const api = openApi({ log: failing })
    const partitions = [0, 1].map(partition => ({ topic: "a", partition, offset: 0 }))
    expect(entriesOf(await fetch(api, { partitions }))).toMatchObject([
      { reason: "log_damaged" },
      { endOffset: 0 },
    ])
    expect(api.failures).toMatchObject([{ code: "log_damaged" }])
  })
})
