import { tableFromIPC } from "apache-arrow"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createAuthenticator } from "../../shared/api/auth/authenticator.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { sqlService } from "../../shared/api/sql-service.ts"
import { collectResults, RESULT_KEPT_MS, ResultStore } from "../../shared/serving/query/result-store.ts"
import { type OpenService, openService } from "../serving/query/fixture.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { openApi, type TestApi } from "./support.ts"

let service: OpenService
let ports: ReturnType<typeof memoryPorts>
let api: TestApi
let keys: ReturnType<typeof keyStore>
beforeAll(() => {
  service = openService({ children: 2 })
  ports = memoryPorts()
  keys = keyStore(ports)
  api = openApi({ sql: sqlService(service.service, new ResultStore(ports)) })
})
afterAll(() => service.close())

const post = (sql: string, more: object = {}, accept?: string, target = "/query/sql") =>
  api.call(`POST ${target}`, {
    body: { sql, ...more },
    ...(accept === undefined ? {} : { headers: { accept } }),
  })

describe("rows by Accept:", () => {
  const sql = "SELECT origin, delay FROM flights WHERE delay < 2 ORDER BY delay"

  test.each([
    ["text/csv", "text/csv; charset=utf-8; header=present", "origin,delay\r\na,0\r\nb,1\r\n"],
    ["application/x-ndjson", "application/x-ndjson", '{"origin":"a","delay":0}\n{"origin":"b","delay":1}\n'],
  ])("%s", async (accept, type, text) => {
    const answer = await post(sql, {}, accept)
    expect(answer).toMatchObject({ status: 200, headers: { "content-type": type }, text })
  })

  test("Arrow", async () => {
    const answer = await post(sql, {}, "application/vnd.apache.arrow.stream")
    expect(answer.headers["content-type"]).toBe("application/vnd.apache.arrow.stream")
    expect(
      tableFromIPC(answer.bytes)
        .toArray()
        .map(row => row.toJSON()),
    ).toEqual([
      { origin: "a", delay: 0 },
      { origin: "b", delay: 1 },
    ])
  })

  test("JSON to who wants it, anything, or what there is not", async () => {
    for (const accept of ["application/json", "*/*", "text/html, image/png"]) {
      const answer = await post(sql, {}, accept)
      expect(answer.headers["content-type"]).toBe("application/json")
      expect(answer.json.resultTable.rows).toEqual([
        ["a", 0],
        ["b", 1],
      ])
    }
  })

  test("a failure is 400 to who reads rows, and 200 to who reads replies", async () => {
    const rows = await post("SELECT nope FROM flights", {}, "text/csv")
    expect(rows).toMatchObject({ status: 400, headers: { "content-type": "application/json" } })
    expect(rows.json.exceptions[0].errorCode).toBe(710)
    expect((await post("SELECT nope FROM flights")).status).toBe(200)
    expect((await post("SELECT 1 AS n", {}, "text/csv")).text).toBe("n\r\n1\r\n")
  })
})

test("values of parameters come with the request", async () => {
  const answer = await post("SELECT count(*) FROM flights WHERE origin = ? AND delay < $2", {
    parameters: ["a", 30],
  })
  expect(answer.json.resultTable.rows).toEqual([[10]])
  const bad = await post("SELECT ?", { parameters: [{}] })
  expect(bad).toMatchObject({ status: 422 })
  expect(bad.json.message).toBe("body.parameters.0: expected null, true, false, a number or text")
  const many = await post("SELECT ?", { parameters: Array.from({ length: 1001 }, () => 1) })
  expect(many.json.message).toBe("body.parameters: expected at most 1000 values")
  expect((await post("SELECT ?", { parameters: [7] }, undefined, "/query")).json.resultTable.rows).toEqual([
    [7],
  ])
  expect((await api.call("GET /query?sql=SELECT%201")).json.resultTable.rows).toEqual([[1]])
})

describe("a kept answer", () => {
  const sql = "SELECT x FROM range(30000) t(x) ORDER BY x LIMIT 30000"

  test("is read page by page, and larger than a reply may be", async () => {
    const first = await post(sql, {}, undefined, "/query/sql?getCursor=true&numRows=3")
    expect(first.json).toMatchObject({
      offset: 0,
      numRows: 3,
      numRowsResultSet: 30_000,
      exceptions: [],
      resultTable: { rows: [[0], [1], [2]] },
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    const { requestId: id, submissionTimeMs, expirationTimeMs } = first.json
    expect(expirationTimeMs - submissionTimeMs).toBe(RESULT_KEPT_MS)
    const page = await api.call(`GET /responseStore/${id}/results?offset=998&numRows=4`)
    expect(page.json).toMatchObject({
      offset: 998,
      numRows: 4,
      resultTable: { rows: [[998], [999], [1000], [1001]] },
    })
    const end = await api.call(`GET /responseStore/${id}/results?offset=29999`)
    expect(end.json.resultTable.rows).toEqual([[29_999]])
    const past = await api.call(`GET /responseStore/${id}/results?offset=30000`)
    expect(past.json.message).toMatch(/expected less than 30000 rows, got 30000/)
    expect((await api.call(`GET /responseStore/${id}`)).json).toMatchObject({ requestId: id, numRows: 0 })
    expect((await api.call(`DELETE /responseStore/${id}`)).status).toBe(200)
    expect((await api.call(`GET /responseStore/${id}/results`)).json.reason).toBe("unknown_result")
  })

  test("of more bytes than a reply comes in pages that fit", async () => {
    const wide = "SELECT repeat('x', 100000) AS w FROM range(60) LIMIT 60"
    expect((await post(wide)).json.exceptions[0].errorCode).toBe(245)
    const kept = await post(wide, {}, undefined, "/query/sql?getCursor=true")
    const { requestId, numRows } = kept.json
    expect(numRows).toBeGreaterThan(30)
    expect(numRows).toBeLessThan(60)
    const rest = await api.call(`GET /responseStore/${requestId}/results?offset=${numRows}`)
    expect(rest.json.numRows).toBe(60 - numRows)
  })

  test("of no rows has an empty page, and one that fails is not kept", async () => {
    const none = await post("SELECT 1 WHERE false", {}, undefined, "/query/sql?getCursor=true")
    expect(none.json).toMatchObject({ numRowsResultSet: 0, resultTable: { rows: [] } })
    const failed = await post("SELECT nope", {}, undefined, "/query/sql?getCursor=true")
    expect(failed.json.exceptions).toHaveLength(1)
    expect(failed.json).not.toHaveProperty("expirationTimeMs")
  })

  test("is gone after its hour, and collected", async () => {
    const store = new ResultStore(ports)
    const reply = await service.service.query({ sql: "SELECT 1" })
    const id = await store.keep(reply as Parameters<ResultStore["keep"]>[0], "key:1")
    expect(await store.about(id, "key:1")).toBeDefined()
    expect(await store.about(id, "key:2")).toBeUndefined()
    expect(await collectResults(ports)).toBe(0)
    ports.advance(RESULT_KEPT_MS)
    expect(await store.about(id, "key:1")).toBeUndefined()
    ports.advance(RESULT_KEPT_MS)
    expect(await collectResults(ports)).toBeGreaterThan(0)
    expect((await ports.objects.list("res/")).objects).toEqual([])
  })

  test.each(["x", "../date", "0".repeat(32)])("%s is none", async id => {
    const answer = await api.call(`GET /responseStore/${encodeURIComponent(id)}/results`)
    expect(answer).toMatchObject({ status: 404, json: { reason: "unknown_result" } })
  })
})

describe("a query under way", () => {
  const endless = "SET timeoutMs=20000; SELECT count(*) FROM range(100000000000) a, range(100000000000) b"

  async function begun(
    options: string,
  ): Promise<{ readonly done: ReturnType<typeof post>; readonly id: string }> {
    const done = post(endless, { queryOptions: options })
    for (;;) {
      const [id] = Object.keys((await api.call("GET /queries")).json)
      if (id !== undefined) return { done, id }
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  test("is stopped by its id or the client's", async () => {
    const one = await begun("")
    expect((await api.call(`DELETE /query/${one.id}`)).status).toBe(200)
    expect((await one.done).json.exceptions).toEqual([{ errorCode: 503, message: "The query was cancelled" }])
    const other = await begun("clientQueryId=mine")
    for (;;) {
      if ((await api.call("DELETE /clientQuery/mine")).status === 200) break
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect((await other.done).json.exceptions[0].errorCode).toBe(503)
    expect((await api.call("GET /queries")).json).toEqual({})
    expect((await api.call("DELETE /query/7")).json.reason).toBe("unknown_query")
    expect((await post("SELECT 1")).json.resultTable.rows).toEqual([[1]])
  })
})

describe("a key", () => {
  const authenticated = () => {
    const sql = sqlService(service.service, new ResultStore(ports))
    return openApi({ keys, authenticate: createAuthenticator({ keys, clock: ports.clock }), sql })
  }

  const asked = async (guarded: TestApi, key: string, sql: string, target = "/query/sql") =>
    await guarded.call(`POST ${target}`, { body: { sql }, headers: { authorization: `Bearer ${key}` } })

  test("sees the rows that its filter lets through", async () => {
    const guarded = authenticated()
    const { key } = await keys.create("member", ["table:flights:query"], { rowFilter: "origin = 'a'" })
    const { key: all } = await keys.create("all", ["table:*:query"])
    const sql = "SELECT count(*), max(delay) FROM flights"
    expect((await asked(guarded, key, sql)).json).toMatchObject({
      resultTable: { rows: [[20, 57]] },
      rlsFiltersApplied: true,
      totalDocs: 1,
    })
    expect((await asked(guarded, all, sql)).json).toMatchObject({
      resultTable: { rows: [[60, 59]] },
      totalDocs: 60,
    })
    expect((await asked(guarded, key, "SELECT * FROM nothing")).json.reason).toBe("forbidden")
    const headers = { authorization: `Bearer ${key}` }
    expect((await guarded.call("GET /tables/flights/metadata", { headers })).json.reason).toBe("forbidden")
    expect((await guarded.call("GET /tables/flights/segments", { headers })).json.reason).toBe("forbidden")
    expect((await guarded.call("GET /tables/flights", { headers })).json).not.toHaveProperty("status")
    expect((await guarded.call("GET /tables/flights/schema", { headers })).status).toBe(200)
  })

  test("reads and stops no other's", async () => {
    const guarded = authenticated()
    const { key } = await keys.create("one", ["table:*:query"])
    const { key: other } = await keys.create("one", ["table:*:query"])
    const kept = await asked(guarded, key, "SELECT 1", "/query/sql?getCursor=true")
    const path = `/responseStore/${kept.json.requestId}`
    const by = (bearer: string) => ({ headers: { authorization: `Bearer ${bearer}` } })
    expect((await guarded.call(`GET ${path}`, by(other))).status).toBe(404)
    expect((await guarded.call(`GET ${path}/results`, by(other))).status).toBe(404)
    expect((await guarded.call(`DELETE ${path}`, by(other))).status).toBe(404)
    expect((await guarded.call(`GET ${path}/results`, by(key))).status).toBe(200)
  })

  test("asks as often as it may", async () => {
    const guarded = authenticated()
    const { key } = await keys.create("slow", ["table:*:query"], { queriesPerSecond: 0.01 })
    expect((await asked(guarded, key, "SELECT 1")).status).toBe(200)
    const refused = await asked(guarded, key, "SELECT 1")
    expect(refused).toMatchObject({ status: 429, json: { error_code: 42901 } })
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(1)
    const { key: other } = await keys.create("fast", ["table:*:query"])
    expect((await asked(guarded, other, "SELECT 1")).status).toBe(200)
  })
})

describe("what clients of Pinot's controller ask:", () => {
  const headers = { host: "pinot.example:8099" }
  const broker = { host: "pinot.example", port: 8099, instanceName: "Broker_pinot.example_8099" }

  test.each([
    ["/databases", ["default"]],
    ["/version", { millrace: "0.1.0" }],
    ["/v2/brokers/tenants/DefaultTenant?state=ONLINE", [broker]],
    ["/v2/brokers/tenants", { DefaultTenant: [broker] }],
    ["/v2/brokers/tables/flights", [broker]],
    ["/brokers/tenants/DefaultTenant", ["Broker_pinot.example_8099"]],
  ])("%s", async (path, json) => {
    expect(await api.call(`GET ${path}`, { headers })).toMatchObject({ status: 200, json })
  })

  test("behind a gateway, and by IPv6", async () => {
    const gateway = { host: "api.example", "x-forwarded-proto": "https" }
    const path = "GET /v2/brokers/tenants/x"
    expect((await api.call(path, { headers: gateway })).json).toMatchObject([
      { host: "api.example", port: 443 },
    ])
    expect((await api.call(path, { headers: { host: "[::1]:7070" } })).json).toMatchObject([
      { host: "[::1]", port: 7070 },
    ])
  })
})
