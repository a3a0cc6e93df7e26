import { describe, expect, test } from "vitest"
import { schemaStore } from "../../shared/api/schema-store.ts"
import { tableDirectory } from "../../shared/api/table-directory.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { Builder } from "../../shared/serving/builder/builder.ts"
import { buildAll } from "../../shared/serving/builder/run.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import { TailCache } from "../../shared/serving/tail/tail-cache.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { openApi, type TestApi } from "./support.ts"

interface Tables extends TestApi {
  readonly registry: TableRegistry
  build(force?: boolean): Promise<void>
}

async function openTables(services: Parameters<typeof openApi>[0] = {}): Promise<Tables> {
  const ports = memoryPorts()
  const log = openLog(ports)
  const registry = new TableRegistry(ports, log)
  const builder = new Builder(ports, registry, new TailCache(log))
  const api = openApi({
    log,
    tables: tableDirectory(ports, registry, log),
    schemas: schemaStore(ports),
    ...services,
  })
  await log.createTopic({ name: "rides", partitions: 2, owner: "http", keyField: "id" })
  return {
    ...api,
    registry,
    async build(force = false) {
      if (force) for (const partition of [0, 1]) await builder.step("rides", partition, true)
      await buildAll(registry, builder, { signal: new AbortController().signal, onFault: () => {} })
    },
  }
}

const RIDES = {
  name: "rides",
  from: "rides",
  columns: { id: "string", at: "timestamp", fare: { type: "double", sql: "cents / 100" }, tags: "string[]" },
  time: "at",
  retention: "30d",
}

describe("tables over HTTP", () => {
  test("are made, seen, altered and dropped", async () => {
    const { call, registry } = await openTables()
    const made = await call("POST /tables", { body: RIDES })
    expect(made.status, made.text).toBe(201)
    expect(made.headers.location).toBe("/tables/rides")
    expect(made.json).toEqual({
      name: "rides",
      owner: "http",
      attached: true,
      rebuilding: false,
      partitions: 2,
      schema_version: 1,
      definition: {
        from: "rides",
        columns: {
          id: "string",
          at: "timestamp",
          fare: { type: "double", sql: "cents / 100" },
          tags: "string[]",
        },
        time: "at",
        retention: "2592000000ms",
      },
    })
    const shown = await call("GET /tables/rides")
    expect(shown.json.table).toEqual(made.json)
    expect(shown.json.status).toMatchObject({ totals: { records: 0 }, faults: [], partitions: [{}, {}] })
    // What is shown is what makes the same.
    const same = await call("PUT /tables/rides", { body: made.json.definition })
    expect(same.json).toEqual(made.json)
    const next = { ...made.json.definition, columns: { ...RIDES.columns, city: "string" }, sort: ["id"] }
    const altered = await call("PUT /tables/rides", { body: next })
    expect(altered.status, altered.text).toBe(200)
    expect(altered.json).toMatchObject({ schema_version: 2, definition: { sort: ["id"] } })
    const dropped = await call("DELETE /tables/rides")
    expect(dropped.json).toEqual({ status: "Tables: [rides_REALTIME] deleted" })
    expect((await call("GET /tables/rides")).status).toBe(404)
    expect(await registry.list()).toEqual([])
  })

  test("are built anew where their rows do not allow it and the request does", async () => {
    const { call, build } = await openTables()
    await call("POST /tables", { body: RIDES })
    const refused = await call("PUT /tables/rides", { body: { ...RIDES, where: "fare > 1" } })
    expect(refused.status).toBe(409)
    expect(refused.json).toMatchObject({ error_code: 40933, reason: "alteration_refused" })
    expect(refused.json.message).toMatch(/^tables\.rides\.where: unset → fare > 1: .*say rebuild: true/)
    const body = { ...RIDES, where: "cents > 1", rebuild: true }
    const begun = await call("PUT /tables/rides", { body })
    expect(begun.json).toMatchObject({ rebuilding: true })
    expect(begun.json.definition.where).toBeUndefined()
    expect((await call("GET /tables/rides")).json.status.rebuild).toEqual([
      { partition: 0, position: 0, end: 0 },
      { partition: 1, position: 0, end: 0 },
    ])
    await build()
    const after = await call("GET /tables/rides")
    expect(after.json.table).toMatchObject({ rebuilding: false, definition: { where: "cents > 1" } })
  })

  test("tell of their segments", async () => {
    const { call, produce, build } = await openTables()
    await call("POST /tables", { body: { ...RIDES, sort: ["id"] } })
    await produce("/topics/rides/partitions/1", ['{"id":"a","at":5,"cents":100}', '{"id":"b","at":7}'])
    await build(true)
    const { json } = await call("GET /tables/rides/segments")
    expect(json).toEqual({
      table: "rides",
      partitions: [
        { partition: 0, position: 0, segments: [] },
        {
          partition: 1,
          position: 2,
          segments: [
            {
              id: expect.any(String),
              base_offset: 0,
              next_offset: 2,
              rows: 2,
              bytes: expect.any(Number),
              schema_version: 1,
              level: 0,
              time_min: 5,
              time_max: 7,
            },
          ],
        },
      ],
    })
    expect((await call("GET /tables/rides/segments?partition=0")).json.partitions).toHaveLength(1)
    const [segment] = json.partitions[1].segments
    const one = await call(`GET /tables/rides/segments/${segment.id}`)
    expect(one.json).toMatchObject({
      ...segment,
      partition: 1,
      columns: expect.any(Object),
      indexes: expect.any(Array),
    })
    const none = await call("GET /tables/rides/segments/none")
    expect(none.json).toMatchObject({ error_code: 404, reason: "unknown_segment" })
  })

  test.each<[string, string, object, number, string, RegExp]>([
    [
      "no name",
      "POST /tables",
      { from: "rides" },
      422,
      "invalid",
      /^body\.name: expected the table's name, got nothing/,
    ],
    [
      "another name than the path's",
      "PUT /tables/other",
      RIDES,
      422,
      "invalid",
      /^body\.name: expected "other"/,
    ],
    [
      "no topic",
      "POST /tables",
      { ...RIDES, from: 7 },
      422,
      "invalid_table",
      /^body\.from: expected a topic's name, found 7/,
    ],
    ["an unknown topic", "POST /tables", { ...RIDES, from: "nope" }, 404, "unknown_topic", /nope/],
    [
      "a hidden topic",
      "POST /tables",
      { ...RIDES, from: "__table.x" },
      422,
      "invalid_table",
      /^body\.from: expected a topic's name/,
    ],
    [
      "several faults",
      "POST /tables",
      { ...RIDES, columns: { id: "text", at: "timestamp" }, sort: ["x"], colour: 1 },
      422,
      "invalid_table",
      /^body\.columns\.id: expected one of .*, found "text"; .*body\.colour: is not an option here|^body\.colour: is not an option here.*body\.columns\.id/,
    ],
    [
      "SQL that does not parse",
      "POST /tables",
      { ...RIDES, where: "fare >" },
      422,
      "invalid_table",
      /where: unexpected end of the expression, at character 7/,
    ],
    [
      "upsert without the topic's key",
      "POST /tables",
      { ...RIDES, primaryKey: ["at"], upsert: {} },
      422,
      "invalid_table",
      /^body\.primaryKey: expected the topic's key field "id"/,
    ],
    ["a table of an app", "PUT /tables/owned", { ...RIDES, name: "owned" }, 409, "managed_by_app", /app:air/],
    ["a table twice", "POST /tables", { ...RIDES, name: "owned" }, 409, "table_exists", /owned/],
    ["no such table", "PUT /tables/none", { ...RIDES, name: "none" }, 404, "unknown_table", /none/],
    ["an array", "POST /tables", [], 422, "invalid", /body/],
  ])("say what is wrong: %s", async (_, target, body, status, reason, message) => {
    const { call, registry } = await openTables()
    await registry.create(
      { name: "owned", topic: "rides", columns: [{ name: "id", type: "string" }] },
      "app:air",
    )
    const answer = await call(target, { body })
    expect(answer.json).toMatchObject({ reason, message: expect.stringMatching(message) })
    expect(answer.status).toBe(status)
    expect((await call("POST /tables", { body: RIDES })).status).toBe(201)
  })

  test("of an app are its own to drop", async () => {
    const { call, registry } = await openTables()
    await registry.create(
      { name: "owned", topic: "rides", columns: [{ name: "id", type: "string" }] },
      "app:air",
    )
    const answer = await call("DELETE /tables/owned")
    expect(answer.json).toMatchObject({ error_code: 40904, reason: "managed_by_app" })
    expect((await registry.list()).map(({ spec }) => spec.name)).toEqual(["owned"])
  })

  test("need the table's admin scope and the topic's read scope", async () => {
    const scopes = ["table:rides:admin"]
    const { call } = await openTables({
      authenticate: { authenticate: async () => ({ by: "key" as const, name: "k", scopes }) },
    })
    expect((await call("POST /tables", { body: RIDES })).json).toMatchObject({
      reason: "forbidden",
      need: "topic:rides:read",
    })
    scopes.push("topic:rides:read")
    expect((await call("POST /tables", { body: RIDES })).status).toBe(201)
    expect((await call("POST /tables", { body: { ...RIDES, name: "other" } })).json).toMatchObject({
      need: "table:other:admin",
    })
    expect((await call("DELETE /tables/other")).json).toMatchObject({ need: "table:other:admin" })
    expect((await call("DELETE /tables/rides")).status).toBe(200)
  })

  test("without a registry are not offered", async () => {
    const { call } = openApi()
    expect((await call("POST /tables", { body: RIDES })).json).toMatchObject({ reason: "not_offered" })
  })
})

test("topics that stand behind tables are listed nowhere, and their names are nobody's", async () => {
  const { call, log } = await openTables()
  await log.createTopic({ name: "__table.x", partitions: 1, owner: "app:air" })
  expect((await call("GET /topics")).json).toEqual(["rides"])
  expect((await call("POST /topics", { body: { name: "__table.y" } })).json.message).toMatch(
    /^body\.name: expected a name that does not begin with __table\./,
  )
})

test("rows are erased by a condition, which is refused where it is none", async () => {
  const { call, produce, build, registry } = await openTables()
  await call("POST /tables", {
    body: { ...RIDES, retention: undefined, columns: { id: "string" }, time: undefined },
  })
  await produce("/topics/rides", ['{"id":"a"}', '{"id":"b"}'])
  await build(true)
  const wrong = await call("POST /tables/rides/purge", { body: { where: "id = 1" } })
  expect(wrong.status).toBe(422)
  expect(wrong.json).toMatchObject({ error_code: 42232 })
  expect(wrong.text).toContain("where: expected a string for id, got 1: it is no text, at character 6")
  expect((await call("POST /tables/none/purge", { body: { where: "id = 'a'" } })).status).toBe(404)
  expect((await call("POST /tables/rides/purge", { body: {} })).status).toBe(422)
  const done = await call("POST /tables/rides/purge", { body: { where: "id = 'a'" } })
  expect(done.status, done.text).toBe(200)
  expect(done.json).toEqual({ id: expect.stringMatching(/^[0-9a-f]{32}$/), ends: expect.any(Array) })
  expect((done.json as { ends: number[] }).ends.reduce((sum, end) => sum + end, 0)).toBe(2)
  expect(await registry.find("rides")).toBeDefined()
})
