import { expect, test } from "vitest"
import { createAuthenticator } from "../../shared/api/auth/authenticator.ts"
import type { KeyLimits } from "../../shared/api/auth/key-limits.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { Quotas } from "../../shared/api/quotas.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { createBatchBuilder, FRAMED_TYPE, framePieces, readFrame } from "../../shared/log/records/index.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { openApi } from "./support.ts"

const BODY = "1234567\n".repeat(125) // 1,000 bytes
const NDJSON = { "content-type": "application/x-ndjson" }

/** An API with a topic `events` and a key of its own for each of the limits given. */
async function open(config: Record<string, string> = {}) {
  const ports = memoryPorts()
  const keys = keyStore(ports)
  const log = openLog(ports)
  const { clock } = ports
  let nowMs = 0
  const quotas = new Quotas({ ...clock, elapsed: () => nowMs })
  const api = openApi({ log, keys, quotas, authenticate: createAuthenticator({ keys, clock }) })
  await log.createTopic({ name: "events", partitions: 1, owner: "http", config })
  await log.createTopic({ name: "other", partitions: 1, owner: "http" })
  const as = async (limits: KeyLimits = {}) => {
    const { key } = await keys.create("app", ["*"], limits)
    const headers = { authorization: `Bearer ${key}` }
    return {
      produce: (topic = "events", body = BODY) =>
        api.call(`POST /topics/${topic}?summary`, { headers: { ...NDJSON, ...headers }, body }),
      consume: (topic = "events", accept = "application/json") =>
        api.call(`GET /topics/${topic}/partitions/0/records?timeout=0`, { headers: { ...headers, accept } }),
      framed: (target: string, type: string, body: Uint8Array | string) =>
        api.call(target, { headers: { ...headers, "content-type": type }, body }),
    }
  }
  const advance = (ms: number) => {
    nowMs += ms
  }
  return { as, advance }
}

const refused = (message: string, seconds: number) => ({
  status: 429,
  headers: { "retry-after": String(seconds) },
  json: { error_code: 42903, reason: "quota_exceeded", message },
})

test("a key's bytes: a large request is let in whole, and paid for by those after it", async () => {
  const { as, advance } = await open()
  const { produce } = await as({ produceBytesPerSecond: 400 })
  expect((await produce()).status).toBe(200)
  expect(await produce()).toMatchObject(
    refused('the key "app" has had its 400 bytes produced a second; try again in 2 s', 2),
  )
  advance(1_400)
  expect((await produce()).status).toBe(429)
  advance(200)
  expect((await produce()).status).toBe(200)
  // Another key has a bucket of its own.
  expect((await (await as({ produceBytesPerSecond: 400 })).produce()).status).toBe(200)
})

test("a key's requests, and reading beside appending", async () => {
  const { as, advance } = await open()
  const { produce, consume } = await as({ produceRequestsPerSecond: 2, consumeRequestsPerSecond: 0.5 })
  const statuses = async (work: () => Promise<{ status: number }>, times: number) => {
    const all: number[] = []
    for (let at = 0; at < times; at++) all.push((await work()).status)
    return all
  }
  expect(await statuses(() => produce(), 3)).toEqual([200, 200, 429])
  expect(await statuses(() => consume(), 2)).toEqual([200, 429])
  expect(await consume()).toMatchObject(
    refused('the key "app" has had its 0.5 requests to read a second; try again in 2 s', 2),
  )
  advance(2_000)
  expect(await statuses(() => consume(), 2)).toEqual([200, 429])
})

test("what is read counts by its bytes, as text and as batches", async () => {
  const { as, advance } = await open()
  const { produce } = await as()
  await produce()
  for (const accept of ["application/json", "application/vnd.millrace.batches"]) {
    const { consume } = await as({ consumeBytesPerSecond: 500 })
    expect((await consume("events", accept)).status).toBe(200)
    expect((await consume("events", accept)).status).toBe(429)
    expect((await consume("other", accept)).status).toBe(429)
    advance(60_000)
    expect((await consume("events", accept)).status).toBe(200)
  }
})

test("a topic's rates bind all its callers together, and no other topic", async () => {
  const { as, advance } = await open({ producer_byte_rate: "1000", consumer_request_rate: "1" })
  const [one, two] = [await as(), await as()]
  expect((await one.produce()).status).toBe(200)
  expect(await two.produce()).toMatchObject(
    refused("the topic events has had its 1000 bytes produced a second; try again in 1 s", 1),
  )
  expect((await two.produce("other")).status).toBe(200)
  expect((await one.consume()).status).toBe(200)
  expect((await two.consume()).status).toBe(429)
  advance(1_000)
  expect((await two.produce()).status).toBe(200)
  expect((await two.consume()).status).toBe(200)
})

test("framed requests: a topic's rate refuses its batches, a key's the request", async () => {
  const { as, advance } = await open({ producer_request_rate: "1", consumer_request_rate: "1" })
  const builder = createBatchBuilder()
  builder.add(Buffer.from("1"), -1, -1, 0, 1, 1_000)
  const { bytes } = builder.finish()
  const batches = ["events", "other"].map(topic => ({ topic, partition: 0, bytes: bytes.length }))
  const frame = Buffer.concat(framePieces({ batches }, [bytes, bytes]))
  const { framed } = await as({ produceRequestsPerSecond: 3 })
  const produce = () => framed("POST /produce", FRAMED_TYPE, frame)
  expect((await produce()).json.results).toEqual([
    { partition: 0, offset: 0, count: 1 },
    { partition: 0, offset: 0, count: 1 },
  ])
  expect((await produce()).json.results).toMatchObject([
    { error_code: 42903, reason: "quota_exceeded", retryAfterMs: 1_000 },
    { offset: 1 },
  ])
  await produce()
  expect((await produce()).status).toBe(429)
  const partitions = ["events", "other"].map(topic => ({ topic, partition: 0, offset: 0 }))
  const fetch = async () => {
    const answer = await framed("POST /fetch", "application/json", JSON.stringify({ partitions }))
    return (readFrame(answer.bytes).head as { partitions: unknown[] }).partitions
  }
  expect(await fetch()).toMatchObject([{ nextOffset: 1 }, { nextOffset: 3 }])
  expect(await fetch()).toMatchObject([{ error_code: 42903 }, { nextOffset: 3 }])
  advance(1_000)
  expect(await fetch()).toMatchObject([{ nextOffset: 1 }, { nextOffset: 3 }])
})

test("limits that are none are refused with their paths; a key shows those it has", async () => {
  const { call } = openApi()
  const body = { name: "app", scopes: ["*"] }
  expect(await call("POST /keys", { body: { ...body, produceBytesPerSecond: -1 } })).toMatchObject({
    status: 422,
    json: {
      message: "produceBytesPerSecond: expected more than 0 and at most 12500000000, got -1",
    },
  })
  const made = await call("POST /keys", { body: { ...body, consumeRequestsPerSecond: 2.5 } })
  expect(made).toMatchObject({ status: 201, json: { consumeRequestsPerSecond: 2.5 } })
  expect((await call("GET /keys")).json.keys).toMatchObject([{ name: "app", consumeRequestsPerSecond: 2.5 }])
  const config = { producer_byte_rate: "0" }
  expect(await call("POST /topics", { body: { name: "events", config } })).toMatchObject({
    status: 422,
    json: { message: 'config["producer_byte_rate"]: expected a number above 0' },
  })
  expect((await call("POST /topics", { body: { name: "events" } })).status).toBe(201)
})
