import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import { QueryError } from "../../../shared/serving/errors.ts"
import { flightTables, type OpenService, openService, pinnedTable } from "./fixture.ts"

let service: OpenService
beforeAll(() => {
  service = openService({})
})
afterAll(() => service.close())

describe("a successful reply", () => {
  test("has the fields of a Pinot broker's, with real figures", async () => {
    const { reply } = await service.ask("SELECT count(*) FROM flights")
    expect(reply).toMatchObject({
      resultTable: { dataSchema: { columnNames: ["count(*)"], columnDataTypes: ["LONG"] }, rows: [[60]] },
      numRowsResultSet: 1,
      partialResult: false,
      exceptions: [],
      timeUsedMs: expect.any(Number),
      requestId: expect.stringMatching(/^\d+$/),
      brokerId: "Broker_millrace",
      numDocsScanned: 60,
      totalDocs: 60,
      numServersQueried: 1,
      numServersResponded: 1,
      numSegmentsQueried: 3,
      numSegmentsProcessed: 3,
      numSegmentsMatched: 3,
      numConsumingSegmentsQueried: 1,
      minConsumingFreshnessTimeMs: 1_700_000_000_000,
      tablesQueried: ["flights"],
      numGroupsLimitReached: false,
    })
    expect(Object.keys(reply)[0]).toBe("resultTable")
  })

  test("counts in numDocsScanned what the scans delivered", async () => {
    const filtered = await service.ask("SELECT sum(delay) FROM flights WHERE delay >= 50")
    expect(filtered.rows).toEqual([[545]])
    expect(filtered.reply).toMatchObject({ numDocsScanned: 10, totalDocs: 60 })
    const twice = await service.ask("SELECT count(*) FROM flights x JOIN flights y ON x.delay = y.delay")
    expect(twice.rows).toEqual([[60]])
    expect(twice.reply).toMatchObject({ numDocsScanned: 120, tablesQueried: ["flights"] })
  })

  test("names columns as Pinot does where DuckDB differs", async () => {
    const { columnNames } = await service.ask(
      'SELECT COUNT(*), SUM(delay), avg(delay), count(*) + 1, [1], max("at"), origin AS o FROM flights GROUP BY o',
    )
    expect(columnNames).toEqual([
      "count(*)",
      "sum(delay)",
      "avg(delay)",
      "(count(*) + 1)",
      "list_value(1)",
      "max(at)",
      "o",
    ])
  })

  test("has ten rows where the statement names no limit, also after a comment", async () => {
    for (const sql of [
      "SELECT delay FROM flights",
      "SELECT delay FROM flights;",
      "SELECT delay FROM flights -- all of them; or not",
      "SELECT delay FROM flights /* ; */ ;; -- done",
      "FROM flights",
      "SELECT delay, count(*) FROM flights GROUP BY delay ORDER BY delay",
      "SELECT delay FROM flights UNION ALL (SELECT delay FROM flights LIMIT 30)",
      "WITH f AS (SELECT * FROM flights LIMIT 40) SELECT * FROM f",
      "SELECT * FROM (SELECT * FROM flights LIMIT 40) ORDER BY delay OFFSET 3",
    ]) {
      expect((await service.ask(sql)).reply, sql).toMatchObject({ numRowsResultSet: 10, exceptions: [] })
    }
    expect((await service.ask("SELECT delay FROM flights LIMIT 40")).reply).toMatchObject({
      numRowsResultSet: 40,
    })
    expect((await service.ask("SELECT delay FROM flights LIMIT 50%")).reply).toMatchObject({
      numRowsResultSet: 30,
    })
    expect((await service.ask("SELECT origin, delay FROM flights ORDER BY 2 LIMIT 3 OFFSET 9")).rows).toEqual(
      [
        ["a", 9],
        ["b", 10],
        ["c", 11],
      ],
    )
  })

  test("over a table without files has its columns and no rows", async () => {
    const star = await service.ask("SELECT * FROM nothing")
    expect(star.columnNames).toEqual(["origin", "delay", "at"])
    expect(star.columnDataTypes).toEqual(["STRING", "INT", "TIMESTAMP"])
    expect(star.rows).toEqual([])
    const aggregate = await service.ask('SELECT count(*), sum(delay), max("at") FROM nothing')
    expect(aggregate.rows).toEqual([[0, null, null]])
    expect(aggregate.reply).toMatchObject({ numDocsScanned: 0, totalDocs: 0 })
  })

  test("needs no table", async () => {
    const { rows, reply } = await service.ask("SELECT 1, 'x'")
    expect(rows).toEqual([[1, "x"]])
    expect(reply).toMatchObject({
      totalDocs: 0,
      tablesQueried: [],
      numServersQueried: 1,
      numServersResponded: 1,
    })
  })

  test("reads names of tables in any case", async () => {
    const { rows, reply } = await service.ask('SELECT count(*) FROM "Flights"')
    expect(rows).toEqual([[60]])
    expect(reply.tablesQueried).toEqual(["flights"])
  })

  test.each([
    [
      "a comment before WITH",
      "-- first\n/* then */ WITH f AS (SELECT 1 AS one) SELECT count(*) FROM flights, f",
      60,
    ],
    [
      "WITH inside",
      "SELECT n FROM (WITH flights AS (SELECT count(*) AS n FROM flights) SELECT n FROM flights)",
      60,
    ],
    ["parentheses", "(SELECT count(*) FROM flights)", 60],
    ["FROM first", "FROM flights SELECT count(*)", 60],
    ["a set operation", "SELECT count(*) FROM flights UNION SELECT count(*) FROM flights", 60],
    ["a subquery beside", "SELECT (SELECT count(*) FROM flights) WHERE EXISTS (FROM flights)", 60],
  ])("finds its tables with %s", async (_name, sql, answer) => {
    expect((await service.ask(sql)).rows).toEqual([[answer]])
  })

  test("tells where a fault is in the statement as it was sent", async () => {
    const { message } = await service.ask("SELECT\n  sum(origin) FROM flights")
    expect(message).toMatch(/^line 2, column 3: /)
  })

  test("lets a common table expression stand before a table of its name", async () => {
    expect((await service.ask("WITH flights AS (SELECT 1 AS x) SELECT * FROM flights")).rows).toEqual([[1]])
    const over = "WITH flights AS (SELECT * FROM flights WHERE delay < 5) SELECT count(*) FROM flights"
    expect((await service.ask(over)).reply.exceptions).toMatchObject([])
  })
})

describe("a failed reply", () => {
  test.each([
    ["SELEC 1 FROM flights", 150, 'SQLParsingError: line 1, column 1: syntax error at or near "SELEC"'],
    ["SELECT 'é',\n  FROM", 150, "SQLParsingError: line 2, column 7: syntax error at end of input"],
    ["  -- nothing\n ; ", 150, "SQLParsingError: there is no statement: expected one SELECT"],
    [
      "SELECT count(*) FROM no_such_table",
      190,
      /there is no table 'no_such_table': expected one of: flights, nothing/,
    ],
    ["SELECT nope FROM flights", 710, "UnknownColumnError: Unknown columnName 'nope' found in the query"],
    ["SELECT f.nope FROM flights f", 710, "UnknownColumnError: Unknown columnName 'nope' found in the query"],
    ["SELECT 1,\n nopefn(delay) FROM flights", 700, "Unsupported function: nopefn (line 2, column 2)"],
    [
      "SELECT sum(origin) FROM flights",
      700,
      /No function matches the given name and argument types 'sum\(VARCHAR\)'/,
    ],
    ["SELECT delay, count(*) FROM flights", 700, /must appear in the GROUP BY clause/],
    ["SELECT origin::INT FROM flights", 200, /Could not convert string 'a' to INT32/],
    ["SELECT 1; SELECT 2", 700, "Expected one SELECT statement, found 2 statements"],
    ["DELETE FROM flights", 700, "Only SELECT statements are allowed"],
    ["EXPLAIN SELECT 1", 700, "EXPLAIN is not supported here"],
    ["SET pinotCompat = 3; SELECT 1", 700, "Query option pinotCompat: expected true or false, found '3'"],
    [
      "SET timeoutMs = 0; SELECT 1",
      700,
      "Query option timeoutMs: expected whole milliseconds, 1 to 60000, found '0'",
    ],
    ["SELECT 1 OPTION(timeoutMs=99999999)", 700, /^Query option timeoutMs: expected whole milliseconds/],
    ["SET enableNullHandling = false; SELECT 1", 700, /only with pinotCompat=true/],
    ["SELECT nopefn(delay) FROM flights", 700, /^Unsupported function: nopefn/],
  ])("%s", async (sql, code, message) => {
    const answer = await service.ask(sql)
    expect(answer.code).toBe(code)
    expect(answer.message).toMatch(message)
    expect(answer.reply).toMatchObject({ partialResult: true, numRowsResultSet: 0, numDocsScanned: 0 })
    expect(answer.reply).not.toHaveProperty("resultTable")
    expect((await service.ask("SELECT count(*) FROM flights")).rows).toEqual([[60]])
  })

  test("comes of a table that cannot be pinned, by the error's own code", async () => {
    const failures = [
      new QueryError("tail_too_long", "The tail has 9 records"),
      new Error("the disk is gone"),
    ]
    const tables = {
      names: async () => [],
      pin: async () => {
        throw failures.shift() ?? new Error("asked too often")
      },
    }
    const failing = openService({ tables, children: 1 })
    const tail = await failing.ask("SELECT * FROM flights")
    expect([tail.code, tail.message]).toEqual([245, "The tail has 9 records"])
    const other = await failing.ask("SELECT * FROM flights")
    expect([other.code, other.message]).toEqual([200, "the disk is gone"])
    await failing.close()
  })
})

test("options stand in the request or in SET, before and after the statement", async () => {
  for (const sql of [
    "SET timeoutMs = 5000; SELECT 1",
    "SELECT 1; SET timeoutMs='5000';",
    "set useMultistageEngine=true;SELECT 1",
    "SELECT 1 OPTION(timeoutMs=5000, useMultistageEngine=true)",
    "SELECT 1 option(a='x y') OPTION ( timeoutMs = 5000 ) -- and so on",
    "SET colour = 'red'; SELECT 1; SET nothing=7",
  ]) {
    expect((await service.ask(sql)).rows, sql).toEqual([[1]])
  }
  expect((await service.ask("SELECT 1", { timeoutMs: "x" })).message).toMatch(
    /^Query option timeoutMs: expected/,
  )
  expect((await service.ask("SELECT 1", { unheardOf: "1", timeoutMs: "5000" })).rows).toEqual([[1]])
})

test("a second query of the same text is not analyzed again", async () => {
  const { engine, ask } = service
  const sql = "SELECT max(delay) - 7 FROM flights"
  await ask(sql)
  const analyze = engine.analyze
  engine.analyze = async () => ({ ok: false, error: new QueryError("query_execution", "analyzed again") })
  expect((await ask(sql)).rows).toEqual([[52]])
  engine.analyze = analyze
})

test("columns that a file lacks, or holds under another type, come out as the table has them", async () => {
  const columns: ColumnSpec[] = [
    { name: "origin", type: "string" },
    { name: "delay", type: "long" },
    { name: "gate", type: "string" },
  ]
  const old = await flightTables().pin("flights")
  const segments = (old?.segments ?? []).map(file => ({
    id: file.id,
    rows: file.rows,
    sizeBytes: file.sizeBytes,
    read: () => file.read(),
    columns: old?.columns,
  }))
  const table = pinnedTable("flights", columns, segments)
  const evolved = openService({
    tables: { names: async () => ["flights"], pin: async () => table },
    children: 1,
  })
  const answer = await evolved.ask("SELECT * FROM flights ORDER BY delay LIMIT 1")
  expect(answer.columnDataTypes).toEqual(["STRING", "LONG", "STRING"])
  expect(answer.rows).toEqual([["a", 0, null]])
  expect((await evolved.ask("SELECT count(gate), count(*) FROM flights")).rows).toEqual([[0, 50]])
  await evolved.close()
})
