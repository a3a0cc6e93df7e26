import { afterAll, beforeAll, expect, test } from "vitest"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import { datePartFunctions, truncUnits } from "../../../shared/serving/direct/planning/scalar.ts"
import { ingestValues } from "../batches.ts"
import { pinnedTable } from "../query/fixture.ts"
import { Seeded } from "./seeded.ts"
import { expectSame, type TwoEngines, twoEngines } from "./support.ts"
import { fileOf } from "./tables.ts"

const columns: readonly ColumnSpec[] = [{ name: "moment", type: "timestamp" }]
const random = new Seeded(3)

/** Ends of years and months, leap days, and instants of 1890 to 2109, before and after 1970. */
const instants = [
  ...["1899-12-31T23:59:59.999Z", "1900-02-28T12:00:00Z", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z"],
  ...["2000-02-29T00:00:00Z", "2023-12-31T23:00:00Z", "2024-01-01T00:00:00Z", "2024-12-30T00:00:00.001Z"],
  ...Array.from({ length: 300 }, () =>
    new Date(
      Date.UTC(1890 + random.below(220), random.below(12), 1 + random.below(31)) + random.below(86_400_000),
    ).toISOString(),
  ),
]

let engines: TwoEngines
beforeAll(() => {
  const rows = [...instants.map(moment => JSON.stringify({ moment })), "{}"]
  const file = fileOf("instants", columns, ingestValues(columns, rows), "tail")
  const table = pinnedTable("instants", columns, [], [file])
  engines = twoEngines({ names: async () => ["instants"], pin: async () => table })
})
afterAll(() => engines.close())

const calls = [
  ...truncUnits.map(unit => `date_trunc('${unit}', moment)`),
  ...datePartFunctions.map(name => `${name}(moment)`),
]

test.each(calls)("%s is DuckDB's", async call => {
  const sql = `SELECT ${call}, count(*), min(moment) FROM instants GROUP BY 1 ORDER BY 1 LIMIT 1000`
  const answer = await engines.ask(sql, "direct")
  expectSame(sql, answer, await engines.ask(sql, "duckdb"))
  expect(answer.resultTable?.rows.length).toBeGreaterThan(1)
})

test("parts of timestamps are added up", async () => {
  const sql = "SELECT sum(year(moment)), max(minute(moment)), avg(dayofyear(moment) * 2 - 1) FROM instants"
  expectSame(sql, await engines.ask(sql, "direct"), await engines.ask(sql, "duckdb"))
})

test.each([
  "moment < 1704067200000",
  "1704067200000 <= moment",
  "moment BETWEEN -2147483649000 AND 1704067200000",
  "moment = 8640000000000000",
  "moment IN (1704067200000, 951782400000, 0)",
  "moment NOT IN (1704067200000, -1)",
  "moment IN ('2024-01-01', '2000-02-29 00:00:00')",
])("beside epoch milliseconds: %s", async condition => {
  const sql = `SELECT count(*), min(moment), max(moment) FROM instants WHERE ${condition}`
  const answer = await engines.ask(sql, "direct")
  expectSame(sql, answer, await engines.ask(sql, "duckdb"))
})
