import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type OpenService, openService } from "./fixture.ts"
import { eventTables } from "./pinot-fixture.ts"

let service: OpenService
beforeAll(() => {
  service = openService({ tables: eventTables(), children: 1 })
})
afterAll(() => service.close())

const COMPAT = "SET pinotCompat = true; "

async function resultText(sql: string): Promise<string> {
  const { text, message } = await service.ask(sql)
  expect(message).toBe("")
  return text.slice(0, text.indexOf(',"numRowsResultSet"'))
}

function result(names: readonly string[], types: readonly string[], rows: string): string {
  const schema = JSON.stringify({ columnNames: names, columnDataTypes: types })
  return `{"resultTable":{"dataSchema":${schema},"rows":${rows}}`
}

describe("answers as Pinot's broker, byte by byte:", () => {
  test("aggregates of no rows", async () => {
    expect(
      await resultText(
        `${COMPAT}SELECT COUNT(*), SUM(id), MIN(id), MAX(id), AVG(id) FROM events WHERE id = 1900`,
      ),
    ).toBe(
      result(
        ["count(*)", "sum(id)", "min(id)", "max(id)", "avg(id)"],
        ["LONG", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE"],
        '[[0,0.0,"Infinity","-Infinity","-Infinity"]]',
      ),
    )
  })

  test("groups", async () => {
    const sql =
      "SELECT kind, COUNT(*) AS n, SUM(ms) AS total, AVG(id) FROM events WHERE id >= 1 GROUP BY kind ORDER BY kind LIMIT 2"
    expect(await resultText(COMPAT + sql)).toBe(
      result(
        ["kind", "n", "total", "avg(id)"],
        ["STRING", "LONG", "DOUBLE", "DOUBLE"],
        '[["a",1,278100000.0,3.0],["b",2,463500000.0,2.5]]',
      ),
    )
  })

  test("percentiles and distinct counts", async () => {
    const sql =
      "SELECT PERCENTILE(id, 99), PERCENTILETDIGEST(id, 50), DISTINCTCOUNT(kind), DISTINCTCOUNTHLL(id), PERCENTILE95(id) FROM events"
    expect(await resultText(COMPAT + sql)).toBe(
      result(
        [
          "percentile(id, 99.0)",
          "percentiletdigest(id, 50.0)",
          "distinctcount(kind)",
          "distinctcounthll(id)",
          "percentile95(id)",
        ],
        ["DOUBLE", "DOUBLE", "INT", "LONG", "DOUBLE"],
        "[[4.0,2.0,3,5,4.0]]",
      ),
    )
  })

  test("names of expressions, and Pinot's text functions, which count from 0", async () => {
    const answer = await service.ask(
      `${COMPAT}SELECT SUM(id * 2 + 1), SUBSTR('hello', 1), SUBSTR('hello', 1, 3), STRPOS('hello', 'l'),
         CONCAT('a', 'b', '-'), ROUND(7654321, 300000), DATETRUNC('day', max(ms)) FROM events`,
    )
    expect(answer.columnNames).toEqual([
      "sum(plus(times(id,2),1))",
      "substr('hello',1)",
      "substr('hello',1,3)",
      "strpos('hello','l')",
      "concat('a','b','-')",
      "round(7654321,300000)",
      "datetrunc('day',max(ms))",
    ])
    expect(answer.rows).toEqual([[25, "ello", "el", 2, "a-b", 7_500_000, 345_600_000]])
  })

  test("ten rows, unless the statement says otherwise", async () => {
    const sql = "SELECT e.id FROM events e, events f"
    expect((await service.ask(COMPAT + sql)).rows).toHaveLength(10)
  })
})

describe("nulls are values", () => {
  test.each([
    ["SELECT price FROM events WHERE id = 1", [[0]]],
    ["SELECT COUNT(price), SUM(price), MIN(price) FROM events", [[5, 8, 0]]],
    ["SELECT count(*) FROM events WHERE price IS NULL", [[0]]],
  ])("under pinotCompat: %s", async (sql, rows) => {
    expect((await service.ask(COMPAT + sql)).rows).toEqual(rows)
  })

  test.each([
    ["SELECT COUNT(price), SUM(price), MIN(price) FROM events", [[3, 8, 1.5]]],
    ["SELECT SUM(price) FROM events WHERE id = 99", [[null]]],
  ])("but not with enableNullHandling: %s", async (sql, rows) => {
    expect((await service.ask(`SET enableNullHandling=true; ${COMPAT}${sql}`)).rows).toEqual(rows)
  })

  test("of a table that was made from Pinot's JSON, without being asked", async () => {
    const answer = await service.ask("SELECT COUNT(price), SUM(id) FROM pinot_events")
    expect(answer.rows).toEqual([[5, 10]])
    expect(answer.columnNames).toEqual(["count(price)", "sum(id)"])
    expect(answer.columnDataTypes).toEqual(["LONG", "DOUBLE"])
    const sql = "SET pinotCompat=false; SELECT COUNT(price), SUM(id) FROM pinot_events"
    expect((await service.ask(sql)).columnDataTypes).toEqual(["LONG", "LONG"])
  })

  test("and SELECT * is in the order of names", async () => {
    const { columnNames = [] } = await service.ask(`${COMPAT}SELECT * FROM events LIMIT 1`)
    expect(columnNames).toEqual([...columnNames].sort())
    expect(columnNames).toHaveLength(9)
  })
})

test.each([
  ["SUM(kind)", "Cannot compute sum for non-numeric type: STRING (line 1, column 32)"],
  ["MAX(tags)", "Cannot compute max for a multi-value column: use MAXMV (line 1, column 32)"],
])("%s is refused", async (expression, message) => {
  const answer = await service.ask(`${COMPAT}SELECT ${expression} FROM events`)
  expect(answer).toMatchObject({ code: 700, message })
  expect((await service.ask(`${COMPAT}SELECT SUM(id) FROM events`)).rows).toEqual([[10]])
})
