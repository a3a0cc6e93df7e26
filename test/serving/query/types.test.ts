import { parquetWriteBuffer } from "hyparquet-writer"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import { bytesFile, type OpenService, openService, pinnedTable } from "./fixture.ts"

const columns: readonly ColumnSpec[] = [
  { name: "s", type: "string" },
  { name: "i", type: "int" },
  { name: "l", type: "long" },
  { name: "f", type: "float" },
  { name: "d", type: "double" },
  { name: "b", type: "boolean" },
  { name: "t", type: "timestamp" },
  { name: "z", type: "timestamp" },
  { name: "n", type: "decimal" },
  { name: "j", type: "json" },
  { name: "x", type: "bytes" },
]

const millis = (isAdjustedToUTC: boolean) => ({ type: "TIMESTAMP", isAdjustedToUTC, unit: "MILLIS" }) as const

function everyType() {
  const optional = { repetition_type: "OPTIONAL" } as const
  const instant = BigInt(Date.UTC(2001, 0, 14, 21, 30, 5, 250))
  const bytes = parquetWriteBuffer({
    schema: [
      { name: "root", num_children: 11 },
      { name: "s", type: "BYTE_ARRAY", converted_type: "UTF8", ...optional },
      { name: "i", type: "INT32", ...optional },
      { name: "l", type: "INT64", ...optional },
      { name: "f", type: "FLOAT", ...optional },
      { name: "d", type: "DOUBLE", ...optional },
      { name: "b", type: "BOOLEAN", ...optional },
      { name: "t", type: "INT64", logical_type: millis(false), ...optional },
      { name: "z", type: "INT64", logical_type: millis(true), ...optional },
      { name: "n", type: "INT64", converted_type: "DECIMAL", precision: 18, scale: 9, ...optional },
      { name: "j", type: "BYTE_ARRAY", converted_type: "UTF8", ...optional },
      { name: "x", type: "BYTE_ARRAY", ...optional },
    ],
    columnData: [
      { name: "s", data: ['é "quoted" \u{1f600}\n', null] },
      { name: "i", data: [-2147483648, null] },
      { name: "l", data: [9223372036854775807n, null] },
      { name: "f", data: [0.1, null] },
      { name: "d", data: [5, null] },
      { name: "b", data: [true, null] },
      { name: "t", data: [instant, null] },
      { name: "z", data: [instant - 250n, null] },
      { name: "n", data: [1234500000n, null] },
      { name: "j", data: ['{"a":[1,2]}', null] },
      { name: "x", data: [Uint8Array.of(0, 255, 16), null] },
    ],
  })
  return bytesFile("types", new Uint8Array(bytes), 2)
}

let service: OpenService
beforeAll(() => {
  const table = pinnedTable("types", columns, [everyType()])
  const tables = { names: async () => ["types"], pin: async () => table }
  service = openService({ tables, children: 1 })
})
afterAll(() => service.close())

test("every column type has Pinot's name and form, NULL among them", async () => {
  const answer = await service.ask("SELECT * FROM types")
  expect(answer.columnDataTypes).toEqual([
    "STRING",
    "INT",
    "LONG",
    "FLOAT",
    "DOUBLE",
    "BOOLEAN",
    "TIMESTAMP",
    "TIMESTAMP",
    "BIG_DECIMAL",
    "JSON",
    "BYTES",
  ])
  expect(answer.rows).toEqual([
    [
      'é "quoted" \u{1f600}\n',
      -2147483648,
      expect.any(Number),
      0.1,
      5,
      true,
      "2001-01-14 21:30:05.25",
      "2001-01-14 21:30:05.0",
      "1.2345",
      '{"a":[1,2]}',
      "00ff10",
    ],
    Array.from({ length: 11 }, () => null),
  ])
  // What JSON.parse made of LONG and DOUBLE above, as it stands in the bytes.
  expect(answer.text).toContain(",-2147483648,9223372036854775807,0.1,5.0,true,")
})

test.each([
  ["sum(i)", "LONG", "-2147483648"],
  ["sum(l)", "LONG", "9223372036854775807"],
  ["sum(l) + 1", "BIG_DECIMAL", '"9223372036854775808"'],
  ["sum(n)", "BIG_DECIMAL", '"1.2345"'],
  ["avg(i)", "DOUBLE", "-2147483648.0"],
  ["count(*)", "LONG", "2"],
  ["100.00::DECIMAL(10, 2)", "BIG_DECIMAL", '"100"'],
  ["0::DECIMAL(10, 2)", "BIG_DECIMAL", '"0"'],
  ["'nan'::DOUBLE", "DOUBLE", '"NaN"'],
  ["'-inf'::DOUBLE", "DOUBLE", '"-Infinity"'],
  ["1e300", "DOUBLE", "1e+300"],
  ["hash(1) >= 0", "BOOLEAN", "true"],
  ["max(t)::DATE", "STRING", '"2001-01-14"'],
  ["max(t)::TIMESTAMPTZ", "TIMESTAMP", '"2001-01-14 21:30:05.25"'],
  ["date_trunc('day', max(t))", "TIMESTAMP", '"2001-01-14 00:00:00.0"'],
  ["max(t) - max(z)", "STRING", '"00:00:00.25"'],
  ["'a3b7'::BLOB", "BYTES", '"61336237"'],
  ["[1, NULL, 3]", "INT_ARRAY", "[1,null,3]"],
  ["[9007199254740993]", "LONG_ARRAY", "[9007199254740993]"],
  ["[0.5::DOUBLE, 1]", "DOUBLE_ARRAY", "[0.5,1.0]"],
  ["list(s)", "STRING_ARRAY", '["é \\"quoted\\" \u{1f600}\\n",null]'],
  ["[[1], []]", "JSON", '"[[1],[]]"'],
  [
    "{'a': 9007199254740993, 'b': [max(t)]}",
    "JSON",
    '"{\\"a\\":9007199254740993,\\"b\\":[\\"2001-01-14 21:30:05.25\\"]}"',
  ],
  ["MAP {'k': 1}", "JSON", '"{\\"k\\":1}"'],
  ["any_value(j) ->> 'a'", "STRING", '"[1,2]"'],
  ["json_extract(any_value(j), '$.a[1]')", "JSON", '"2"'],
  ["uuid() IS NULL", "BOOLEAN", "false"],
])("%s is %s", async (expression, type, text) => {
  const answer = await service.ask(`SELECT ${expression} FROM types LIMIT 1`)
  expect(answer.message).toBe("")
  expect(answer.columnDataTypes).toEqual([type])
  expect(answer.text).toContain(`"rows":[[${text}]]`)
})

test.each(["row(1, 2)", "[row(1, 2)]", "{'a': row(1, 2)}", "MAP {'k': row(1, 2)}", "list_zip([1], [2])"])(
  "%s, whose fields have no names, is refused instead of answered in part",
  async expression => {
    const answer = await service.ask(`SELECT ${expression}`)
    expect(answer.message).toContain("The fields of row(…) have no names")
    expect((await service.ask("SELECT 1")).message).toBe("")
  },
)
