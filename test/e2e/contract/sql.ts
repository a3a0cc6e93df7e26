import { setTimeout as sleep } from "node:timers/promises"
import { expect, test } from "vitest"
import { answered, JSON_TYPE, matching, refused, type Tests } from "./replies.ts"

/** Queries, and the tables that they are of. */
export function sql({ ask }: Tests): void {
  const query = (sql: string) => ask("POST /query/sql", { body: { sql } })
  const failed = (errorCode: number, message: RegExp) =>
    expect.objectContaining({
      status: 200,
      body: expect.objectContaining({ exceptions: [{ errorCode, message: matching(message) }] }),
    })

  test("that is malformed", async () => {
    expect(await query("SELEC 1")).toEqual(failed(150, /^SQLParsingError: line 1, column 1/))
  })

  test("of what is not there, or not allowed", async () => {
    expect(await query("SELECT * FROM nope")).toEqual(failed(190, /^TableDoesNotExistError: .*'nope'/))
    expect(await query("SELECT nope FROM flights")).toEqual(failed(710, /^UnknownColumnError: .*'nope'/))
    expect(await query("INSERT INTO flights VALUES (1)")).toEqual(
      failed(700, /^Only SELECT statements are allowed/),
    )
    expect(await query("SELECT * FROM read_text('/etc/passwd')")).toEqual(
      failed(700, /^Unsupported function/),
    )
  })

  test("is answered as by a broker, by POST and GET", async () => {
    const statement = "SELECT count(*) AS n, max(delay) AS d FROM flights WHERE origin = 'nowhere'"
    const table = {
      dataSchema: { columnNames: ["n", "d"], columnDataTypes: ["LONG", "INT"] },
      rows: [[0, null]],
    }
    const posted = await query(statement)
    expect(posted).toMatchObject({
      status: 200,
      headers: JSON_TYPE,
      body: { resultTable: table, exceptions: [] },
    })
    const got = await ask(`GET /query/sql?sql=${encodeURIComponent(statement)}`)
    expect(Object.keys(Object(got.body))).toEqual(Object.keys(Object(posted.body)))
    expect(got).toMatchObject({ status: 200, body: { resultTable: table } })
  })

  test("takes parameters, and gives rows alone to who asks for them", async () => {
    const body = { sql: "SELECT x, $2 AS y FROM range(3) t(x) WHERE x >= $1", parameters: [1, "z"] }
    const accept = { headers: { accept: "text/csv" } }
    expect(await ask("POST /query", { body, ...accept })).toMatchObject({
      status: 200,
      headers: { "content-type": "text/csv; charset=utf-8; header=present" },
      body: "x,y\r\n1,z\r\n2,z\r\n",
    })
    const fault = { exceptions: [{ errorCode: 700, message: "The statement takes 2 parameters, got 1" }] }
    const failing = { ...body, parameters: [1] }
    expect(await ask("POST /query", { body: failing, ...accept })).toMatchObject({ status: 400, body: fault })
    expect(await ask("POST /query", { body: failing })).toMatchObject({ status: 200, body: fault })
  })

  test("keeps an answer for a cursor", async () => {
    const body = { sql: "SELECT x FROM range(2500) t(x) LIMIT 2500" }
    const first = await ask("POST /query/sql?getCursor=true&numRows=2", { body })
    expect(first).toMatchObject({
      status: 200,
      body: { resultTable: { rows: [[0], [1]] }, numRowsResultSet: 2500 },
    })
    const { requestId } = first.body as { readonly requestId: string }
    const page = await ask(`GET /responseStore/${requestId}/results?offset=1999&numRows=3`)
    expect(page).toMatchObject({
      status: 200,
      body: { resultTable: { rows: [[1999], [2000], [2001]] }, numRows: 3 },
    })
    expect(await ask(`DELETE /responseStore/${requestId}`)).toMatchObject({ status: 200 })
    expect(await ask(`GET /responseStore/${requestId}/results`)).toMatchObject({
      status: 404,
      body: { reason: "unknown_result" },
    })
  })

  test("is stopped by who asked it", async () => {
    const endless = "SELECT sum(x) FROM range(1000000000000) t(x)"
    const sql = `SET clientQueryId='contract'; SET timeoutMs=30000; ${endless}`
    let isOver = false
    const reply = ask("POST /query/sql", { body: { sql } }).finally(() => {
      isOver = true
    })
    // In functions it is to be found from its first second on.
    while (!isOver && (await ask("DELETE /clientQuery/contract")).status !== 200) await sleep(100)
    expect(await reply).toMatchObject({ status: 200, body: { exceptions: [{ errorCode: 503 }] } })
    expect(await ask("GET /queries")).toEqual(answered(200, {}))
    expect(await ask("DELETE /clientQuery/contract")).toMatchObject({
      status: 404,
      body: { reason: "unknown_query" },
    })
  })

  test("needs a statement", async () => {
    const missing = (where: string) => refused(422, "invalid", `${where}.sql: is missing, expected "sql"`)
    expect(await ask("POST /query/sql", { body: {} })).toEqual(missing("body"))
    expect(await ask("GET /query/sql")).toEqual(missing("query"))
  })

  test("of tables, which are described", async () => {
    expect(await ask("GET /tables")).toEqual(answered(200, { tables: ["flights", "hourly_delays"] }))
    expect(await ask("GET /tables/flights/schema")).toMatchObject({
      status: 200,
      body: { schemaName: "flights" },
    })
    const error = 'There is no table "nope"; GET /tables lists them.'
    // As a Pinot controller says it, beside our own form.
    const pinot = { code: 404, error }
    expect(await ask("GET /tables/nope/schema")).toEqual(
      answered(404, { error_code: 404, message: error, reason: "unknown_table", ...pinot }),
    )
  })
}
