import { describe, expect, test } from "vitest"
import { decodeRecords, readFrame, writeFrame } from "../../shared/log/records/index.ts"
import { valuesBatch } from "../log/records/support.ts"
import { transactional } from "../log/transactions/support.ts"
import { openApi, type TestApi } from "./support.ts"

const framed = { "content-type": "application/vnd.millrace.framed" }

interface Stamp {
  readonly producerId: number
  readonly epoch: number
}

interface Sent {
  readonly topic: string
  readonly topicId?: string
  readonly partition: number
  readonly values: readonly string[]
}

async function opened(): Promise<TestApi> {
  const api = openApi()
  await api.log.createTopic({ name: "a", partitions: 2, owner: "http" })
  await api.log.createTopic({ name: "b", partitions: 1, owner: "http" })
  return api
}

async function begin({ call }: TestApi, id = "orders"): Promise<Stamp> {
  const { status, json } = await call(`POST /transactions/${id}`)
  expect(status).toBe(200)
  const { producerId, epoch } = json
  return { producerId, epoch }
}

function commit({ call }: TestApi, stamp: Stamp, sent: readonly Sent[], more: object = {}) {
  const bytes = sent.map(({ values }) => transactional(values, { ...stamp, sequence: 0 }))
  const batches = sent.map(({ values: _, ...place }, index) => ({ ...place, bytes: bytes[index]?.length }))
  const { producerId, epoch } = stamp
  const body = writeFrame({ producerId, epoch, batches, ...more }, bytes)
  return call("POST /transactions/orders/commit", { headers: framed, body })
}

async function consumed(api: TestApi, topic: string, partition = 0): Promise<string[]> {
  const body = { partitions: [{ topic, partition, offset: 0 }] }
  const { head, payload } = readFrame((await api.call("POST /fetch", { body })).bytes)
  const [entry] = (head as { partitions: { bytes: number[] }[] }).partitions
  let at = 0
  return (entry?.bytes ?? []).flatMap(length => {
    at += length
    return decodeRecords(payload.subarray(at - length, at)).map(({ value }) =>
      Buffer.from(value ?? []).toString(),
    )
  })
}

describe("transactions", () => {
  test("are committed at once, with their batches and offsets", async () => {
    const api = await opened()
    const stamp = await begin(api)
    const offsets = [{ group: "g", offsets: [{ topic: "b", partition: 0, offset: 4, metadata: "m" }] }]
    const answer = await commit(
      api,
      stamp,
      [
        { topic: "a", partition: 1, values: ["1", "2"] },
        { topic: "b", partition: 0, values: ["3"] },
      ],
      { offsets },
    )
    expect(answer.json).toEqual({
      outcome: "committed",
      next: { producerId: stamp.producerId, epoch: stamp.epoch + 1 },
      offsets: [0, 0],
    })
    expect(await consumed(api, "a", 1)).toEqual(["1", "2"])
    expect(await consumed(api, "b")).toEqual(["3"])
    expect(await api.log.groups.committed("g")).toMatchObject([{ offset: 4, metadata: "m" }])
  })

  test("are appended by /produce and by a partition's route, and seen once they are committed", async () => {
    const api = await opened()
    const stamp = await begin(api)
    const batch = transactional(["1"], { ...stamp, sequence: 0 })
    const head = {
      batches: [
        { topic: "a", partition: 0, bytes: batch.length },
        { topic: "b", partition: 0, bytes: batch.length },
      ],
    }
    const produced = await api.call("POST /produce", {
      headers: framed,
      body: writeFrame(head, [batch, batch]),
    })
    expect(produced.json.results).toEqual([
      { partition: 0, offset: 0, count: 1 },
      { partition: 0, offset: 0, count: 1 },
    ])
    const headers = { "content-type": "application/vnd.millrace.batches" }
    const more = transactional(["2"], { ...stamp, sequence: 1 })
    expect((await api.call("POST /topics/a/partitions/0", { headers, body: more })).status).toBe(200)
    expect(await consumed(api, "a")).toEqual([])
    expect((await api.call("GET /transactions/orders")).json).toMatchObject({
      state: "ongoing",
      epoch: stamp.epoch,
    })
    const { json } = await api.call("POST /transactions/orders/commit", { body: stamp })
    expect(json).toMatchObject({ outcome: "committed", offsets: [] })
    expect(await consumed(api, "a")).toEqual(["1", "2"])
    expect(await consumed(api, "b")).toEqual(["1"])
  })

  test("need the scopes of what they touch", async () => {
    const api = await opened()
    const stamp = await begin(api)
    const as = (...scopes: string[]) =>
      openApi({
        log: api.log,
        authenticate: { authenticate: async () => ({ by: "key", name: "k", scopes }) },
      })
    const tries = [
      [as("topic:*:write"), "transaction:orders:write"],
      [as("transaction:orders:write", "topic:b:admin", "group:*:read"), "topic:a:write"],
      [as("transaction:ord*:write", "topic:a:write"), "group:g:read"],
      [as("transaction:orders:write", "topic:a:write", "group:g:read"), "topic:b:read"],
    ] as const
    const offsets = [{ group: "g", offsets: [{ topic: "b", partition: 0, offset: 4 }] }]
    for (const [other, need] of tries) {
      const answer = await commit(other, stamp, [{ topic: "a", partition: 0, values: ["1"] }], { offsets })
      expect(answer).toMatchObject({ status: 403, json: { reason: "forbidden", need } })
    }
    const all = as("transaction:orders:write", "topic:a:write", "topic:b:read", "group:g:read")
    expect((await all.call("GET /transactions")).json.transactions).toHaveLength(1)
    expect((await as("transaction:other:write").call("GET /transactions")).json.transactions).toEqual([])
    // An id is no way round a name's scope.
    const { id } = await api.log.topic("b")
    const round = await commit(all, stamp, [{ topic: "a", topicId: id, partition: 0, values: ["1"] }])
    expect(round).toMatchObject({ status: 404, json: { reason: "unknown_topic" } })
    const done = await commit(all, stamp, [{ topic: "a", partition: 0, values: ["1"] }], { offsets })
    expect(done.status).toBe(200)
  })

  test("that are asked for wrongly are told so", async () => {
    const api = await opened()
    const { call } = api
    expect(await call("GET /transactions/none")).toMatchObject({ status: 404, json: { error_code: 40451 } })
    const none = await call("POST /transactions/none/abort", { body: { producerId: 1, epoch: 0 } })
    expect(none).toMatchObject({ status: 404, json: { reason: "unknown_transaction" } })
    const late = await call("POST /transactions/orders", { body: { timeoutMs: 10 } })
    expect(late.json.message).toBe("body.timeoutMs: expected an integer, 1000 to 900000, got 10")
    expect(await call(`POST /transactions/${"x".repeat(257)}`)).toMatchObject({ status: 422 })
    const stamp = await begin(api)
    const fenced = await begin(api)
    expect(await call("POST /transactions/orders/commit", { body: stamp })).toMatchObject({
      status: 403,
      json: { error_code: 40303, reason: "fenced" },
    })
    const plain = valuesBatch(["1"])
    const head = { ...fenced, batches: [{ topic: "a", partition: 0, bytes: plain.length }] }
    const wrong = await call("POST /transactions/orders/commit", {
      headers: framed,
      body: writeFrame(head, [plain]),
    })
    expect(wrong).toMatchObject({ status: 422, json: { reason: "invalid_producer" } })
    expect(wrong.json.message).toContain("batches[0] (a 0): expected a transactional batch of producer")
    const json = await call("POST /transactions/orders/commit", { body: head })
    expect(json.json.message).toContain("body.batches: expected none in JSON")
    const headers = { "content-type": "text/plain" }
    expect((await call("POST /transactions/orders/commit", { headers, body: "x" })).status).toBe(415)
    const short = writeFrame({ ...head, batches: [{ ...head.batches[0], bytes: 5 }] }, [plain])
    expect((await call("POST /transactions/orders/commit", { headers: framed, body: short })).status).toBe(
      422,
    )
    const unknown = await call("POST /transactions/orders/commit", { body: { ...fenced, more: 1 } })
    expect(unknown.json.message).toContain("body.more")
    const again = await commit(api, fenced, [{ topic: "a", partition: 0, values: ["1"] }])
    expect(again.status).toBe(200)
  })
})
