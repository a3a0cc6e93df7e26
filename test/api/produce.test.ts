import { describe, expect, test } from "vitest"
import { LogError } from "../../shared/log/errors.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { createBatchBuilder, murmur2, partitionForKey } from "../../shared/log/records/index.ts"
import type { Log } from "../../shared/log/types.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { apiWithTopic, openApi } from "./support.ts"

const kafkaJson = { "content-type": "application/vnd.kafka.json.v2+json" }
const binary = { "content-type": "application/vnd.kafka.binary.v2+json" }
const batches = { "content-type": "application/vnd.millrace.batches" }

const b64 = (text: string) => Buffer.from(text).toString("base64")

function batch(...values: string[]): Uint8Array {
  const builder = createBatchBuilder()
  for (const value of values) {
    const bytes = Buffer.from(value)
    builder.add(bytes, -1, -1, 0, bytes.length, 1_000)
  }
  return builder.finish({}).bytes
}

/** For a key its partition among three. */
const of3 = (key: string) => partitionForKey(Buffer.from(key), 3)

describe("producing", () => {
  test("answers an offset a record, in the request's order", async () => {
    const { call } = await apiWithTopic(3)
    const keys = ["a", "b", "c", "d", "e"]
    const body = { records: keys.map(key => ({ key, value: key })) }
    const answer = await call("POST /topics/events", { headers: kafkaJson, body })
    const next = [0, 0, 0]
    const offsets = keys.map(key => ({
      partition: of3(key),
      offset: next[of3(key)]!++,
      error_code: null,
      error: null,
    }))
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({ offsets })
    expect(new Set(keys.map(of3)).size).toBeGreaterThan(1)
  })

  test("answers an entry a partition with ?summary", async () => {
    const { call, produce } = await apiWithTopic(3)
    expect((await produce("/topics/events/partitions/1?summary", ["1", "2", "", "3"])).json).toEqual({
      offsets: [{ partition: 1, offset: 0, count: 3 }],
    })
    expect((await produce("/topics/events/partitions/1?summary=true", ["4"])).json).toEqual({
      offsets: [{ partition: 1, offset: 3, count: 1 }],
    })
    expect((await produce("/topics/events/partitions/1?summary=false", ["5"])).json.offsets[0].offset).toBe(4)
    expect((await produce("/topics/events?summary=yes", ["5"])).json.message).toContain("query.summary: ")
    expect((await call("GET /topics/events/partitions/1/offsets")).json.end_offset).toBe(5)
  })

  test("sends records to the partition that they or the path name", async () => {
    const { call } = await apiWithTopic(3)
    const body = {
      records: [
        { value: 1, partition: 2 },
        { value: 2, partition: 0 },
        { value: 3, partition: 2 },
      ],
    }
    const { json } = await call("POST /topics/events", { body })
    expect(json.offsets.map((o: { partition: number; offset: number }) => [o.partition, o.offset])).toEqual([
      [2, 0],
      [0, 0],
      [2, 1],
    ])
    const path = await call("POST /topics/events/partitions/1", {
      body: { records: [{ key: "k", value: 1 }] },
    })
    expect(path.json.offsets[0]).toMatchObject({ partition: 1, offset: 0 })
    const mixed = await call("POST /topics/events", {
      body: {
        records: [
          { value: 1, partition: 0 },
          { value: 2, partition: 9 },
        ],
      },
    })
    expect(mixed.status).toBe(200)
    expect(mixed.json.offsets).toEqual([
      { partition: 0, offset: 1, error_code: null, error: null },
      { partition: 9, offset: null, error_code: 40402, error: expect.stringContaining("partition 9") },
    ])
  })

  test("takes an NDJSON field as the key", async () => {
    const { produce, records } = await apiWithTopic(3)
    const answer = await produce("/topics/events?key=id", ['{"id":"a"}', '{"id":7,"b":1}'])
    expect(answer.json.offsets[0]).toMatchObject({ partition: of3("a") })
    expect(answer.json.offsets[1]).toMatchObject({ partition: of3("7") })
    const { json } = await records(`/topics/events/partitions/${of3("7")}/records`)
    expect(json.at(-1)).toMatchObject({ key: "7", value: { id: 7, b: 1 } })
  })

  test("takes binary records and record batches", async () => {
    const { call, records } = await apiWithTopic(1)
    const body = { records: [{ key: b64("k"), value: b64("\u0000raw") }, { value: null }] }
    expect((await call("POST /topics/events", { headers: binary, body })).json.offsets[1].offset).toBe(1)
    const two = Buffer.concat([batch("1", "2"), batch("3")])
    const answer = await call("POST /topics/events/partitions/0", { headers: batches, body: two })
    expect(answer.json.offsets.map((o: { offset: number }) => o.offset)).toEqual([2, 3, 4])
    const summary = await call("POST /topics/events/partitions/0?summary", {
      headers: batches,
      body: batch("4"),
    })
    expect(summary.json).toEqual({ offsets: [{ partition: 0, offset: 5, count: 1 }] })
    const read = await records("/topics/events/partitions/0/records", "application/vnd.kafka.binary.v2+json")
    expect(read.json[0]).toMatchObject({ key: b64("k"), value: b64("\u0000raw") })
    expect(read.json[1]).toMatchObject({ key: null, value: null })
    expect(read.json).toHaveLength(6)
  })

  test("refuses a batch on the topic route and a damaged one anywhere", async () => {
    const { call } = await apiWithTopic()
    expect((await call("POST /topics/events", { headers: batches, body: batch("1") })).status).toBe(415)
    const damaged = batch("1")
    damaged[damaged.length - 1]! ^= 1
    for (const body of [damaged, damaged.subarray(0, 20), ""]) {
      const answer = await call("POST /topics/events/partitions/0", { headers: batches, body })
      expect(answer).toMatchObject({ status: 422, json: { error_code: 42211, reason: "corrupt_batch" } })
    }
    const fine = await call("POST /topics/events/partitions/0", { headers: batches, body: batch("1") })
    expect(fine.json.offsets[0].offset).toBe(0)
  })

  test("tells where bad records are, and appends none of them", async () => {
    const { call, produce } = await apiWithTopic()
    const lines = ["1", "2", "3", "4", "5", "6", '{"a":', "8"]
    const ndjson = await produce("/topics/events", lines)
    expect(ndjson).toMatchObject({
      status: 400,
      json: { error_code: 400, reason: "malformed_json", line: 7 },
    })
    expect(ndjson.json.message).toMatch(/^line 7, column 6: expected a JSON value, found /)
    const keyless = await produce("/topics/events?key=id", ['{"id":1}', '{"ID":1}'])
    expect(keyless).toMatchObject({ status: 422, json: { reason: "invalid_record", line: 2 } })
    const member = await call("POST /topics/events", { body: { records: [{ value: 1 }, { valeu: 1 }] } })
    expect(member).toMatchObject({ status: 422, json: { error_code: 42214 } })
    expect(member.json.message).toContain("records[1].valeu")
    const empty = await produce("/topics/events", [])
    expect(empty.json.message).toContain("at least one record")
    expect((await call("GET /topics/events/partitions/0/offsets")).json.end_offset).toBe(0)
    expect((await produce("/topics/events", ["1"])).status).toBe(200)
  })

  test("to what does not exist is 404", async () => {
    const { produce, call } = await apiWithTopic()
    expect(await produce("/topics/nope", ["1"])).toMatchObject({ status: 404, json: { error_code: 40401 } })
    expect(await produce("/topics/nope?key=a", ['{"a":1}'])).toMatchObject({ status: 404 })
    expect(await produce("/topics/events/partitions/1", ["1"])).toMatchObject({
      status: 404,
      json: { error_code: 40402, reason: "unknown_partition" },
    })
    const key = await call("POST /topics/events?key=a", { body: { records: [{ value: 1 }] } })
    expect(key.json.message).toMatch(/^query\.key: /)
  })

  test("refuses more records than an answer can tell of, unless asked for a summary", async () => {
    const { produce, call } = await apiWithTopic()
    const lines = Array.from({ length: 50_001 }, () => "1")
    expect(await produce("/topics/events", lines)).toMatchObject({ status: 413, json: { max: 50_000 } })
    expect((await call("GET /topics/events/partitions/0/offsets")).json.end_offset).toBe(0)
    expect((await produce("/topics/events?summary", lines)).json.offsets[0].count).toBe(50_001)
  })
})

describe("an idempotent producer", () => {
  const stamp = (seq: number, epoch = 0, id = "p-1") => ({
    "producer-id": id,
    "producer-epoch": String(epoch),
    "producer-seq": String(seq),
  })

  test("is answered with the same offsets when it repeats itself", async () => {
    const { produce, call } = await apiWithTopic(3)
    const first = await produce("/topics/events", ["1", "2"], stamp(0))
    await produce("/topics/events", ["3"], stamp(2))
    const again = await produce("/topics/events", ["1", "2"], stamp(0))
    expect(first.status).toBe(200)
    expect(again.json).toEqual(first.json)
    // Keyless records of a producer land where its id hashes to.
    const partition = (murmur2(Buffer.from("p-1")) & 0x7fffffff) % 3
    expect(first.json.offsets[0].partition).toBe(partition)
    expect((await call(`GET /topics/events/partitions/${partition}/offsets`)).json.end_offset).toBe(3)
  })

  test("is told of gaps, conflicts, forgotten duplicates and its end", async () => {
    const { produce } = await apiWithTopic()
    const to = "/topics/events/partitions/0"
    const gap = await produce(to, ["1"], stamp(5))
    expect(gap).toMatchObject({ status: 409, json: { error_code: 40912, reason: "gap", expected: 0 } })
    for (let seq = 0; seq < 7; seq++) expect((await produce(to, [`${seq}`], stamp(seq))).status).toBe(200)
    expect((await produce(to, ["0"], stamp(0))).json).toMatchObject({
      error_code: 40911,
      reason: "duplicate",
    })
    expect(await produce(to, ["0", "1"], stamp(6))).toMatchObject({
      status: 409,
      json: { error_code: 40913, reason: "sequence_conflict" },
    })
    expect((await produce(to, ["0"], stamp(0, 1))).status).toBe(200)
    expect(await produce(to, ["0"], stamp(7))).toMatchObject({
      status: 403,
      json: { error_code: 40303, reason: "fenced" },
    })
    expect((await produce(to, ["0"], stamp(1, 1))).json.offsets[0].offset).toBe(8)
  })

  test("must name all three headers, within their bounds", async () => {
    const { produce } = await apiWithTopic()
    const { "producer-seq": _, ...some } = stamp(0)
    expect(await produce("/topics/events", ["1"], some)).toMatchObject({
      status: 422,
      json: { message: "headers.producer-seq: is missing, expected beside the other producer headers" },
    })
    const wrong = { "producer-id": "x".repeat(257), "producer-epoch": "32768", "producer-seq": "-1" }
    const { json } = await produce("/topics/events", ["1"], wrong)
    expect(json.message).toContain("headers.producer-id: expected 1 to 256 printable ASCII characters")
    expect(json.message).toContain("headers.producer-epoch: expected an integer, 0 to 32767")
    expect(json.message).toContain("headers.producer-seq: expected an integer, 0 to 2147483647")
    expect((await produce("/topics/events", ["1"], stamp(0))).status).toBe(200)
  })

  test("must keep a request to one partition", async () => {
    const { produce } = await apiWithTopic(3)
    const spread = await produce(
      "/topics/events?key=id",
      ['{"id":"a"}', '{"id":"b"}', '{"id":"c"}'],
      stamp(0),
    )
    expect(spread).toMatchObject({ status: 422, json: { error_code: 42212, reason: "not_one_partition" } })
    const together = await produce(
      "/topics/events?key=id",
      ['{"id":"a","n":1}', '{"id":"a","n":2}'],
      stamp(0),
    )
    expect(together.status).toBe(200)
  })

  test("learns of an unknown outcome, with the time to ask again", async () => {
    const real = openLog(memoryPorts())
    const error = new LogError("outcome_unknown", "may be committed")
    const log = Object.create(real, {
      append: { value: async () => [{ partition: 0, error }] },
      topic: { value: (name: string) => real.topic(name) },
    }) as Log
    await real.createTopic({ name: "events", partitions: 1, owner: "http" })
    const { produce } = openApi({ log })
    const answer = await produce("/topics/events", ["1"])
    expect(answer).toMatchObject({
      status: 503,
      headers: { "retry-after": "1" },
      json: { error_code: 50311, reason: "outcome_unknown" },
    })
  })
})
