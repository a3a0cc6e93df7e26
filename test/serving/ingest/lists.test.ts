import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import { concatBatches } from "../../../shared/serving/ingest/batch.ts"
import type { ElementType } from "../../../shared/serving/ingest/column.ts"
import { QueryService } from "../../../shared/serving/query/query-service.ts"
import { serializeReply } from "../../../shared/serving/query/serialize-reply.ts"
import { decodeParquet } from "../../../shared/serving/segment/decode.ts"
import { encodeParquet } from "../../../shared/serving/segment/parquet.ts"
import { sortBatch } from "../../../shared/serving/segment/sort.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { ingestValues } from "../batches.ts"
import { bytesFile, pinnedTable } from "../query/fixture.ts"

const IDENTITY = { tableId: "t", partition: 0, schemaVersion: 1 }
const JSONS: Readonly<Record<ElementType, string>> = {
  string: '["a", "é", null]',
  int: "[1, -2]",
  long: "[9007199254740993]",
  float: "[1.5]",
  double: "[0.1, 2]",
  boolean: "[true, false]",
  timestamp: '[5, "2001-01-14"]',
  decimal: "[1.000000001]",
  bytes: '["AP8="]',
}
const TYPES = Object.keys(JSONS) as ElementType[]
const COLUMNS: readonly ColumnSpec[] = [
  { name: "id", type: "int" },
  ...TYPES.map(type => ({ name: `c_${type}`, type, list: true as const })),
]
const row = (id: number, cell: (type: ElementType) => string) =>
  `{"id":${id},${TYPES.map(type => `"c_${type}":${cell(type)}`).join(",")}}`
const VALUES = [row(2, type => JSONS[type]), row(1, () => "[]"), row(0, () => "null"), '{"id":3}']

const cells = (columns: readonly ColumnSpec[], value: string) => {
  const batch = ingestValues(columns, [value])
  const [column] = batch.columns
  return batch.rows === 1
    ? column!.nulls[0] === 1
      ? null
      : column!.values[0]
    : [...batch.counts.faults.keys()]
}

test("lists are read element by element, exactly", () => {
  const batch = ingestValues(COLUMNS, VALUES)
  expect(batch.columns.slice(1).map(column => column.values[0])).toEqual([
    ["a", "é", null],
    [1, -2],
    [9007199254740993n],
    [1.5],
    [0.1, 2],
    [true, false],
    [5n, BigInt(Date.UTC(2001, 0, 14))],
    [1000000001n],
    [new Uint8Array([0, 255])],
  ])
  for (const column of batch.columns.slice(1)) {
    expect(column.type).toBe("list")
    expect([...column.nulls]).toEqual([0, 0, 1, 1])
    expect(column.values[1]).toEqual([])
  }
})

test.each<[ColumnSpec, string, unknown]>([
  [{ name: "x", type: "int", list: true }, '{"x":5}', ["x: expected a list, got a number"]],
  [{ name: "x", type: "int", list: true }, '{"x":"[5]"}', ["x: expected a list, got text"]],
  [{ name: "x", type: "int", list: true }, '{"x":[1,"b"]}', ["x: text is not a number"]],
  [{ name: "x", type: "int", list: true }, '{"x":[2147483648]}', ["x: number is out of range"]],
  [{ name: "x", type: "string", list: true }, '{"x":[["a"]]}', ['["a"]']],
  [{ name: "x", type: "string", list: true, sql: "a.b" }, '{"a":{"b":["p"]}}', ["p"]],
  [{ name: "x", type: "timestamp", list: true, format: "yyyy/MM/dd" }, '{"x":["1970/01/02"]}', [86_400_000n]],
])("%o of %s", (column, value, expected) => {
  expect(cells([column], value)).toEqual(expected)
})

test("lists are joined, sorted, stored and read again as they were", async () => {
  const batch = ingestValues(COLUMNS, VALUES)
  const twice = concatBatches([batch, { ...batch, base: 4, next: 8 }])
  expect(twice.columns.map(({ values }) => values.length)).toEqual(COLUMNS.map(() => 8))
  const sorted = sortBatch(batch, [0])
  expect(sorted.columns[1]!.values).toEqual([[], [], ["a", "é", null], []])
  for (const codec of ["zstd", "none"] as const) {
    const bytes = encodeParquet(COLUMNS, twice, IDENTITY, { codec })
    const decoded = await decodeParquet(bytes, COLUMNS)
    expect(decoded.columns).toEqual(twice.columns.map(column => ({ ...column })))
  }
})

test("queries see lists, in replies as arrays of Pinot's types", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-lists-"))
  const engine = new DuckdbEngine({ folder, children: 1 })
  try {
    engine.start()
    const batch = ingestValues(COLUMNS, VALUES)
    const bytes = encodeParquet(COLUMNS, batch, IDENTITY, { codec: "zstd" })
    const older = ingestValues(COLUMNS.slice(0, 1), ['{"id":9}'])
    const before = encodeParquet(COLUMNS.slice(0, 1), older, IDENTITY, { codec: "zstd" })
    const table = pinnedTable("t", COLUMNS, [
      { ...bytesFile("old", before, 1), columns: COLUMNS.slice(0, 1) },
      bytesFile("new", bytes, 4),
    ])
    const { clock, random } = memoryPorts()
    const tables = {
      names: async () => ["t"],
      pin: async (name: string) => (name === "t" ? table : undefined),
    }
    const service = new QueryService({ tables, engine, clock, random })
    const reply = JSON.parse(
      serializeReply(
        await service.query({ sql: "SELECT * FROM t WHERE id IN (1, 2, 9) ORDER BY id", options: {} }),
      ),
    )
    expect(reply.exceptions).toEqual([])
    expect(reply.resultTable.dataSchema.columnDataTypes).toEqual([
      "INT",
      "STRING_ARRAY",
      "INT_ARRAY",
      "LONG_ARRAY",
      "FLOAT_ARRAY",
      "DOUBLE_ARRAY",
      "BOOLEAN_ARRAY",
      "TIMESTAMP_ARRAY",
      "BIG_DECIMAL_ARRAY",
      "BYTES_ARRAY",
    ])
    const [empty, full, absent] = reply.resultTable.rows
    expect(empty).toEqual([1, ...TYPES.map(() => [])])
    expect(full.slice(0, 4)).toEqual([2, ["a", "é", null], [1, -2], expect.anything()])
    expect(absent).toEqual([9, ...TYPES.map(() => null)])
  } finally {
    await engine.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
