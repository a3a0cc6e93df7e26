import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DuckDBInstance } from "@duckdb/node-api"
import { afterAll, expect, test } from "vitest"
import type { ColumnSpec, ColumnType } from "../../../shared/definition/table-spec.ts"
import { encodeParquet } from "../../../shared/serving/segment/parquet.ts"
import { ingestValues } from "../batches.ts"

const folder = mkdtempSync(join(tmpdir(), "segment-"))
const instance = await DuckDBInstance.create(":memory:", { threads: "1" })
const connection = await instance.connect()
afterAll(() => {
  connection.closeSync()
  rmSync(folder, { recursive: true })
})

const IDENTITY = { tableId: "t1", partition: 3, schemaVersion: 1 }

async function rowsOf(name: string, bytes: Uint8Array, select: string) {
  const file = join(folder, name)
  writeFileSync(file, bytes)
  const reader = await connection.runAndReadAll(`SELECT ${select} FROM read_parquet('${file}')`)
  return { rows: reader.getRows(), types: reader.columnTypes().map(String) }
}

const TYPES: readonly [ColumnType, string, readonly string[], readonly (string | null)[]][] = [
  ["int", "INTEGER", ["2147483647", "-2147483648", "null"], ["2147483647", "-2147483648", null]],
  [
    "long",
    "BIGINT",
    ["9223372036854775807", "-9223372036854775808", "9007199254740993"],
    ["9223372036854775807", "-9223372036854775808", "9007199254740993"],
  ],
  ["float", "FLOAT", ["1.5", "null", "-0.25"], ["1.5", null, "-0.25"]],
  ["double", "DOUBLE", ["0.1", "1e300", "null"], ["0.1", "1e+300", null]],
  ["boolean", "BOOLEAN", ["true", "false", "null"], ["true", "false", null]],
  [
    "timestamp",
    "TIMESTAMP",
    ["-1", '"1900-01-01"', '"2262-04-12T00:00:00.001"'],
    ["1969-12-31 23:59:59.999", "1900-01-01 00:00:00", "2262-04-12 00:00:00.001"],
  ],
  [
    "decimal",
    "DECIMAL(38,9)",
    ["99999999999999999999999999999.999999999", "-0.000000001", "null"],
    ["99999999999999999999999999999.999999999", "-0.000000001", null],
  ],
  ["string", "VARCHAR", ['""', '"é😀\\u0000"', "null"], ["", "é😀\u0000", null]],
  ["json", "VARCHAR", ['{"a":9007199254740993}', '"x"', "null"], ['{"a":9007199254740993}', '"x"', null]],
  ["bytes", "BLOB", ['"AP8="', '""', "null"], ["\\x00\\xFF", "", null]],
]

test.each(["zstd", "none"] as const)("DuckDB reads every type exactly (%s)", async codec => {
  const columns: ColumnSpec[] = TYPES.map(([type]) => ({ name: `c_${type}`, type }))
  const values = [0, 1, 2].map(
    row => `{${TYPES.map(([type, , json]) => `"c_${type}":${json[row]}`).join(",")}}`,
  )
  const bytes = encodeParquet(columns, ingestValues(columns, values), IDENTITY, { codec })
  const { types } = await rowsOf("all.parquet", bytes, "*")
  expect(types).toEqual([...TYPES.map(([, type]) => type), "BIGINT"])
  const { rows } = await rowsOf("all.parquet", bytes, "COLUMNS(*)::VARCHAR")
  expect(rows).toEqual([0, 1, 2].map(row => [...TYPES.map(([, , , texts]) => texts[row]), String(row)]))
})

test.each(["zstd", "none"] as const)("columns of nulls alone, and row groups (%s)", async codec => {
  const columns: ColumnSpec[] = TYPES.map(([type]) => ({ name: `c_${type}`, type }))
  const batch = ingestValues(
    [...columns, { name: "i", type: "int" }],
    Array.from({ length: 100 }, (_, i) => `{"i":${i}}`),
  )
  const named: ColumnSpec[] = [...columns, { name: "i", type: "int" }]
  const bytes = encodeParquet(named, batch, IDENTITY, { codec, rowGroupRows: 30 })
  const counts = TYPES.map(([type]) => `count(c_${type})`).join(", ")
  const { rows } = await rowsOf("nulls.parquet", bytes, `${counts}, sum(i)::INT, count(*)::INT`)
  expect(rows[0]?.map(Number)).toEqual([...TYPES.map(() => 0), 4950, 100])
})

test("statistics do not hide rows: every value is found by a filter on itself", async () => {
  const columns: ColumnSpec[] = [
    { name: "s", type: "string" },
    { name: "d", type: "decimal" },
    { name: "t", type: "timestamp" },
  ]
  const values = ["\uffff", "😀", "a", "", `${"z".repeat(40)}`].map(
    (s, i) => `{"s":${JSON.stringify(s)},"d":${i - 2}.5,"t":${(i - 2) * 86_400_000}}`,
  )
  const bytes = encodeParquet(columns, ingestValues(columns, values), IDENTITY, {
    codec: "zstd",
    rowGroupRows: 2,
  })
  const { rows } = await rowsOf("stats.parquet", bytes, "s, d::VARCHAR, t::VARCHAR")
  for (const [s, d, t] of rows) {
    const where = `count(*)::INT FROM read_parquet('${join(folder, "stats.parquet")}') WHERE s = '${s}' AND d = ${d}::DECIMAL(38,9) AND t = '${t}'::TIMESTAMP`
    const found = await connection.runAndReadAll(`SELECT ${where}`)
    expect(found.getRows()[0]?.[0]).toBe(1)
  }
})

test("equal rows give equal bytes", () => {
  const columns: ColumnSpec[] = [{ name: "s", type: "string" }]
  const encode = () =>
    encodeParquet(columns, ingestValues(columns, ['{"s":"a"}', "{}"]), IDENTITY, { codec: "zstd" })
  expect(encode()).toEqual(encode())
})

test("a segment of version 1 is read, and what is written now says the same", async () => {
  const columns: ColumnSpec[] = TYPES.map(([type]) => ({ name: `c_${type}`, type }))
  const golden = join(import.meta.dirname, "../../golden/serving/segment-v1.parquet")
  const read = await connection.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM read_parquet('${golden}')`)
  expect(read.getRows()).toEqual(
    [0, 1, 2].map(row => [...TYPES.map(([, , , texts]) => texts[row]), String(row)]),
  )
  const meta = `SELECT decode(key), decode(value) FROM parquet_kv_metadata('${golden}')`
  expect((await connection.runAndReadAll(meta)).getRows()).toEqual([
    ["v", "1"],
    ["table", "t1"],
    ["partition", "3"],
    ["schema", "1"],
    ["base", "0"],
    ["next", "3"],
  ])
  const values = [0, 1, 2].map(
    row => `{${TYPES.map(([type, , json]) => `"c_${type}":${json[row]}`).join(",")}}`,
  )
  const bytes = encodeParquet(columns, ingestValues(columns, values), IDENTITY, { codec: "none" })
  const now = await rowsOf("now.parquet", bytes, "COLUMNS(*)::VARCHAR")
  expect(now.rows).toEqual(read.getRows())
})
