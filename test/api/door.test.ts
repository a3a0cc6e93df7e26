import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { createBatchBuilder } from "../../shared/log/records/index.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { openApi } from "./support.ts"

const schema = JSON.stringify({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    id: { type: "string" },
    kind: { enum: ["click", "view"] },
    legs: { type: "array", items: { type: "object", properties: { delay: { type: "integer" } } } },
  },
  required: ["id"],
})

async function guarded(validate: "door" | "reader") {
  const log = openLog(memoryPorts())
  await log.createTopic({ name: "guarded", partitions: 1, owner: "http", schema, validate, keyField: "id" })
  return openApi({ log })
}

const ndjson = { "content-type": "application/x-ndjson" }

test("the door refuses what does not fit, by record and path, and lets the rest in", async () => {
  const { call } = await guarded("door")
  const produce = (lines: unknown[]) =>
    call("POST /topics/guarded?key=id&summary", {
      headers: ndjson,
      body: lines.map(line => JSON.stringify(line)).join("\n"),
    })
  const refusals: [unknown, string][] = [
    [{ id: "b", kind: "x" }, 'record 1: value.kind: expected one of "click", "view"'],
    [{ id: "b", legs: [{ delay: 1 }, { delay: 1.5 }] }, "record 1: value.legs[1].delay: expected integer"],
  ]
  for (const [bad, message] of refusals) {
    const answer = await produce([{ id: "a" }, bad])
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({ error_code: 42214, message })
  }
  expect((await produce([{ id: "a", legs: [{ delay: 1 }] }])).json.offsets).toEqual([
    { partition: 0, offset: 0, count: 1 },
  ])
})

test("the door wants the key field as the key, in every format", async () => {
  const { call } = await guarded("door")
  const headers = { "content-type": "application/json" }
  const send = (key: string | undefined) =>
    call("POST /topics/guarded", { headers, body: { records: [{ key, value: { id: "a" } }] } })
  expect((await send("b")).json.message).toBe('record 0: key: expected "a", the value\'s field id')
  expect((await send(undefined)).json.message).toBe('record 0: key: expected "a", the value\'s field id')
  expect((await send("a")).status).toBe(200)
  const builder = createBatchBuilder()
  const bytes = Buffer.from('{"id":7}')
  builder.add(bytes, -1, -1, 0, bytes.length, 1)
  const batches = { "content-type": "application/vnd.millrace.batches" }
  const answer = await call("POST /topics/guarded/partitions/0", {
    headers: batches,
    body: builder.finish({ codec: "zstd" }).bytes,
  })
  expect(answer.json).toMatchObject({ error_code: 42214, message: "record 0: value.id: expected string" })
})

test("without it nothing is checked on the way in", async () => {
  const { call } = await guarded("reader")
  const answer = await call("POST /topics/guarded", { headers: ndjson, body: '{"kind":"x"}' })
  expect(answer.status).toBe(200)
})
