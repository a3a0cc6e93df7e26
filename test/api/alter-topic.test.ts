import { expect, test } from "vitest"
import type { TableSpec } from "../../shared/definition/table-spec.ts"
import { apiWithTopic, flights, openApi } from "./support.ts"

test("a topic grows and is configured; what is not named stays", async () => {
  const { call, produce } = await apiWithTopic(2)
  const grown = await call("PATCH /topics/events", {
    body: { partitions: 3, config: { "retention.ms": "5" } },
  })
  expect(grown).toMatchObject({ status: 200, json: { name: "events", configs: { "retention.ms": "5" } } })
  expect(grown.json.partitions).toHaveLength(3)
  expect(await produce("/topics/events/partitions/2", ["1"])).toMatchObject({
    status: 200,
    json: { offsets: [{ partition: 2, offset: 0 }] },
  })
  const reset = await call("PATCH /topics/events", { body: { config: { "retention.ms": null } } })
  expect(reset.json).toMatchObject({ configs: {} })
  expect(reset.json.partitions).toHaveLength(3)
})

test.each<[object, number, number, string]>([
  [{}, 422, 422, "body: expected partitions, config or both"],
  [{ partitions: 0 }, 422, 422, "body.partitions: expected an integer, 1 to 10000"],
  [
    { partitions: 2, colour: 1, config: { "retention.ms": 5 } },
    422,
    422,
    "body.config.retention.ms: expected text, or null for the default; body.colour: is not known here",
  ],
  [
    { partitions: 1 },
    422,
    42210,
    "partitions: only grow, since records stay where they are: expected at least 2, got 1",
  ],
  [
    { config: { "retention.ms": "soon" } },
    422,
    42210,
    'config["retention.ms"]: expected an integer of at least -1',
  ],
])(
  "a wrong change %j is refused with its path, and the next one works",
  async (body, status, code, message) => {
    const { call } = await apiWithTopic(2)
    expect(await call("PATCH /topics/events", { body })).toMatchObject({
      status,
      json: { error_code: code, message },
    })
    expect((await call("PATCH /topics/events", { body: { partitions: 2 } })).status).toBe(200)
  },
)

test("what an app owns, and what there is not, is not altered", async () => {
  const { call, log } = openApi()
  await log.createTopic({ name: "theirs", partitions: 1, owner: "app:shop" })
  expect(await call("PATCH /topics/theirs", { body: { partitions: 2 } })).toMatchObject({
    status: 409,
    json: { error_code: 40904, reason: "managed_by_app" },
  })
  expect(await call("PATCH /topics/nothing", { body: { partitions: 2 } })).toMatchObject({
    status: 404,
    json: { error_code: 40401 },
  })
})

test("a topic whose partitions a table rests on does not grow; its configuration changes", async () => {
  const keyed: TableSpec = { ...flights, topic: "events", upsert: { mode: "full", compare: "date" } }
  const tables = { list: async () => [keyed], get: async () => undefined }
  const { call, log } = openApi({ tables })
  await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  expect(await call("PATCH /topics/events", { body: { partitions: 2 } })).toMatchObject({
    status: 409,
    json: {
      error_code: 40906,
      reason: "growth_refused",
      message:
        "body.partitions: events cannot grow to 2: the table flights keeps the rows of a key in one partition, and more partitions would send it to others",
    },
  })
  expect((await call("PATCH /topics/events", { body: { partitions: 1, config: {} } })).status).toBe(200)
})

test("a producer's requests go on to the partition that they went to before the growth", async () => {
  const { call, produce } = await apiWithTopic(2)
  const headers = (seq: number, epoch = 0) => ({
    "producer-id": "p",
    "producer-epoch": `${epoch}`,
    "producer-seq": `${seq}`,
  })
  const keys = Array.from({ length: 40 }, (_, key) => `{"k":"${key}"}`)
  const before = new Map<string, number>()
  const fresh = new Map<string, number>()
  const send = async (line: string, epoch: number, seqs: Map<number, number>) => {
    // A producer counts each partition apart: where the sequence of another one does not fit, the next is tried.
    for (const seq of new Set([...seqs.values(), 0])) {
      const answer = await produce("/topics/events?key=k", [line], headers(seq, epoch))
      if (answer.status !== 200) continue
      const { partition } = answer.json.offsets[0]
      seqs.set(partition, seq + 1)
      return partition as number
    }
    throw new Error("no sequence fits")
  }
  const first = new Map<number, number>()
  for (const line of keys) before.set(line, await send(line, 0, first))
  await call("PATCH /topics/events", { body: { partitions: 5 } })
  for (const line of keys) expect(await send(line, 0, first)).toBe(before.get(line))
  const second = new Map<number, number>()
  for (const line of keys) fresh.set(line, await send(line, 1, second))
  expect(Math.max(...fresh.values())).toBeGreaterThan(1)
})
