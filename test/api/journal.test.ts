import { describe, expect, test } from "vitest"
import { deliver } from "../../shared/log/journal/deliver.ts"
import type { JournalFault } from "../../shared/storage/memory/journal.ts"
import { memoryJournal } from "../../shared/storage/memory/journal.ts"
import { nothingAside } from "../log/journal-support.ts"
import { batch } from "../log/support.ts"
import { openApi } from "./support.ts"

const ndjson = { "content-type": "application/x-ndjson" }
const batches = { "content-type": "application/vnd.millrace.batches" }

async function journalled(
  options: { fault?: (key: string) => JournalFault | undefined; schema?: string } = {},
) {
  const journal = memoryJournal({ fault: async ({ key }) => options.fault?.(key) })
  const api = openApi({ journal })
  const { schema } = options
  const checked = schema === undefined ? {} : ({ schema, validate: "door" } as const)
  await api.log.createTopic({ name: "events", partitions: 4, owner: "http", ...checked })
  const delivered = () => deliver(api.log, journal.read(journal.shards[0]), nothingAside)
  const values = async (partition: number) => {
    const { json } = await api.records(`/topics/events/partitions/${partition}/records?offset=0`)
    return json.map((record: { value: unknown }) => record.value)
  }
  return { ...api, journal, delivered, values }
}

describe("?ack=journal", () => {
  test("answers 202 with partition, shard, sequence and count; the records are in the log once delivered", async () => {
    const { call, delivered, values } = await journalled()
    const body = { records: ["a", "b", "c"].map(value => ({ value, partition: value === "b" ? 3 : 1 })) }
    const answer = await call("POST /topics/events?ack=journal", { body })
    expect(answer.status).toBe(202)
    expect(answer.json).toEqual({
      entries: [
        { partition: 1, shard: "shard-0", sequence: "7", count: 2 },
        { partition: 3, shard: "shard-0", sequence: "10", count: 1 },
      ],
    })
    expect(await values(1)).toEqual([])
    expect(await delivered()).toMatchObject({ appended: 2 })
    expect(await values(1)).toEqual(["a", "c"])
    expect(await values(3)).toEqual(["b"])
  })

  test("takes every body that the other door takes; keys choose the same partitions", async () => {
    const { call, delivered, log } = await journalled()
    const lines = ["x", "y", "z", "w"].map(k => `{"k":"${k}"}\n`).join("")
    const journal = await call("POST /topics/events?ack=journal&key=k", { headers: ndjson, body: lines })
    const plain = await call("POST /topics/events?key=k&ack=log", { headers: ndjson, body: lines })
    expect(plain.status).toBe(200)
    const partitions = plain.json.offsets.map(({ partition }: { partition: number }) => partition)
    const counted = journal.json.entries.flatMap(
      ({ partition, count }: { partition: number; count: number }) =>
        Array.from({ length: count }, () => partition),
    )
    expect([...counted].sort()).toEqual([...partitions].sort())
    const encoded = await call("POST /topics/events/partitions/2?ack=journal", {
      headers: batches,
      body: Buffer.concat([batch(["p", "q"]), batch(["r"])]),
    })
    expect(encoded.json.entries).toMatchObject([
      { partition: 2, count: 2 },
      { partition: 2, count: 1 },
    ])
    await delivered()
    const { id } = await log.topic("events")
    let total = 0
    for (let at = 0; at < 4; at++) total += (await log.offsets(id, at)).endOffset
    expect(total).toBe(4 + 4 + 3)
  })

  test("records without key and partition stay together; large bodies become several entries, in order", async () => {
    const { call, delivered, log } = await journalled()
    const lines = Array.from({ length: 3_000 }, (_, i) => `{"i":${i},"x":"${"y".repeat(1_000)}"}\n`).join("")
    const { status, json } = await call("POST /topics/events?ack=journal", { headers: ndjson, body: lines })
    expect(status).toBe(202)
    expect(json.entries.length).toBeGreaterThan(2)
    const [{ partition }] = json.entries
    expect(new Set(json.entries.map((entry: { partition: number }) => entry.partition)).size).toBe(1)
    await delivered()
    const { id } = await log.topic("events")
    expect((await log.offsets(id, partition)).endOffset).toBe(3_000)
    const { batches: read } = await log.fetch(id, partition, { offset: 0, maxBytes: 1 })
    expect(Buffer.from(read[0].bytes).includes('{"i":0,')).toBe(true)
  })

  test.each([
    [
      "producer headers",
      {
        headers: { ...ndjson, "producer-id": "p", "producer-epoch": "0", "producer-seq": "0" },
        body: "{}\n",
      },
      { status: 422, message: /^query\.ack: expected no producer headers beside journal/ },
    ],
    [
      "a batch of a producer",
      { headers: batches, body: batch(["x"], 1, 7) },
      { status: 422, message: /producer 7: the journal takes none/ },
    ],
    [
      "a damaged batch",
      { headers: batches, body: batch(["x"]).with(40, 1) },
      { status: 422, message: /batch/ },
    ],
    [
      "a record larger than an entry",
      { headers: ndjson, body: `"${"x".repeat(1_100_000)}"\n` },
      { status: 413, message: /a journal's entry holds at most \d+: send it without ack=journal/ },
    ],
    ["no JSON", { headers: ndjson, body: "{\n" }, { status: 400, message: /./ }],
  ])("refuses %s; the journal has nothing of it, and the next request works", async (_, body, expected) => {
    const { call, journal } = await journalled()
    const answer = await call("POST /topics/events/partitions/0?ack=journal", body)
    expect(answer.status).toBe(expected.status)
    expect(answer.json.message).toMatch(expected.message)
    expect(journal.read(journal.shards[0])).toEqual([])
    const next = await call("POST /topics/events/partitions/0?ack=journal", { headers: ndjson, body: "{}\n" })
    expect(next.status).toBe(202)
  })

  test("asks the topic's schema, and knows topics and partitions", async () => {
    const schema = JSON.stringify({ type: "object", properties: { n: { type: "integer" } }, required: ["n"] })
    const { call } = await journalled({ schema })
    const send = (path: string, body: string) => call(`POST ${path}?ack=journal`, { headers: ndjson, body })
    expect(await send("/topics/events", '{"n":"x"}\n')).toMatchObject({
      status: 422,
      json: { reason: "invalid_record", message: expect.stringContaining("value.n") },
    })
    expect((await send("/topics/events", '{"n":1}\n')).status).toBe(202)
    expect(await send("/topics/none", '{"n":1}\n')).toMatchObject({
      status: 404,
      json: { error_code: 40401 },
    })
    expect(await send("/topics/events/partitions/4", '{"n":1}\n')).toMatchObject({
      status: 404,
      json: { error_code: 40402, message: expect.stringContaining("expected 0 to 3") },
    })
  })

  test("without a journal, says so and what to do; a word that it does not know is named", async () => {
    const { call, log } = openApi()
    await log.createTopic({ name: "events", partitions: 1, owner: "http" })
    const refused = await call("POST /topics/events?ack=journal", { headers: ndjson, body: "{}\n" })
    expect(refused).toMatchObject({
      status: 422,
      json: {
        reason: "invalid",
        message: expect.stringMatching(/^query\.ack: this deployment has no journal; /),
      },
    })
    expect(await call("POST /topics/events?ack=all", { headers: ndjson, body: "{}\n" })).toMatchObject({
      status: 422,
      json: { message: expect.stringContaining("query.ack: expected log or journal") },
    })
    expect((await call("POST /topics/events", { headers: ndjson, body: "{}\n" })).status).toBe(200)
  })
})

describe("what the journal says", () => {
  const both = { records: [1, 2].map(partition => ({ value: `v${partition}`, partition })) }

  test("refused: 503 with Retry-After, and the same request may succeed", async () => {
    let calls = 0
    const { call, journal } = await journalled({
      fault: () => (++calls <= 2 ? { kind: "refuse" } : undefined),
    })
    const answer = await call("POST /topics/events?ack=journal", { body: both })
    expect(answer).toMatchObject({ status: 503, json: { reason: "overloaded" } })
    expect(answer.headers["retry-after"]).toBe("1")
    expect(journal.read(journal.shards[0])).toEqual([])
    expect((await call("POST /topics/events?ack=journal", { body: both })).status).toBe(202)
  })

  test("unknown: 503 outcome_unknown, also where others were refused", async () => {
    let calls = 0
    const { call } = await journalled({
      fault: () => ({ kind: ++calls === 1 ? "refuse" : "timeout-after" }),
    })
    const answer = await call("POST /topics/events?ack=journal", { body: both })
    expect(answer).toMatchObject({ status: 503, json: { reason: "outcome_unknown", error_code: 50311 } })
  })

  test("some taken: 202, and each entry tells its own outcome", async () => {
    const { call, delivered, values } = await journalled({
      fault: key => (key.endsWith("#2") ? { kind: "timeout-before" } : undefined),
    })
    const answer = await call("POST /topics/events?ack=journal", { body: both })
    expect(answer.status).toBe(202)
    expect(answer.json.entries).toEqual([
      { partition: 1, shard: "shard-0", sequence: "7", count: 1 },
      {
        partition: 2,
        shard: null,
        sequence: null,
        count: 1,
        error_code: 50311,
        error: expect.stringContaining("may or may not have the records"),
      },
    ])
    await delivered()
    expect(await values(1)).toEqual(["v1"])
    expect(await values(2)).toEqual([])
  })
})
