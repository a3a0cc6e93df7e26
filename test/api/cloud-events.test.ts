import { expect, test } from "vitest"
import { apiWithTopic } from "./support.ts"

const STRUCTURED = "application/cloudevents+json"
const BATCHED = "application/cloudevents-batch+json"
const event = (change: object = {}) => ({
  specversion: "1.0",
  id: "e-1",
  source: "/gates/7?x=1#y",
  type: "com.example.landed",
  ...change,
})
const binary = (change: Record<string, string> = {}) => ({
  "content-type": "application/json",
  "ce-specversion": "1.0",
  "ce-id": "e-1",
  "ce-source": "/gates/7",
  "ce-type": "landed",
  ...change,
})

async function open(partitions = 1) {
  const { call, records, log } = await apiWithTopic(partitions)
  const send = (body: string | object, type = STRUCTURED) =>
    call("POST /topics/events", {
      headers: { "content-type": type },
      body: typeof body === "string" ? body : JSON.stringify(body),
    })
  const all = async () => (await records("/topics/events/partitions/0/records")).json
  return { call, records, log, send, all }
}

test("a structured event is stored byte for byte, with its key, time and type", async () => {
  const { send, records } = await open()
  const time = "2026-02-03T04:05:06.789+01:00"
  const text = ` {"specversion":"1.0", "id":"1","source":"urn:x", "type":"t","partitionkey":"k\\u00e9y","time":"${time}","n":7,"flag":true,"gone":null,"data":{"big":9007199254740993,"a":[1.50]}}`
  expect(await send(text)).toMatchObject({ status: 200, json: { offsets: [{ partition: 0, offset: 0 }] } })
  const { text: shown } = await records("/topics/events/partitions/0/records")
  expect(shown).toContain(`"value":${text.trim()},"partition":0`)
  expect(JSON.parse(shown)[0]).toMatchObject({
    key: "kéy",
    timestamp: Date.parse(time),
    headers: [{ name: "content-type", value: "application/cloudevents+json; charset=UTF-8" }],
  })
})

test("a batch is its events, by key; one without events is fine", async () => {
  const { send, call } = await open(8)
  const keyed = (partitionkey: string, id: string) => event({ partitionkey, id })
  const batch = [keyed("a", "1"), keyed("c", "2"), keyed("a", "3")]
  const { json } = await send(batch, BATCHED)
  const [first, second, third] = json.offsets
  expect([first.partition, first.offset, third.offset]).toEqual([third.partition, 0, 1])
  expect(second.partition).not.toBe(first.partition)
  expect(await send([], BATCHED)).toMatchObject({ status: 200, json: { offsets: [] } })
  expect(
    (await call("POST /topics/events", { headers: binary({ "ce-partitionkey": "a" }), body: "1" })).json,
  ).toMatchObject({ offsets: [{ partition: first.partition, offset: 2 }] })
})

test("a binary event: attributes are headers, data is the value, and no data is null", async () => {
  const { call, all } = await open()
  const headers = binary({
    "ce-subject": '"M%C3%BCnchen 100%25"',
    "ce-time": "2026-01-01T00:00:00Z",
    "ce-count": "3",
  })
  expect((await call("POST /topics/events", { headers, body: '{"delay": 9}' })).status).toBe(200)
  const { "content-type": _none, ...bare } = binary()
  expect((await call("POST /topics/events/partitions/0", { headers: bare })).status).toBe(200)
  const [first, second] = await all()
  expect(first).toMatchObject({
    key: null,
    value: { delay: 9 },
    timestamp: Date.parse("2026-01-01T00:00:00Z"),
    headers: [
      { name: "ce_specversion", value: "1.0" },
      { name: "ce_id", value: "e-1" },
      { name: "ce_source", value: "/gates/7" },
      { name: "ce_type", value: "landed" },
      { name: "ce_subject", value: "München 100%" },
      { name: "ce_time", value: "2026-01-01T00:00:00Z" },
      { name: "ce_count", value: "3" },
      { name: "content-type", value: "application/json" },
    ],
  })
  expect(second).toMatchObject({ value: null, headers: [{}, {}, {}, {}] })
})

test.each<[string | object, string, string]>([
  [event({ specversion: "0.3" }), "event.specversion", 'expected "1.0", found "0.3"'],
  [event({ id: undefined }), "event.id", "is missing, expected a non-empty string"],
  [event({ id: "" }), "event.id", 'expected a non-empty string, found ""'],
  [event({ id: 5 }), "event.id", "expected a non-empty string, found 5"],
  [
    event({ source: "not a uri" }),
    "event.source",
    'expected a URI, or a reference to one, found "not a uri"',
  ],
  [event({ type: null }), "event.type", "is missing, expected a non-empty string"],
  [event({ time: "yesterday" }), "event.time", "expected a time as in RFC 3339"],
  [event({ time: "2026-02-30T25:00:00Z" }), "event.time", "expected a time as in RFC 3339"],
  [event({ dataschema: "/relative" }), "event.dataschema", 'expected a URI, found "/relative"'],
  [event({ datacontenttype: "json" }), "event.datacontenttype", "expected a media type"],
  [event({ subject: "a\u0007b" }), "event.subject", "expected a text without control characters"],
  [event({ partitionkey: "" }), "event.partitionkey", "expected a non-empty string"],
  [event({ Camel: "x" }), "event.Camel", "expected an attribute's name, of a-z and 0-9"],
  [
    event({ extra: { a: 1 } }),
    "event.extra",
    'expected a string, a boolean or a 32-bit integer, found {"a":1}',
  ],
  [event({ extra: 1.5 }), "event.extra", "expected a string, a boolean or a 32-bit integer, found 1.5"],
  [
    event({ data: 1, data_base64: "AA==" }),
    "event.data_base64",
    "is there beside data, expected one of them",
  ],
  [event({ data_base64: "§" }), "event.data_base64", "expected a base64 string"],
  [[event()], "event", "expected an object, found ["],
])("the structured event %j is refused: %s", async (body, path, message) => {
  const { send, all } = await open()
  const answer = await send(body)
  expect(answer).toMatchObject({ status: 422, json: { error_code: 42214, reason: "invalid_record", path } })
  expect(answer.json.message).toContain(`${path}: ${message}`)
  expect((await send(event())).status).toBe(200)
  expect(await all()).toHaveLength(1)
})

test("of a batch with a fault nothing is taken, and the fault's place is told", async () => {
  const { send, all } = await open()
  const faulty = await send([event(), event({ source: undefined })], BATCHED)
  expect(faulty).toMatchObject({ status: 422, json: { error_code: 42214, path: "events[1].source" } })
  expect(await send(event(), BATCHED)).toMatchObject({ status: 422, json: { path: "events" } })
  expect(await send('{"specversion":\n "1.0",', STRUCTURED)).toMatchObject({
    status: 400,
    json: { error_code: 400, reason: "malformed_json", line: 2 },
  })
  expect(await send(`${JSON.stringify(event())} 1`)).toMatchObject({ status: 400 })
  expect((await send([event()], BATCHED)).status).toBe(200)
  expect(await all()).toHaveLength(1)
})

test.each<[Record<string, string>, string, string]>([
  [{ "ce-id": "" }, "headers.ce-id", 'expected a non-empty string, found ""'],
  [{ "ce-source": "a b" }, "headers.ce-source", "expected a URI, or a reference to one"],
  [{ "ce-some_thing": "x" }, "headers.ce-some_thing", "expected an attribute's name, of a-z and 0-9"],
  [
    { "ce-datacontenttype": "text/plain" },
    "headers.ce-datacontenttype",
    "is not known here: it is the header content-type",
  ],
  [{ "ce-data": "x" }, "headers.ce-data", "is not known here: it is the body"],
])("the binary event with %j is refused", async (change, path, message) => {
  const { call } = await open()
  expect(await call("POST /topics/events", { headers: binary(change), body: "1" })).toMatchObject({
    status: 422,
    json: { error_code: 42214, path, message: expect.stringContaining(`${path}: ${message}`) },
  })
  expect((await call("POST /topics/events", { headers: binary(), body: "1" })).status).toBe(200)
})

test("a lone attribute is an event that lacks the others; another event format is not taken", async () => {
  const { call, send } = await open()
  const headers = { "content-type": "application/json", "ce-id": "1" }
  expect(await call("POST /topics/events", { headers, body: "1" })).toMatchObject({
    status: 422,
    json: { path: "headers.ce-specversion" },
  })
  expect(await send("x", "application/cloudevents+avro")).toMatchObject({ status: 415 })
  expect((await send(event())).status).toBe(200)
})

test("a producer's events are appended once", async () => {
  const { call, all } = await open(3)
  const headers = {
    ...binary({ "ce-partitionkey": "a" }),
    "producer-id": "p",
    "producer-epoch": "0",
    "producer-seq": "0",
  }
  const first = await call("POST /topics/events", { headers, body: "1" })
  expect((await call("POST /topics/events", { headers, body: "1" })).json).toEqual(first.json)
  expect(first.status).toBe(200)
  expect(await all()).toBeDefined()
})
