import { request } from "node:http"
import { beforeAll, expect, test } from "vitest"
import { JSON_TYPE, matching, type Tests } from "./replies.ts"

const V2 = "application/vnd.kafka.v2+json"
const V2_JSON = "application/vnd.kafka.json.v2+json"
const V2_BINARY = "application/vnd.kafka.binary.v2+json"

/** One that has waited long enough to be an end: longer than any handover between members. */
const POLLS_MAX = 30

/** GET with a body, which `fetch` does not send. */
function getWithBody(url: string, key: string, body: object): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const headers = {
      authorization: `Bearer ${key}`,
      "content-type": V2,
      accept: V2,
      "content-length": Buffer.byteLength(text),
    }
    const sent = request(url, { method: "GET", headers }, response => {
      let answer = ""
      response.setEncoding("utf8")
      response.on("data", piece => {
        answer += piece
      })
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }))
    })
    sent.on("error", reject)
    sent.end(text)
  })
}

/** What a client of Kafka REST v2 says and hears, after its reference: consumer groups, from the first instance to the last. */
export function kafkaRest({ ask, keyFor, url }: Tests): void {
  const v2 = { headers: { "content-type": V2, accept: V2 } }
  const post = (path: string, body?: object, accept = V2) =>
    ask(`POST ${path}`, {
      headers: { "content-type": V2, accept },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const get = (path: string, accept = V2) => ask(`GET ${path}`, { headers: { accept } })
  const remove = (path: string) => ask(`DELETE ${path}`, v2)
  // A gateway may name a type even of nothing.
  const done = expect.objectContaining({ status: 204, body: "" })
  const kafkaError = (status: number, code: number, message: unknown) => ({
    status,
    headers: JSON_TYPE,
    body: expect.objectContaining({ error_code: code, message }),
  })
  const create = async (group: string, config: object) => {
    const made = await post(`/consumers/${group}`, config)
    expect(made.status).toBe(200)
    const { instance_id: id } = made.body as { instance_id: string }
    return `/consumers/${group}/instances/${id}`
  }
  type Record = { topic: string; partition: number; offset: number; key: unknown; value: unknown }
  const read = async (at: string, accept = V2_JSON, query = "timeout=500") => {
    const { status, body } = await get(`${at}/records?${query}`, accept)
    expect({ status, body: Array.isArray(body) ? [] : body }).toEqual({ status: 200, body: [] })
    return body as Record[]
  }
  /** Reads until that many have come; the group may be assigning partitions. */
  const readAll = async (at: string, count: number, accept = V2_JSON) => {
    const all: Record[] = []
    for (let polls = 0; all.length < count && polls < POLLS_MAX; polls++)
      all.push(...(await read(at, accept)))
    return all
  }
  const values = (records: readonly Record[]) => records.map(({ value }) => value).sort()

  beforeAll(async () => {
    for (const [name, partitions] of [
      ["rest", 2],
      ["rest-more", 1],
    ] as const) {
      expect((await ask("POST /topics", { body: { name, partitions } })).status).toBe(201)
    }
    const records = ["a", "b", "c", "d"].map((value, at) => ({ key: "k", value, partition: at % 2 }))
    const produced = await ask("POST /topics/rest", {
      headers: { "content-type": V2_JSON, accept: V2 },
      body: JSON.stringify({ records }),
    })
    expect(produced).toMatchObject({ status: 200, headers: { "content-type": V2 } })
  })

  test("an instance is made, subscribes, reads, commits and ends", async () => {
    const made = await post("/consumers/session", {
      name: "one",
      format: "json",
      "auto.offset.reset": "earliest",
      "auto.commit.enable": "false",
    })
    const uri = `${url()}/consumers/session/instances/one`
    expect(made).toEqual({
      status: 200,
      headers: { "content-type": V2 },
      body: {
        instance_id: "one",
        base_uri: matching(/^https?:\/\/[^/]+\/consumers\/session\/instances\/one$/),
      },
    })
    const at = "/consumers/session/instances/one"
    expect(await get(`${at}/subscription`)).toMatchObject({ status: 200, body: { topics: [] } })
    expect(await post(`${at}/subscription`, { topics: ["rest"] })).toEqual(done)
    expect(await get(`${at}/subscription`)).toMatchObject({ status: 200, body: { topics: ["rest"] } })
    expect(await get(`${at}/assignments`)).toMatchObject({ status: 200, body: { partitions: [] } })
    const records = await readAll(at, 4)
    expect(values(records)).toEqual(["a", "b", "c", "d"])
    expect(records[0]).toMatchObject({ topic: "rest", key: "k" })
    const partitions = [0, 1].map(partition => ({ topic: "rest", partition }))
    expect(await get(`${at}/assignments`)).toMatchObject({ status: 200, body: { partitions } })
    const key = await keyFor("group:session:read", "topic:rest:read")
    const committed = () => getWithBody(`${uri}/offsets`, key, { partitions })
    expect(await committed()).toEqual({ status: 200, body: { offsets: [] } })
    expect(await post(`${at}/offsets`)).toMatchObject({ status: 200, body: [] })
    const offsets = [0, 1].map(partition => ({ topic: "rest", partition, offset: 2, metadata: "" }))
    expect(await committed()).toEqual({ status: 200, body: { offsets } })
    expect(await remove(at)).toEqual(done)
    expect(await get(`${at}/records`, V2_JSON)).toEqual(
      kafkaError(404, 40403, matching(/^Consumer instance not found/)),
    )
  })

  test("the next instance of the group goes on where the last one committed", async () => {
    const at = await create("session", { format: "binary", "auto.offset.reset": "earliest" })
    expect(await post(`${at}/subscription`, { topics: ["rest"] })).toEqual(done)
    expect(await read(at, V2_BINARY)).toEqual([])
    const sent = { records: [{ value: "MQ==", partition: 1 }] }
    const headers = { "content-type": V2_BINARY }
    expect((await ask("POST /topics/rest", { headers, body: JSON.stringify(sent) })).status).toBe(200)
    expect(await readAll(at, 1, V2_BINARY)).toMatchObject([
      { topic: "rest", key: null, value: "MQ==", partition: 1, offset: 2 },
    ])
    expect(await remove(at)).toEqual(done)
    // What was read is committed by the instance itself as it ends: auto.commit.enable is true by default.
    const next = await create("session", { format: "binary", "auto.offset.reset": "earliest" })
    expect(await post(`${next}/subscription`, { topics: ["rest"] })).toEqual(done)
    expect(await read(next, V2_BINARY)).toEqual([])
    expect(await remove(next)).toEqual(done)
  })

  test("positions, offsets and assignments by hand", async () => {
    const at = await create("by-hand", {
      format: "json",
      "auto.offset.reset": "latest",
      "auto.commit.enable": false,
    })
    const first = { topic: "rest", partition: 0 }
    expect(await post(`${at}/assignments`, { partitions: [first] })).toEqual(done)
    expect(await get(`${at}/assignments`)).toMatchObject({ status: 200, body: { partitions: [first] } })
    expect(await read(at, V2_JSON, "timeout=0")).toEqual([])
    expect(await post(`${at}/positions/beginning`, { partitions: [first] })).toEqual(done)
    expect(values(await read(at))).toEqual(["a", "c"])
    expect(await post(`${at}/positions`, { offsets: [{ ...first, offset: 1 }] })).toEqual(done)
    expect(values(await read(at))).toEqual(["c"])
    expect(await post(`${at}/positions/end`, { partitions: [first] })).toEqual(done)
    expect(await read(at, V2_JSON, "timeout=0")).toEqual([])
    // Kafka REST takes an offset as that of a record that was worked, and commits the next.
    const named = { offsets: [{ ...first, offset: 0, metadata: "half" }] }
    expect(await post(`${at}/offsets`, named)).toMatchObject({ status: 200, body: [] })
    expect(await get(`${at}/offsets`)).toMatchObject({
      status: 200,
      body: { offsets: [{ ...first, offset: 1, metadata: "half" }] },
    })
    expect(await remove(at)).toEqual(done)
    const again = await create("by-hand", { format: "json", "auto.commit.enable": "false" })
    expect(await post(`${again}/assignments`, { partitions: [first] })).toEqual(done)
    expect(values(await read(again))).toEqual(["c"])
    expect(await remove(again)).toEqual(done)
  })

  test("a pattern, and two instances that share the partitions", async () => {
    const config = { format: "json", "auto.offset.reset": "earliest", "auto.commit.enable": "false" }
    const one = await create("shared", config)
    expect(await post(`${one}/subscription`, { topic_pattern: "rest.*" })).toEqual(done)
    expect(await get(`${one}/subscription`)).toMatchObject({ body: { topics: ["rest", "rest-more"] } })
    const partitionsOf = async (at: string) => {
      const { body } = await get(`${at}/assignments`)
      return (body as { partitions: object[] }).partitions.length
    }
    for (let polls = 0; (await partitionsOf(one)) < 3 && polls < POLLS_MAX; polls++) await read(one)
    const two = await create("shared", config)
    expect(await post(`${two}/subscription`, { topic_pattern: "rest.*" })).toEqual(done)
    const isShared = async () =>
      (await partitionsOf(one)) + (await partitionsOf(two)) === 3 && (await partitionsOf(two)) > 0
    for (let polls = 0; !(await isShared()) && polls < POLLS_MAX; polls++) {
      await get(`${one}/records?timeout=300`)
      await get(`${two}/records?timeout=300`)
    }
    expect(await isShared()).toBe(true)
    for (const at of [one, two]) expect(await remove(at)).toEqual(done)
  })

  test("each error has its status and code, and the next request works", async () => {
    const at = await create("errors", { name: "e", format: "json", "auto.offset.reset": "earliest" })
    const none = "/consumers/errors/instances/none"
    const unknown = kafkaError(404, 40403, matching(/^Consumer instance not found/))
    const [first, topics] = [{ topic: "rest", partition: 0 }, { topics: ["rest"] }]
    for (const answer of [
      await get(`${none}/records`, V2_JSON),
      await get(`${none}/subscription`),
      await get(`${none}/assignments`),
      await get(`${none}/offsets`),
      await post(`${none}/subscription`, topics),
      await post(`${none}/assignments`, { partitions: [first] }),
      await post(`${none}/offsets`),
      await post(`${none}/positions`, { offsets: [{ ...first, offset: 0 }] }),
      await post(`${none}/positions/beginning`, { partitions: [first] }),
      await post(`${none}/positions/end`, { partitions: [first] }),
      await remove(`${none}/subscription`),
      await remove(none),
    ]) {
      expect(answer).toEqual(unknown)
    }
    expect(await post("/consumers/errors", { name: "e" })).toEqual(
      kafkaError(409, 40902, matching(/already exists/)),
    )
    expect(await post("/consumers/errors", { format: "avro" })).toEqual(
      kafkaError(422, 42204, "Invalid consumer configuration: body.format: expected binary or json"),
    )
    expect(await post("/consumers/errors", { "fetch.min.bytes": "10000001" })).toEqual(
      kafkaError(422, 40001, matching(/body\.fetch\.min\.bytes: expected -1 to 10000000/)),
    )
    expect(await get(`${at}/records`, V2_JSON)).toEqual(
      kafkaError(409, 40903, matching(/^Illegal state: .*not subscribed/)),
    )
    expect(await post(`${at}/positions`, { offsets: [{ ...first, offset: 0 }] })).toEqual(
      kafkaError(409, 40903, "Illegal state: no current assignment for partition rest-0"),
    )
    expect(await post(`${at}/assignments`, { partitions: [{ topic: "rest", partition: 9 }] })).toEqual(
      kafkaError(404, 40402, matching(/^partition 9 of rest does not exist/)),
    )
    expect(await post(`${at}/assignments`, { partitions: [{ topic: "rest-none", partition: 0 }] })).toEqual(
      kafkaError(404, 40401, "topic rest-none does not exist"),
    )
    expect(await post(`${at}/subscription`, {})).toEqual(
      kafkaError(422, 422, "body: expected topics or topic_pattern, one of them"),
    )
    expect(await post(`${at}/subscription`, topics)).toEqual(done)
    expect(await post(`${at}/assignments`, { partitions: [first] })).toEqual(
      kafkaError(409, 40903, matching(/mutually exclusive$/)),
    )
    expect(await post(`${at}/subscription`, { topic_pattern: "x" })).toEqual(
      kafkaError(409, 40903, matching(/mutually exclusive$/)),
    )
    expect(await get(`${at}/records`, V2_BINARY)).toEqual(
      kafkaError(406, 40601, matching(/gives json records, and binary ones were asked for/)),
    )
    expect(await get(`${at}/records`, "application/vnd.kafka.avro.v2+json")).toEqual(
      kafkaError(406, 40601, matching(/^headers\.accept: expected/)),
    )
    expect(
      await ask(`POST ${at}/subscription`, { headers: { "content-type": "text/plain" }, body: "x" }),
    ).toMatchObject({
      status: 415,
      body: { error_code: 415 },
    })
    expect(
      await ask(`POST ${at}/subscription`, { headers: { "content-type": V2 }, body: "{" }),
    ).toMatchObject({
      status: 400,
      body: { error_code: 400 },
    })
    expect((await readAll(at, 4)).length).toBeGreaterThanOrEqual(4)
    expect(await remove(at)).toEqual(done)
  })
}
