import { tableFromIPC } from "apache-arrow"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { callAt, withKey } from "../client.ts"
import { answered, matching, NDJSON, refused, type Tests } from "./replies.ts"

const CITIES = ["Bern", "Lyon", "Oslo"]
const MEMBERS = 8
const FIRST_AT = Date.UTC(2026, 0, 1)
/** The least that there may be: of segments with no more rows no level is made. */
const LEAF_ROWS = 100
/** What is sent at once. */
const ROUND = 150

interface Visit {
  readonly member: string
  readonly city: string
  readonly score: number
  readonly seen: number
}

function visit(n: number): Visit {
  return {
    member: `m-${n % MEMBERS}`,
    city: CITIES[n % CITIES.length]!,
    score: (n * 7) % 100,
    seen: FIRST_AT + n * 60_000,
  }
}

const COLUMNS = { member: "string", city: "string", score: "int", seen: "timestamp" }

/** Every row, with all that makes questions cheap. */
const VISITS = {
  name: "visits",
  from: "visits",
  columns: COLUMNS,
  time: "seen",
  sort: ["member"],
  indexes: { city: ["inverted"], score: ["range"], member: ["bloom"] },
  rollups: [
    {
      name: "by_city",
      dimensions: ["city"],
      aggregates: [{ fn: "count" }, { fn: "sum", column: "score" }],
      leafRows: LEAF_ROWS,
    },
  ],
}

/** The newest row of each member. */
const VISITORS = {
  name: "visitors",
  from: "visits",
  columns: COLUMNS,
  primaryKey: ["member"],
  upsert: { compare: "seen" },
}

/** What each member scored in all, and where he was last. */
const TOTALS = {
  name: "totals",
  from: "visits",
  columns: COLUMNS,
  primaryKey: ["member"],
  upsert: { mode: "partial", strategies: { score: "increment" } },
}

/** The first row of each member. */
const FIRSTS = { name: "firsts", from: "visits", columns: COLUMNS, primaryKey: ["member"], dedup: {} }

const SCHEMA = {
  schemaName: "calls",
  dimensionFieldSpecs: [
    { name: "member", dataType: "STRING" },
    { name: "city", dataType: "STRING" },
  ],
  metricFieldSpecs: [{ name: "score", dataType: "INT" }],
}

const CONFIG = {
  tableName: "calls",
  tableType: "REALTIME",
  segmentsConfig: { replication: "1" },
  tableIndexConfig: { invertedIndexColumns: ["city"] },
  ingestionConfig: {
    streamIngestionConfig: {
      streamConfigMaps: [{ streamType: "kafka", "stream.kafka.topic.name": "visits" }],
    },
  },
}

const TABLES = ["visits", "visitors", "totals", "firsts"]

const ARROW = "application/vnd.apache.arrow.stream"

/** Tables that are made, altered and dropped over HTTP, over a topic of their own, and all that may be asked of them. */
export function tables({ ask, keyFor, url, build }: Tests): void {
  const sent: Visit[] = []
  const send = async () => {
    const visits = Array.from({ length: ROUND }, (_, n) => visit(sent.length + n))
    sent.push(...visits)
    const body = visits.map(one => JSON.stringify(one)).join("\n")
    expect(await ask("POST /topics/visits?summary", { headers: NDJSON, body })).toMatchObject({ status: 200 })
  }
  const reply = async (sql: string) => {
    const { status, body } = await ask("POST /query/sql", { body: { sql } })
    expect(status).toBe(200)
    // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape that it asked for
    return body as any
  }
  const rows = async (sql: string) => {
    const { resultTable, exceptions } = await reply(sql)
    expect(exceptions).toEqual([])
    return resultTable.rows
  }

  const sum = (visits: readonly Visit[]) => visits.reduce((total, { score }) => total + score, 0)
  const byCity = () =>
    CITIES.map(city => {
      const some = sent.filter(one => one.city === city)
      return [city, some.length, sum(some)]
    })
  const newest = () => [...new Map(sent.map(one => [one.member, one])).values()]
  const firsts = () => [...new Map(sent.toReversed().map(one => [one.member, one])).values()]
  const totals = () =>
    newest().map(({ member, city }) => ({
      member,
      city,
      score: sum(sent.filter(one => one.member === member)),
    }))
  const BY_CITY = "SELECT city, count(*), sum(score) FROM visits GROUP BY city ORDER BY city"

  /** Whatever it lies in, by either engine. */
  const answersAreRight = async () => {
    for (const engine of ["direct", "duckdb"]) {
      const as = `SET engine='${engine}'; SET resultCache=false;`
      expect(await rows(`${as} ${BY_CITY}`)).toEqual(byCity())
      expect(await rows(`${as} SELECT count(*) FROM visits WHERE score BETWEEN 20 AND 40`)).toEqual([
        [sent.filter(({ score }) => score >= 20 && score <= 40).length],
      ])
      expect(await rows(`${as} SELECT count(*), sum(score) FROM visitors`)).toEqual([
        [newest().length, sum(newest())],
      ])
      expect(await rows(`${as} SELECT city, score FROM visitors WHERE member = 'm-3'`)).toEqual(
        newest()
          .filter(({ member }) => member === "m-3")
          .map(({ city, score }) => [city, score]),
      )
    }
    for (const [name, standing] of [
      ["firsts", firsts()],
      ["totals", totals()],
    ] as const) {
      expect(await rows(`SELECT city, score FROM ${name} ORDER BY member LIMIT ${MEMBERS}`)).toEqual(
        standing.toSorted((a, b) => (a.member < b.member ? -1 : 1)).map(({ city, score }) => [city, score]),
      )
    }
  }

  beforeAll(async () => {
    const body = { name: "visits", partitions: 1, key: "member" }
    expect(await ask("POST /topics", { body })).toMatchObject({ status: 201 })
  })
  afterAll(async () => {
    for (const name of [...TABLES, "calls"]) await ask(`DELETE /tables/${name}`)
    await ask("DELETE /topics/visits")
  })

  test("are made, shown, and refused with what is wrong", async () => {
    const { name: _name, from: _from, ...definition } = VISITS
    expect(await ask("POST /tables", { body: VISITS })).toMatchObject({
      status: 201,
      headers: { location: "/tables/visits" },
      body: { name: "visits", owner: "http", partitions: 1, schema_version: 1, definition },
    })
    for (const body of [VISITORS, TOTALS, FIRSTS]) {
      expect(await ask("POST /tables", { body })).toMatchObject({ status: 201 })
    }
    expect(await ask("GET /tables/visitors/schema")).toMatchObject({
      status: 200,
      body: { schemaName: "visitors", primaryKeyColumns: ["member"] },
    })
    expect(await ask("GET /tables")).toEqual(
      answered(200, { tables: ["firsts", "flights", "hourly_delays", "totals", "visitors", "visits"] }),
    )
    expect(await ask("POST /tables", { body: VISITS })).toMatchObject({
      status: 409,
      body: { reason: "table_exists" },
    })
    expect(await ask("POST /tables", { body: { ...VISITS, name: "other", sort: ["age"] } })).toEqual(
      refused(422, "invalid_table", matching(/^body\.sort/), { code: expect.any(Number) }),
    )
    expect(await ask("PUT /tables/flights", { body: { ...VISITS, name: "flights" } })).toMatchObject({
      status: 409,
      body: { reason: "managed_by_app" },
    })
    const reader = await keyFor("table:*:query")
    expect(await callAt(url(), "DELETE /tables/visits", withKey({}, reader))).toMatchObject({ status: 403 })
  })

  test("hold what was sent at once, for either engine", async () => {
    await send()
    await answersAreRight()
    const { millrace } = await reply(BY_CITY)
    expect(millrace.cost).toMatchObject({ engine: "direct", segments: 0, requests: 0 })
  })

  test("say how they are read", async () => {
    const { dataSchema, rows: steps } = (await reply(`EXPLAIN PLAN FOR ${BY_CITY}`)).resultTable
    expect(dataSchema.columnNames).toEqual(["Operator", "Operator_Id", "Parent_Id"])
    expect(steps.map(([operator]: [string]) => operator).join("\n")).toMatch(/visits/)
  })

  test("give their rows as CSV, lines of JSON and Arrow", async () => {
    const body = { sql: "SELECT city, score FROM visits ORDER BY seen LIMIT 2" }
    const as = async (accept: string) =>
      callAt(url(), "POST /query/sql", withKey({ headers: { accept }, body }, key))
    const key = await keyFor("table:visits:query")
    expect((await as("text/csv")).text).toBe("city,score\r\nBern,0\r\nLyon,7\r\n")
    expect((await as("application/x-ndjson")).text).toBe(
      '{"city":"Bern","score":0}\n{"city":"Lyon","score":7}\n',
    )
    const arrow = await as(ARROW)
    expect(arrow.headers.get("content-type")).toBe(ARROW)
    expect(
      tableFromIPC(arrow.bytes)
        .toArray()
        .map(row => row.toJSON()),
    ).toEqual([
      { city: "Bern", score: 0 },
      { city: "Lyon", score: 7 },
    ])
    expect(
      await ask("POST /query/sql", { headers: { accept: "text/csv" }, body: { sql: "SELEC" } }),
    ).toMatchObject({
      status: 400,
      body: { exceptions: [{ errorCode: 150 }] },
    })
  })

  test("give large answers page by page", async () => {
    const sql = "SELECT score FROM visits ORDER BY seen LIMIT 100"
    const first = await ask("POST /query/sql?getCursor=true&numRows=30", { body: { sql } })
    const { requestId, resultTable } = first.body as { requestId: string; resultTable: { rows: unknown[] } }
    expect(resultTable.rows).toHaveLength(30)
    const next = await ask(`GET /responseStore/${requestId}/results?offset=30&numRows=100`)
    expect(next.body).toMatchObject({
      resultTable: { rows: sent.slice(30, 100).map(({ score }) => [score]) },
    })
    expect(await ask(`DELETE /responseStore/${requestId}`)).toMatchObject({ status: 200 })
    expect(await ask(`GET /responseStore/${requestId}`)).toMatchObject({ status: 404 })
  })

  test("show a key the rows of its filter alone, as often as it may ask", async () => {
    const body = { name: "member", scopes: ["table:visits:query"], rowFilter: "member = 'm-1'" }
    const { key } = (await ask("POST /keys", { body: { ...body, queriesPerSecond: 0.001 } })).body as {
      key: string
    }
    const call = withKey({ body: { sql: "SELECT count(*), min(member), max(member) FROM visits" } }, key)
    const mine = sent.filter(({ member }) => member === "m-1").length
    expect((await callAt(url(), "POST /query/sql", call)).json).toMatchObject({
      resultTable: { rows: [[mine, "m-1", "m-1"]] },
      rlsFiltersApplied: true,
    })
    expect(await callAt(url(), "POST /query/sql", call)).toMatchObject({
      status: 429,
      json: { error_code: 42901 },
    })
  })

  test("are altered where their rows allow it", async () => {
    const columns = { ...COLUMNS, device: "string" }
    expect(await ask("PUT /tables/visits", { body: { ...VISITS, columns } })).toMatchObject({
      status: 200,
      body: { schema_version: 2 },
    })
    expect(await rows("SELECT count(device), count(*) FROM visits")).toEqual([[0, sent.length]])
    expect(await ask("PUT /tables/visits", { body: { ...VISITS, where: "score > 1" } })).toMatchObject({
      status: 409,
      body: { error_code: 40933, reason: "alteration_refused" },
    })
  })

  // A server at home builds when it sees fit.
  if (build !== undefined) {
    describe("once their rows lie in segments", () => {
      test("answer the same, and read fewer", async () => {
        for (let round = 0; round < 7; round++) {
          // Of some tables most rows stay in the tail.
          await build(...(round === 0 ? TABLES : ["visits", "visitors"]))
          await send()
        }
        await answersAreRight()
        const before = FIRST_AT + ROUND * 1.5 * 60_000
        const old = await reply(`SET resultCache=false; SELECT count(*) FROM visits WHERE seen < ${before}`)
        expect(old.resultTable.rows).toEqual([[sent.filter(({ seen }) => seen < before).length]])
        expect(old.millrace.cost.pruned).toEqual({ time: 5 })
        const { cost } = (await reply(`SET resultCache=false; ${BY_CITY}`)).millrace
        expect(cost).toMatchObject({ engine: "direct", rollup: "by_city", segments: 7 })
        // The eighth: they become one.
        await build(...TABLES)
        const { partitions } = (await ask("GET /tables/visits/segments")).body as {
          partitions: [{ segments: unknown[] }]
        }
        expect(partitions[0].segments).toMatchObject([{ base_offset: 0, next_offset: sent.length, level: 1 }])
        await answersAreRight()
      })
    })
  }

  test("are made by Pinot's controller's routes too", async () => {
    expect(await ask("POST /tables", { body: CONFIG })).toMatchObject({ body: { reason: "unknown_schema" } })
    expect(await ask("POST /schemas", { body: SCHEMA })).toEqual(
      answered(200, { unrecognizedProperties: {}, status: "calls successfully added" }),
    )
    expect(await ask("POST /tables", { body: CONFIG })).toMatchObject({
      status: 200,
      body: { status: "Table calls_REALTIME successfully added" },
    })
    expect(await ask("GET /tables/calls")).toMatchObject({
      body: { REALTIME: { tableIndexConfig: { invertedIndexColumns: ["city"] } } },
    })
    expect(await rows("SELECT count(*) FROM calls WHERE city = 'Oslo'")).toEqual([[byCity()[2]![1]]])
    expect((await ask("GET /databases")).body).toEqual(["default"])
    expect((await ask("GET /v2/brokers/tenants/DefaultTenant")).body).toMatchObject([
      { host: expect.any(String) },
    ])
    expect(await ask("DELETE /schemas/calls")).toMatchObject({ status: 200 })
    expect(await ask("DELETE /tables/calls")).toEqual(
      answered(200, { status: "Tables: [calls_REALTIME] deleted" }),
    )
  })

  test("lose the rows that are to be erased", async () => {
    expect(await ask("POST /tables/visits/purge", { body: { where: "lower(city) = 'lyon'" } })).toMatchObject(
      {
        status: 422,
        body: { error_code: 42232, reason: "invalid_purge" },
      },
    )
    expect(await ask("POST /tables/visits/purge", { body: { where: "city = 'Lyon'" } })).toEqual(
      answered(200, { id: expect.any(String), ends: [sent.length] }),
    )
    expect(await ask("POST /tables/totals/purge", { body: { where: "member = 'm-1'" } })).toMatchObject({
      status: 200,
    })
    const left = byCity().filter(([city]) => city !== "Lyon")
    const members = totals().filter(({ member }) => member !== "m-1")
    const leftTotals = [[members.length, members.reduce((all, { score }) => all + score, 0)]]
    expect(await rows("SELECT count(*), sum(score) FROM totals")).toEqual(leftTotals)
    expect(await rows(`SET resultCache=false; ${BY_CITY}`)).toEqual(left)
    if (build === undefined) return
    await build("visits", "totals")
    expect(await rows(`SET resultCache=false; ${BY_CITY}`)).toEqual(left)
    expect(await rows("SET resultCache=false; SELECT count(*), sum(score) FROM totals")).toEqual(leftTotals)
    const { body } = await ask("GET /tables/visits/metadata")
    expect(body).toMatchObject({ numSegments: 1, numRows: sent.length - Number(byCity()[1]![1]) })
  })

  test("are dropped, and their names are free", async () => {
    for (const name of TABLES) {
      expect(await ask(`DELETE /tables/${name}`)).toEqual(
        answered(200, { status: `Tables: [${name}_REALTIME] deleted` }),
      )
    }
    expect(await ask("DELETE /tables/visits")).toMatchObject({
      status: 404,
      body: { reason: "unknown_table" },
    })
    expect((await reply("SELECT * FROM visits")).exceptions).toMatchObject([{ errorCode: 190 }])
    expect(await ask("GET /tables")).toEqual(answered(200, { tables: ["flights", "hourly_delays"] }))
  })
}
