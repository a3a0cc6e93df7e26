import { describe, expect, test } from "vitest"
import { decodeRecords, splitBatches } from "../../shared/log/records/index.ts"
import { apiWithTopic } from "./support.ts"

const at = "/topics/events/partitions/0/records"
const binaryType = "application/vnd.kafka.binary.v2+json"
const batchesType = "application/vnd.millrace.batches"

describe("consuming", () => {
  test("answers records with all that they carry", async () => {
    const { call, records } = await apiWithTopic()
    const headers = [{ name: "trace", value: "t-1" }]
    const record = { key: { id: 1 }, value: { a: [1, null] }, timestamp: 1_700_000_000_000, headers }
    await call("POST /topics/events", { body: { records: [record, { key: "k", value: null }] } })
    const answer = await records(at)
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        "content-type": "application/json",
        "millrace-next-offset": "2",
        "millrace-end-offset": "2",
      },
    })
    expect(answer.json).toEqual([
      { topic: "events", ...record, partition: 0, offset: 0 },
      {
        topic: "events",
        key: "k",
        value: null,
        partition: 0,
        offset: 1,
        timestamp: expect.any(Number),
        headers: [],
      },
    ])
  })

  test("keeps the exact bytes of values", async () => {
    const { produce, records } = await apiWithTopic()
    const values = [
      '{"n": 9007199254740993,  "d":1.0}',
      "-0",
      "1e400",
      '"\\u0041\\/"',
      '"ü€😀"',
      "[ ]",
      '"\\ud800"',
    ]
    await produce("/topics/events", values)
    const { text } = await records(at)
    for (const value of values) expect(text).toContain(`"value":${value},"partition":0`)
  })

  test("answers keys as text, and objects and arrays as themselves", async () => {
    const { call, records } = await apiWithTopic()
    const keys = ["plain", "7", 7, true, { a: 1 }, [1], "{not json", null, 'quo"te']
    const body = { records: keys.map(key => ({ key, value: 0, partition: 0 })) }
    await call("POST /topics/events", { body })
    const { json } = await records(at)
    expect(json.map((record: { key: unknown }) => record.key)).toEqual([
      "plain",
      "7",
      "7",
      "true",
      { a: 1 },
      [1],
      "{not json",
      null,
      'quo"te',
    ])
  })

  test("starts at an offset, a timestamp or the log's start", async () => {
    const { call, records } = await apiWithTopic()
    const body = { records: [100, 300, 200].map(timestamp => ({ value: timestamp, timestamp })) }
    await call("POST /topics/events", { body })
    const values = async (query: string) =>
      (await records(`${at}${query}`)).json.map((record: { value: number }) => record.value)
    expect(await values("")).toEqual([100, 300, 200])
    expect(await values("?offset=2")).toEqual([200])
    expect(await values("?timestamp=150")).toEqual([300, 200])
    expect(await values("?timestamp=301")).toEqual([])
    const both = await records(`${at}?offset=0&timestamp=1`)
    expect(both).toMatchObject({ status: 422 })
    expect(both.json.message).toContain("query.timestamp: ")
  })

  test("past the end waits, then answers nothing", async () => {
    const { call, produce } = await apiWithTopic()
    const empty = await call(`GET ${at}?offset=5&timeout=1`)
    expect(empty).toMatchObject({ status: 200, text: "[]", headers: { "millrace-next-offset": "5" } })
    const waiting = call(`GET ${at}?offset=0&timeout=25000`)
    await produce("/topics/events", ['"arrived"'])
    expect((await waiting).json[0].value).toBe("arrived")
  })

  test("stops waiting when the client leaves or the API closes", async () => {
    const { call, api } = await apiWithTopic()
    const client = new AbortController()
    const left = call(`GET ${at}?timeout=25000`, { signal: client.signal })
    client.abort()
    expect((await left).text).toBe("[]")
    const waiting = call(`GET ${at}?timeout=25000`)
    api.close()
    expect((await waiting).text).toBe("[]")
  })

  test("is cut at max_bytes, but always goes on", async () => {
    const { produce, records, call } = await apiWithTopic()
    const line = JSON.stringify("x".repeat(1_000))
    await produce(
      "/topics/events",
      Array.from({ length: 10 }, () => line),
    )
    expect((await records(`${at}?max_bytes=1`)).json).toHaveLength(1)
    const some = await records(`${at}?max_bytes=4000`)
    expect(some.json).toHaveLength(3)
    expect(some.bytes.length).toBeLessThanOrEqual(4_000)
    let offset = 0
    const seen: number[] = []
    while (offset < 10) {
      const answer = await records(`${at}?max_bytes=2500&offset=${offset}`)
      seen.push(...answer.json.map((record: { offset: number }) => record.offset))
      offset = Number(answer.headers["millrace-next-offset"])
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect((await call(`GET ${at}?max_bytes=4194305`)).json.message).toBe(
      "query.max_bytes: expected an integer, 1 to 4194304, got 4194305",
    )
    expect((await call(`GET ${at}?timeout=25001`)).status).toBe(422)
  })

  test("answers batches as they are stored", async () => {
    const { produce, records } = await apiWithTopic()
    await produce("/topics/events", ["1", "2"])
    await produce("/topics/events", ["3"])
    const answer = await records(`${at}?offset=1`, batchesType)
    expect(answer.headers).toMatchObject({ "content-type": batchesType, "millrace-next-offset": "3" })
    const decoded = splitBatches(answer.bytes).flatMap(decodeRecords)
    expect(decoded.map(record => record.offset)).toEqual([0, 1, 2])
    expect(decoded.map(record => Buffer.from(record.value ?? []).toString())).toEqual(["1", "2", "3"])
  })

  test("of what is no JSON asks for another format, where it stands", async () => {
    const { call, records, produce } = await apiWithTopic()
    await produce("/topics/events", ["1"])
    const headers = { "content-type": binaryType }
    const body = { records: [{ value: Buffer.from("},{").toString("base64") }] }
    await call("POST /topics/events", { headers, body })
    const before = await records(at)
    expect(before.json).toHaveLength(1)
    expect(before.headers["millrace-next-offset"]).toBe("1")
    const there = await records(`${at}?offset=1`)
    expect(there).toMatchObject({
      status: 406,
      json: { error_code: 40602, reason: "not_representable", offset: 1 },
    })
    expect(there.json.message).toContain("its value is not JSON")
    expect((await records(`${at}?offset=1`, binaryType)).json[0].value).toBe(body.records[0]!.value)
  })

  test("in a format that is not known is 406", async () => {
    const { records } = await apiWithTopic()
    const answer = await records(at, "application/vnd.kafka.avro.v2+json")
    expect(answer).toMatchObject({ status: 406, json: { error_code: 40601, reason: "not_acceptable" } })
    expect(answer.json.message).toContain(batchesType)
    expect((await records(at, "text/html, */*;q=0.1")).headers["content-type"]).toBe("application/json")
    expect((await records(at, `application/json;q=0.2, ${binaryType}`)).headers["content-type"]).toBe(
      binaryType,
    )
  })

  test("of what does not exist is 404", async () => {
    const { records } = await apiWithTopic()
    expect(await records("/topics/nope/partitions/0/records")).toMatchObject({
      status: 404,
      json: { error_code: 40401, reason: "unknown_topic" },
    })
    expect(await records("/topics/events/partitions/1/records")).toMatchObject({
      status: 404,
      json: { error_code: 40402 },
    })
  })
})
