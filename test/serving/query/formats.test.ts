import { tableFromIPC } from "apache-arrow"
import fc from "fast-check"
import { expect, test } from "vitest"
import { arrowOf } from "../../../shared/serving/query/formats/arrow.ts"
import { csvOf } from "../../../shared/serving/query/formats/csv.ts"
import { ndjsonOf } from "../../../shared/serving/query/formats/ndjson.ts"
import type { ResultTable } from "../../../shared/serving/query/reply.ts"
import type { SqlValue } from "../../../shared/serving/types.ts"

function table(columns: Readonly<Record<string, string>>, ...rows: SqlValue[][]): ResultTable {
  const dataSchema = { columnNames: Object.keys(columns), columnDataTypes: Object.values(columns) }
  return { dataSchema, rows }
}

const everything = table(
  {
    s: "STRING",
    i: "INT",
    l: "LONG",
    d: "DOUBLE",
    f: "FLOAT",
    b: "BOOLEAN",
    t: "TIMESTAMP",
    n: "BIG_DECIMAL",
    j: "JSON",
    x: "BYTES",
    m: "LONG_ARRAY",
  },
  [
    'a,"b"\r\nc',
    1,
    9223372036854775807n,
    5,
    0.5,
    true,
    "2001-01-14 21:30:05.25",
    "1.5",
    '{"a":1}',
    "00ff",
    [1, null],
  ],
  [null, null, null, null, null, null, null, null, null, null, null],
  ["", -1, 7, Number.NaN, -0.25, false, "1969-12-31 23:59:59.0", "0", "1", "", []],
)

test("CSV quotes what it must, and tells NULL from empty text", () => {
  expect(csvOf(everything)).toBe(
    [
      "s,i,l,d,f,b,t,n,j,x,m",
      '"a,""b""\r\nc",1,9223372036854775807,5,0.5,true,2001-01-14 21:30:05.25,1.5,"{""a"":1}",00ff,"[1,null]"',
      ",,,,,,,,,,",
      '"",-1,7,NaN,-0.25,false,1969-12-31 23:59:59.0,0,1,"",[]',
      "",
    ].join("\r\n"),
  )
  expect(csvOf(table({ 'a"b': "INT" }))).toBe('"a""b"\r\n')
})

test("NDJSON is an object a row, with exact integers", () => {
  const lines = ndjsonOf(everything).split("\n")
  expect(lines).toHaveLength(4)
  expect(lines[0]).toContain('"l":9223372036854775807,"d":5.0,')
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ s: null, m: null })
  expect(JSON.parse(lines[2] ?? "")).toMatchObject({ s: "", d: "NaN", m: [] })
  expect(ndjsonOf(table({ a: "INT" }))).toBe("")
})

test("Arrow keeps types, nulls and lists", async () => {
  const read = tableFromIPC(await arrowOf(everything))
  expect(read.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
    "s Utf8",
    "i Int32",
    "l Int64",
    "d Float64",
    "f Float32",
    "b Bool",
    "t Timestamp<MICROSECOND, UTC>",
    "n Utf8",
    "j Utf8",
    "x Binary",
    "m List<Int64>",
  ])
  const [first, second, third] = read.toArray().map(row => row.toJSON())
  expect(first).toMatchObject({ s: 'a,"b"\r\nc', i: 1, l: 9223372036854775807n, d: 5, b: true, n: "1.5" })
  expect(first?.t).toBe(Date.UTC(2001, 0, 14, 21, 30, 5, 250))
  expect([...(first?.m ?? [])]).toEqual([1n, null])
  expect([...(first?.x ?? [])]).toEqual([0, 255])
  expect(Object.values(second ?? {})).toEqual(Array.from({ length: 11 }, () => null))
  expect(third).toMatchObject({ s: "", d: Number.NaN, b: false, t: -1000 })
  const empty = tableFromIPC(await arrowOf(table({ a: "INT", b: "STRING_ARRAY" })))
  expect([empty.numRows, empty.numCols]).toEqual([0, 2])
})

test("any text comes back from CSV", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), values => {
      const text = csvOf(table(Object.fromEntries(values.map((_, at) => [`c${at}`, "STRING"])), values))
      const line = text.slice(text.indexOf("\r\n") + 2, -2)
      const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)]
      expect(fields.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain)).toEqual(values)
    }),
  )
})
