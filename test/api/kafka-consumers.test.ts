import { beforeEach, expect, test } from "vitest"
import { createAuthenticator } from "../../shared/api/auth/authenticator.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { INSTANCE_IDLE_MS } from "../../shared/api/consumers/limits.ts"
import { RestConsumers } from "../../shared/api/consumers/rest-consumers.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { type MemoryPorts, memoryPorts } from "../support/memory-ports.ts"
import { openApi, type TestApi } from "./support.ts"

const JSON_TYPE = "application/vnd.kafka.json.v2+json"
const CONFIG = { format: "json", "auto.offset.reset": "earliest", "auto.commit.enable": "false" }

let ports: MemoryPorts
let seeds = 0

/** One process of a deployment: an API over the same stores. */
function processOf(services: Parameters<typeof openApi>[0] = {}): TestApi {
  const own = memoryPorts({ stores: ports.stores, seed: ++seeds })
  const clock = { ...own.clock, elapsed: () => ports.clock.elapsed() }
  const log = openLog({ ...own, clock })
  return openApi({ log, consumers: new RestConsumers({ ...own, clock }, log), ...services })
}

let api: TestApi
beforeEach(async () => {
  ports = memoryPorts()
  api = processOf()
  await api.log.createTopic({ name: "events", partitions: 2, owner: "http" })
})

const path = (name: string) => `/consumers/g/instances/${name}`

async function open(name: string, config: object = {}, through = api): Promise<string> {
  const made = await through.call("POST /consumers/g", { body: { ...CONFIG, name, ...config } })
  expect(made.status).toBe(200)
  return path(name)
}

async function subscribed(name: string, config: object = {}, through = api): Promise<string> {
  const at = await open(name, config, through)
  const body = { topics: ["events"] }
  expect((await through.call(`POST ${at}/subscription`, { body })).status).toBe(204)
  return at
}

const records = (at: string, through = api, timeout = 0) =>
  through.call(`GET ${at}/records?timeout=${timeout}`, { headers: { accept: JSON_TYPE } })

/** Values of the next records, over a few requests and as many seconds. */
async function values(at: string, through = api, polls = 4): Promise<unknown[]> {
  const all: unknown[] = []
  for (let times = 0; times < polls; times++) {
    all.push(...(await records(at, through)).json.map(({ value }: { value: unknown }) => value))
    ports.advance(3_100)
  }
  return all.sort()
}

const assigned = async (at: string, through = api) =>
  (await through.call(`GET ${at}/assignments`)).json.partitions.length as number

test("any process serves any request of an instance", async () => {
  const other = processOf()
  const at = await subscribed("one")
  await api.produce("/topics/events/partitions/0", ["1", "2"])
  expect(await values(at, other)).toEqual([1, 2])
  await other.produce("/topics/events/partitions/1", ["3"])
  expect(await values(at, api)).toEqual([3])
  expect((await other.call(`POST ${at}/offsets`)).json).toEqual([])
  expect((await api.call(`DELETE ${at}`)).status).toBe(204)
  expect((await records(at, other)).json).toMatchObject({ error_code: 40403, reason: "unknown_instance" })
  expect(await values(await subscribed("two", {}, other), other)).toEqual([])
})

test("two instances share the partitions; one that ends, or is forgotten, leaves them to the other", async () => {
  const one = await subscribed("one")
  await values(one)
  expect(await assigned(one)).toBe(2)
  const two = await subscribed("two")
  for (let times = 0; times < 5; times++) {
    await values(one, api, 1)
    await values(two, api, 1)
  }
  expect([await assigned(one), await assigned(two)]).toEqual([1, 1])
  await api.call(`DELETE ${path("one")}`)
  await values(two)
  expect(await assigned(two)).toBe(2)
  // Nobody asks for it any more: its session is over, and so is it.
  ports.advance(INSTANCE_IDLE_MS + 1)
  expect((await records(two)).json).toMatchObject({ error_code: 40403 })
  const three = await subscribed("three")
  await values(three)
  expect(await assigned(three)).toBe(2)
})

test("with auto.commit.enable what was given is committed by later reads, and at the end", async () => {
  const at = await subscribed("one", { "auto.commit.enable": "true" })
  const committed = async () =>
    (await api.log.groups.committed("g")).map(({ partition, offset }) => [partition, offset])
  await api.produce("/topics/events/partitions/0", ["1", "2"])
  expect((await records(at)).json).toHaveLength(2)
  expect(await committed()).toEqual([])
  ports.advance(5_100)
  await records(at)
  expect(await committed()).toEqual([[0, 2]])
  await api.produce("/topics/events/partitions/0", ["3"])
  expect((await records(at)).json).toHaveLength(1)
  expect((await api.call(`DELETE ${at}/subscription`)).status).toBe(204)
  expect(await committed()).toEqual([[0, 3]])
  expect((await api.call(`POST ${at}/subscription`, { body: { topic_pattern: "ev.*" } })).status).toBe(204)
  expect(await values(at)).toEqual([])
})

test("what is not committed comes again, and a lost member cannot commit", async () => {
  const one = await subscribed("one")
  await api.produce("/topics/events/partitions/0", ["1"])
  expect(await values(one)).toEqual([1])
  const { members } = await api.log.groups.describe("g")
  for (const { member, memberEpoch } of members) await api.log.groups.leave("g", { member, memberEpoch })
  const two = await subscribed("two")
  expect(await values(two)).toEqual([1])
  const refused = await api.call(`POST ${one}/offsets`)
  expect(refused).toMatchObject({ status: 409, json: { error_code: 40941, reason: "fenced_member" } })
  expect((await api.call(`POST ${two}/offsets`)).status).toBe(200)
  // The lost one joins again with its next read.
  expect((await records(one)).status).toBe(200)
})

test("a record that is no JSON stops a JSON instance there, which stays in its group and can go past it", async () => {
  const at = await subscribed("one")
  const binary = { "content-type": "application/vnd.kafka.binary.v2+json" }
  await api.produce("/topics/events/partitions/0", ["1"])
  await api.call("POST /topics/events/partitions/0", {
    headers: binary,
    body: '{"records":[{"value":"/w=="}]}',
  })
  await api.produce("/topics/events/partitions/0", ["3"])
  expect(await values(at, api, 1)).toEqual([1])
  for (let times = 0; times < 2; times++) {
    expect(await records(at)).toMatchObject({
      status: 406,
      json: { error_code: 40602, reason: "not_representable", offset: 1 },
    })
  }
  expect(await assigned(at)).toBe(2)
  const offsets = [{ topic: "events", partition: 0, offset: 2 }]
  expect((await api.call(`POST ${at}/positions`, { body: { offsets } })).status).toBe(204)
  expect(await values(at)).toEqual([3])
})

test("where retention has overtaken it an instance begins as it was told to; none is an error", async () => {
  await api.produce("/topics/events/partitions/0", ["1", "2", "3"])
  const at = await open("one", { "auto.offset.reset": "none" })
  const body = { partitions: [{ topic: "events", partition: 0 }] }
  await api.call(`POST ${at}/assignments`, { body })
  expect(await records(at)).toMatchObject({
    status: 404,
    json: { error_code: 40406, reason: "offset_out_of_range", start: 0 },
  })
  await api.call(`POST ${at}/positions/beginning`, { body })
  await api.log.deleteRecords((await api.log.topic("events")).id, 0, 2)
  expect((await records(at)).json).toMatchObject({ error_code: 40406, start: 2 })
  const two = await open("two")
  await api.call(`POST ${two}/assignments`, { body })
  expect(await values(two, api, 1)).toEqual([3])
})

test("fetch.min.bytes waits for more, as long as it may; max_bytes cuts, and holds one record at least", async () => {
  const at = await open("one", { "fetch.min.bytes": 100_000, "consumer.request.timeout.ms": "50" })
  await api.call(`POST ${at}/assignments`, { body: { partitions: [{ topic: "events", partition: 0 }] } })
  await api.produce("/topics/events/partitions/0", ["1", "2"])
  const answer = await api.call(`GET ${at}/records?max_bytes=1`, { headers: { accept: "*/*" } })
  expect(answer.json).toHaveLength(1)
  expect(answer.headers["content-type"]).toBe(JSON_TYPE)
  expect((await api.call(`GET ${at}/records`)).json).toHaveLength(1)
})

test("two requests at once give each record once", async () => {
  const other = processOf()
  const at = await subscribed("one")
  await values(at)
  await api.produce("/topics/events/partitions/0", ["1", "2"])
  const answers = await Promise.all([records(at), records(at, other), records(at)])
  const all = answers.flatMap(({ json }) => json.map(({ value }: { value: number }) => value))
  expect(all.sort()).toEqual([1, 2])
})

test("a caller needs the group's scope, and the topic's", async () => {
  const keys = keyStore(memoryPorts())
  const guarded = processOf({ keys, authenticate: createAuthenticator({ keys, clock: ports.clock }) })
  const as = async (...scopes: string[]) => {
    const { key } = await keys.create("app", scopes)
    return (target: string, body?: object) =>
      guarded.call(target, { headers: { authorization: `Bearer ${key}` }, ...(body && { body }) })
  }
  const [reader, stranger] = [await as("group:g:read", "topic:events:read"), await as("topic:*:read")]
  expect(await stranger("POST /consumers/g", {})).toMatchObject({
    status: 403,
    json: { error_code: 40301, need: "group:g:read" },
  })
  expect((await reader("POST /consumers/g", { ...CONFIG, name: "one" })).status).toBe(200)
  const at = path("one")
  expect(await reader(`POST ${at}/subscription`, { topics: ["secret"] })).toMatchObject({
    status: 403,
    json: { need: "topic:secret:read" },
  })
  // A pattern may come to what the caller may not read: that is asked when it is read.
  await guarded.log.createTopic({ name: "secret", partitions: 1, owner: "http" })
  await reader(`POST ${at}/subscription`, { topic_pattern: ".*" })
  expect(await reader(`GET ${at}/records?timeout=0`)).toMatchObject({
    status: 403,
    json: { need: "topic:secret:read" },
  })
  expect((await reader(`GET ${at}/subscription`)).json).toEqual({ topics: ["events"] })
  const partitions = [{ topic: "secret", partition: 0 }]
  const offsets = [{ ...partitions[0], offset: 0 }]
  for (const call of [reader(`POST ${at}/offsets`, { offsets }), reader(`GET ${at}/offsets`, { partitions })])
    expect(await call).toMatchObject({ status: 403, json: { need: "topic:secret:read" } })
  await reader(`DELETE ${at}/subscription`)
  await reader(`POST ${at}/subscription`, { topics: ["events"] })
  expect((await reader(`GET ${at}/records?timeout=0`)).status).toBe(200)
})

test("idle instances are collected, a few at each step", async () => {
  for (let number = 0; number < 5; number++) await open(`one-${number}`)
  const consumers = new RestConsumers(memoryPorts({ stores: ports.stores, seed: 99 }), api.log)
  const collect = async () => {
    let gone = 0
    for (let steps = 0; steps < 200; steps++) gone += await consumers.collect()
    return gone
  }
  expect(await collect()).toBe(0)
  ports.advance(INSTANCE_IDLE_MS + 1)
  expect(await collect()).toBe(5)
  expect((await api.call("GET /topics")).status).toBe(200)
})
