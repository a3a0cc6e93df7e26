import { describe, expect, test } from "vitest"
import { QueryError } from "../../shared/serving/errors.ts"
import { openApi } from "./support.ts"

describe("SQL", () => {
  test("is answered by POST, with the service's bytes", async () => {
    const { call, sql } = openApi()
    const body = {
      sql: "SELECT count(*) FROM flights",
      queryOptions: "timeoutMs=100;useMultistageEngine=true",
    }
    const answer = await call("POST /query/sql", { body })
    expect(answer).toMatchObject({ status: 200, headers: { "content-type": "application/json" } })
    expect(answer.text).toContain('"rows":[[9007199254740993]]')
    expect(sql.asked[0]).toMatchObject({
      sql: "SELECT count(*) FROM flights",
      options: { timeoutMs: "100", useMultistageEngine: "true" },
    })
  })

  test("is answered by GET, as a Pinot broker does", async () => {
    const { call, sql } = openApi()
    const answer = await call("GET /query/sql?sql=SELECT+count(*)+FROM+flights%20LIMIT%201")
    expect(answer.status).toBe(200)
    expect(sql.asked[0]?.sql).toBe("SELECT count(*) FROM flights LIMIT 1")
  })

  test("that is missing or no text is refused with its path", async () => {
    const { call } = openApi()
    const missing = await call("POST /query/sql", { body: {} })
    expect(missing.status).toBe(422)
    expect(missing.json.message).toMatch(/^body\.sql: /)
    expect((await call("POST /query/sql", { body: { sql: 7 } })).json.message).toBe(
      "body.sql: expected a SQL statement as text",
    )
    expect((await call("GET /query/sql")).json.message).toMatch(/^query\.sql: /)
    expect((await call("POST /query/sql", { body: { sql: "SELECT 1", limit: 3 } })).json.message).toBe(
      "body.limit: is not known here",
    )
  })

  test("beyond what the process takes is 429", async () => {
    const { call, sql } = openApi()
    sql.failure = new QueryError("too_many_requests", "16 queries are running")
    const answer = await call("POST /query/sql", { body: { sql: "SELECT 1" } })
    expect(answer).toMatchObject({
      status: 429,
      headers: { "retry-after": "1" },
      json: { error_code: 42901, message: "16 queries are running" },
    })
    sql.failure = undefined
    expect((await call("POST /query/sql", { body: { sql: "SELECT 1" } })).status).toBe(200)
  })
})

describe("tables", () => {
  test("are listed, with their columns in Pinot's form", async () => {
    const { call } = openApi()
    expect((await call("GET /tables")).json).toEqual({ tables: ["flights"] })
    const { json } = await call("GET /tables/flights/schema")
    expect(json).toMatchObject({
      schemaName: "flights",
      dimensionFieldSpecs: [
        { name: "delay", dataType: "INT", fieldType: "DIMENSION" },
        { name: "distance", dataType: "INT" },
        { name: "origin", dataType: "STRING" },
      ],
      metricFieldSpecs: [{ name: "speed", dataType: "DOUBLE", fieldType: "METRIC" }],
      dateTimeFieldSpecs: [
        {
          name: "date",
          dataType: "TIMESTAMP",
          format: "1:MILLISECONDS:TIMESTAMP",
          granularity: "1:MILLISECONDS",
        },
      ],
    })
    expect((await call("GET /tables/flights")).json).toMatchObject({
      REALTIME: {
        tableName: "flights_REALTIME",
        tableType: "REALTIME",
        segmentsConfig: { timeColumnName: "date" },
      },
    })
  })

  test("that do not exist are told as Pinot's clients expect", async () => {
    const { call } = openApi()
    for (const target of ["GET /tables/nope", "GET /tables/nope/schema"]) {
      const { status, json } = await call(target)
      const message = 'There is no table "nope"; GET /tables lists them.'
      expect({ status, json }).toEqual({
        status: 404,
        json: { error_code: 404, message, reason: "unknown_table", code: 404, error: message },
      })
    }
  })
})

describe("health", () => {
  test("is 200 while the process can serve and 503 while it cannot", async () => {
    let healthy = true
    const { call } = openApi({ healthy: () => healthy })
    expect(await call("GET /health")).toMatchObject({ status: 200, text: "OK" })
    healthy = false
    expect((await call("GET /health")).status).toBe(503)
  })
})
