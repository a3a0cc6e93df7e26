import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import { QueryService } from "../../../shared/serving/query/query-service.ts"
import type { TableSource } from "../../../shared/serving/types.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { flightColumns, flightFile, flightTables, pinnedTable, someFlights } from "./fixture.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace-refusal-"))
let engine: DuckdbEngine
let service: QueryService
const pinned: string[] = []

beforeAll(() => {
  engine = new DuckdbEngine({ folder, children: 1 })
  const flights = flightTables()
  const links = pinnedTable("links", flightColumns, [flightFile("l1", someFlights(7))])
  const tables: TableSource = {
    names: flights.names,
    pin: async name => {
      pinned.push(name)
      return name === "links" ? links : flights.pin(name)
    },
  }
  service = new QueryService({ tables, engine, ...memoryPorts() })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

class Refusal extends Error {}

/** Asks as somebody who may read these tables. */
async function ask(sql: string, ...allowed: string[]) {
  pinned.length = 0
  const refuses = (table: string) => (allowed.includes(table) ? undefined : new Refusal(table))
  return await service.query({ sql, refuses })
}

describe("a caller who may not read every table", () => {
  test.each([
    ["SELECT * FROM flights"],
    ["SELECT * FROM nothing JOIN flights USING (origin)"],
    ['SELECT * FROM nothing, "FLIGHTS"'],
    ["WITH f AS (SELECT * FROM flights) SELECT * FROM f"],
    ["SELECT (SELECT count(*) FROM flights)"],
    ["SELECT 1 WHERE EXISTS (FROM flights)"],
    ["SELECT * FROM nothing UNION ALL SELECT * FROM flights"],
    ["SELECT * FROM flights PIVOT (count(delay) FOR origin IN ('a', 'b'))"],
    ["WITH flights AS (SELECT * FROM flights) SELECT * FROM flights"],
    [
      "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, flights WHERE n < 2) SELECT * FROM r",
    ],
  ])("is refused before anything is looked up: %s", async sql => {
    await expect(ask(sql, "nothing")).rejects.toEqual(new Refusal("flights"))
    expect(pinned).toEqual([])
    const { resultTable } = await ask("SELECT count(*) FROM nothing", "nothing")
    expect(resultTable?.rows).toEqual([[0]])
  })

  test("is refused in the same way whether or not there is such a table", async () => {
    await expect(ask("SELECT * FROM flights")).rejects.toEqual(new Refusal("flights"))
    await expect(ask("SELECT * FROM no_such_table")).rejects.toEqual(new Refusal("no_such_table"))
    expect(pinned).toEqual([])
  })

  test("is told of no other table's name", async () => {
    const { exceptions } = await ask("SELECT * FROM flightz", "nothing", "flightz")
    expect(exceptions).toEqual([
      { errorCode: 190, message: expect.stringMatching(/no table 'flightz': expected one of: nothing$/) },
    ])
  })

  test("may use a common table expression of a forbidden table's name", async () => {
    const { exceptions } = await ask("WITH flights AS (SELECT 1 AS x) SELECT * FROM flights", "nothing")
    expect(exceptions).toEqual([])
  })

  test("is judged anew for a statement that somebody else sent before", async () => {
    const sql = "SELECT max(delay) FROM flights"
    expect((await ask(sql, "flights")).exceptions).toEqual([])
    await expect(ask(sql, "nothing")).rejects.toEqual(new Refusal("flights"))
  })

  test("gets at no table that another's statement left behind", async () => {
    const left = await ask("WITH x AS (SELECT 1) SELECT count(*) FROM links", "links")
    expect(left.resultTable?.rows).toEqual([[7]])
    // The Kelvin sign's lower case is a k, but not to DuckDB.
    const sql = 'WITH "lin\u212As" AS (SELECT 1 AS n) SELECT * FROM links'
    await expect(ask(sql, "nothing")).rejects.toEqual(new Refusal("links"))
    const run = await engine.run({
      sql: "SELECT * FROM links",
      tables: [],
      limits: { deadlineMs: 20_000, rowsMax: 10, resultBytesMax: 10_000 },
    })
    expect(run).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/links does not exist/) },
    })
    expect((await ask("SELECT count(*) FROM links", "links")).resultTable?.rows).toEqual([[7]])
  })
})
