import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DuckDBInstance } from "@duckdb/node-api"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import { matchingRows } from "../../../shared/serving/purge/matching.ts"
import { parseWhere } from "../../../shared/serving/purge/where.ts"
import { whereSql } from "../../../shared/serving/purge/where-sql.ts"
import { encodeParquet } from "../../../shared/serving/segment/parquet.ts"
import { ingestValues } from "../batches.ts"

const COLUMNS: readonly ColumnSpec[] = [
  { name: "i", type: "int" },
  { name: "l", type: "long" },
  { name: "f", type: "float" },
  { name: "d", type: "double", sql: "case when n is null then d else cast(n as double) end" },
  { name: "b", type: "boolean" },
  { name: "t", type: "timestamp" },
  { name: "m", type: "decimal" },
  { name: "s", type: "string" },
  { name: "j", type: "json" },
]
const VALUES = [
  '{"i":1,"l":9007199254740993,"f":0.1,"d":0.1,"b":true,"t":"2024-01-01","m":0.000000001,"s":"a%b"}',
  '{"i":2,"l":9007199254740992,"f":0.5,"d":-0.0,"b":false,"t":"2024-01-01T00:00:00.001Z","m":-3,"s":"é😀"}',
  '{"i":-5,"l":-1,"f":null,"n":"nan","b":null,"t":1704067200000,"m":1e3,"s":""}',
  '{"i":null,"l":null,"s":"\\ud83d\\ude00"}',
  '{"i":2147483647,"s":"it\'s","d":1e300}',
  "{}",
]
const batch = ingestValues(COLUMNS, VALUES)

const CONDITIONS = [
  "i = 1",
  "i <> 1",
  "1 < i",
  "i in (1, 2, 7)",
  "i not in (1, 2)",
  "NOT i in (1, 2)",
  "i between -5 and 1",
  "i not between -5 and 1",
  "i is null",
  "i is not null and s <> ''",
  "l = 9007199254740993",
  "l >= 9007199254740993 or b",
  "f = 0.1",
  "f > 0.1",
  "d = 0",
  "d > 100000000000.5",
  "d < 0.1",
  "d <= 0.1 or d is null",
  "b",
  "not b",
  "b = false",
  "t = '2024-01-01'",
  "t > TIMESTAMP '2024-01-01 00:00:00'",
  "t between '2023-12-31' and '2024-01-01T00:00:00.001'",
  "m = 0.000000001",
  "m < 0",
  "m in (1000, -3.0)",
  "s = 'it''s'",
  "s like 'a%'",
  "s like 'a\\%b'",
  "s like '_'",
  "s not like '%b'",
  "s > 'z'",
  "S >= 'é'",
  "\"s\" = '' or i = 2147483647",
  "true",
  "not (i = 1 or s = '') and not (b or l = -1)",
  "gone = 1",
]
/** A column that is newer than the file. */
const ALL = [...COLUMNS, { name: "gone", type: "int" as const }]

describe("a purge's condition", () => {
  const folder = mkdtempSync(join(tmpdir(), "where-"))
  let rows: (sql: string) => Promise<string>
  beforeAll(async () => {
    const file = join(folder, "rows.parquet")
    const identity = { tableId: "t", partition: 0, schemaVersion: 1 }
    writeFileSync(file, encodeParquet(COLUMNS, batch, identity, { codec: "none" }))
    const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect()
    rows = async sql => {
      const reader = await connection.runAndReadAll(
        `SELECT coalesce(${sql}, false) FROM read_parquet('${file}') ORDER BY "$offset"`,
      )
      return reader
        .getRows()
        .map(([truth]) => Number(truth))
        .join("")
    }
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(CONDITIONS)("%s: the same rows here and in DuckDB", async where => {
    const predicate = parseWhere(where, ALL)
    if ("fault" in predicate) throw new Error(predicate.fault.message)
    const sql = whereSql(predicate, ALL, ({ name }) =>
      name === "gone" ? "CAST(NULL AS INTEGER)" : `"${name}"`,
    )
    const here = [...matchingRows(predicate, COLUMNS, batch)].join("")
    expect(here).toBe(await rows(sql))
  })

  test("is as SQL would read it without us", async () => {
    for (const where of CONDITIONS.filter(one => !one.includes("gone"))) {
      const predicate = parseWhere(where, ALL)
      if ("fault" in predicate) throw new Error(predicate.fault.message)
      expect([...matchingRows(predicate, COLUMNS, batch)].join(""), where).toBe(await rows(`(${where})`))
    }
  })
})

test.each([
  ["", "expected an expression, got nothing"],
  ["i =", "unexpected end"],
  ["i", "expected a condition, got the column i"],
  ["i + 1 = 2", "expected a column, got 'i + 1'"],
  ["i = l", "expected a constant, got 'l'"],
  ["x = 1", "there is no column 'x'; there is i, l, f, d, b, t, m, s, j"],
  ["i = 1.5", "expected a int for i, got 1.5: number has a fraction"],
  ["i = 'x'", "expected a int for i, got 'x': text is not a number"],
  ["t = 'x'", "expected a timestamp for t, got 'x': text is not a timestamp"],
  ["s = 1", "expected a string for s, got 1: it is no text"],
  ["i = null", "nothing equals NULL: use IS NULL"],
  ["i in (1, null)", "nothing equals NULL: use IS NULL"],
  ["j = '1'", "column j is of type json, which cannot be compared here"],
  ["lower(s) = 'x'", "expected a column, got 'lower(s)'"],
  [
    "s ilike 'x'",
    "expected comparisons of columns with constants, joined by AND, OR and NOT, got 's ilike 'x''",
  ],
  ["1", "expected comparisons of columns with constants, joined by AND, OR and NOT, got '1'"],
  ["i = (select 1)", "expected a constant"],
])("%j is refused, with its place", (where, message) => {
  const found = parseWhere(where, COLUMNS)
  expect("fault" in found && found.fault.message).toContain(message)
  expect("fault" in found && found.fault.position).toBeGreaterThan(0)
  expect(parseWhere("i = 1", COLUMNS)).toEqual({ kind: "compare", op: "=", column: "i", value: 1 })
})
