import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ColumnSpec, ColumnType } from "../../../shared/definition/table-spec.ts"
import { concatBatches } from "../../../shared/serving/ingest/batch.ts"
import { ingest } from "../../../shared/serving/ingest/ingest.ts"
import { compileSchema } from "../../../shared/serving/ingest/schema.ts"
import { batchOf, cellsOf, ingestValues, schemaOf } from "../batches.ts"

const column = (type: ColumnType, rest: Partial<ColumnSpec> = {}): ColumnSpec[] => [
  { name: "x", type, ...rest },
]
const value = (json: string) => `{"x":${json}}`

/** The cell that a JSON value becomes, or the reason why it is a bad record. */
function cell(columns: ColumnSpec[], json: string): unknown {
  const batch = ingestValues(columns, [value(json)])
  return batch.rows === 1 ? cellsOf(batch)[0] : [...batch.counts.faults.keys()][0]
}

describe("values become exactly what they say", () => {
  test.each<[ColumnType, string, unknown]>([
    ["int", "2147483647", 2147483647],
    ["int", "-2147483648", -2147483648],
    ["int", "1.0", 1],
    ["int", '"12"', 12],
    ["int", "null", null],
    ["int", "2147483648", "x: number is out of range"],
    ["int", "1.5", "x: number has a fraction"],
    ["int", "1.00000000000000001", "x: number has a fraction"],
    ["int", "true", "x: expected a number, got a boolean"],
    ["int", '"abc"', "x: text is not a number"],
    ["int", "[1]", "x: expected a number, got an array"],
    ["long", "9223372036854775807", 9223372036854775807n],
    ["long", "-9223372036854775808", -9223372036854775808n],
    ["long", "9007199254740993", 9007199254740993n],
    ["long", '"9007199254740993"', 9007199254740993n],
    ["long", "1e17", 100000000000000000n],
    ["long", "123456789012345e3", 123456789012345000n],
    ["long", "9223372036854775808", "x: number is out of range"],
    ["long", "9007199254740991.3", "x: number has a fraction"],
    ["long", "1e400", "x: number is out of range"],
    ["double", "0.1", 0.1],
    ["double", "12345678901234567890", Number("12345678901234567890")],
    ["double", "1e400", "x: number is out of range"],
    ["float", "0.5", 0.5],
    ["float", "1e39", "x: number is out of range"],
    ["decimal", "0.1", 100000000n],
    ["decimal", "12345678901234567890.123456789", 12345678901234567890123456789n],
    ["decimal", "-0.000000001", -1n],
    ["decimal", "1e-9", 1n],
    ["decimal", '"1.5"', 1500000000n],
    ["decimal", "0.0000000001", "x: number has more than 9 decimals"],
    ["decimal", "1e30", "x: number is out of range"],
    ["boolean", "true", 1],
    ["boolean", '"false"', 0],
    ["boolean", "1", "x: expected a boolean, got a number"],
    ["string", '"a\\u00e9"', "aé"],
    ["string", '""', ""],
    ["string", "9007199254740993", "9007199254740993"],
    ["string", "1.5", "1.5"],
    ["string", "true", "true"],
    ["string", '{"a":[1]}', '{"a":[1]}'],
    ["json", '{"b":9007199254740993,"a":[1.10,null]}', '{"b":9007199254740993,"a":[1.1,null]}'],
    ["json", '"text"', '"text"'],
    ["bytes", '"AAEC"', new Uint8Array([0, 1, 2])],
    ["bytes", '"A"', "x: text is not base64"],
    ["timestamp", "-1", -1n],
    ["timestamp", "1577836800000", 1577836800000n],
    ["timestamp", '"2020-01-01"', 1577836800000n],
    ["timestamp", '"2020-01-01T02:00:00.120+02:00"', 1577836800120n],
    ["timestamp", '"2020-01-01 00:00:00Z"', 1577836800000n],
    ["timestamp", '"2020-01-01T00:00:00.123000Z"', 1577836800123n],
    ["timestamp", '"1900-02-28T23:59:59"', -2203891201000n],
    ["timestamp", '"1900-02-29"', "x: text is not a timestamp"],
    ["timestamp", '"2020-01-01T00:00:00.123456Z"', "x: timestamp is finer than a millisecond"],
    ["timestamp", "1.5", "x: timestamp is finer than a millisecond"],
    ["timestamp", "8640000000000001", "x: timestamp is out of range"],
  ])("%s of %s", (type, json, expected) => {
    expect(cell(column(type), json)).toEqual(expected)
  })

  test.each<[string, string, unknown]>([
    ["yyyy/MM/dd HH:mm", "2001/01/31 23:59", 980985540000n],
    ["yyyy-MM-dd'T'HH:mm:ss.SSS", "2001-01-31T23:59:59.007", 980985599007n],
    ["yyyyMMdd", "19691231", -86400000n],
    ["yyyy/MM/dd HH:mm", "2001/02/29 00:00", "x: text does not match its format"],
    ["yyyy/MM/dd HH:mm", "2001/01/01 00:00:00", "x: text does not match its format"],
    ["yyyy/MM/dd HH:mm", "2001/1/01 00:00", "x: text does not match its format"],
  ])("timestamp by %s of %s", (format, text, expected) => {
    expect(cell(column("timestamp", { format }), JSON.stringify(text))).toEqual(expected)
  })

  test("any long survives, among others and within text", () => {
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(long, fc.string(), fc.integer({ min: 0, max: 40 }), (number, text, pad) => {
        const json = `{${" ".repeat(pad)}"t":${JSON.stringify(text)},"x":${number},"y":[{"z":${number}}]}`
        const batch = ingestValues([...column("long"), { name: "t", type: "string" }], [json])
        expect([cellsOf(batch)[0], cellsOf(batch, 1)[0]]).toEqual([number, text.toWellFormed()])
      }),
    )
  })

  test("a computed decimal is rounded, a field is not", () => {
    expect(cell(column("decimal", { sql: "x / 3" }), "1")).toBe(333333333n)
    expect(cell(column("decimal", { sql: "x * 3" }), "0.1")).toBe(300000000n)
    expect(cell(column("decimal", { sql: "x" }), "0.30000000000000004")).toBe(
      "x: number has more than 9 decimals",
    )
  })
})

describe("records", () => {
  const columns: ColumnSpec[] = [
    { name: "id", type: "int" },
    { name: "n", type: "int", default: 7 },
    { name: "s", type: "string" },
  ]

  test("of repeated keys the last counts; missing takes the default and null stays", () => {
    const batch = ingestValues(columns, [
      '{"id":1,"id":2}',
      '{"id":3,"n":null}',
      '{"id":4,"n":5,"constructor":1}',
    ])
    expect([cellsOf(batch), cellsOf(batch, 1), cellsOf(batch, 2)]).toEqual([
      [2, 3, 4],
      [7, null, 5],
      [null, null, null],
    ])
  })

  test("of repeated long keys the last counts too", () => {
    const batch = ingestValues(
      [{ name: "id", type: "long" }],
      ['{"id":9007199254740993,"id":9007199254740995}'],
    )
    expect(cellsOf(batch)).toEqual([9007199254740995n])
  })

  const bad = ["{", "[1]", "3", "null", '"x"', "", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]

  test("bad ones are skipped and counted by reason", () => {
    const batch = ingestValues(columns, ['{"id":1}', ...bad, '{"id":"x"}', null, '{"id":2,"s":"\ufffd"}'])
    expect(cellsOf(batch)).toEqual([1, 2])
    expect([...batch.offsets]).toEqual([0, 10])
    expect(batch.counts).toMatchObject({ records: 11, skipped: 8, tombstones: 1, filtered: 0, nulled: 0 })
    expect(Object.fromEntries(batch.counts.faults)).toEqual({
      "value is not JSON": 2,
      "value is not a JSON object": 4,
      "value is not UTF-8": 1,
      "id: text is not a number": 1,
    })
  })

  test("or their fields made null, where the table says so", () => {
    const batch = ingestValues(columns, ['{"id":"x","s":"a"}', "{", '{"id":2}'], { badRecords: "null" })
    expect([cellsOf(batch), cellsOf(batch, 2)]).toEqual([
      [null, 2],
      ["a", null],
    ])
    expect(batch.counts).toMatchObject({ records: 3, skipped: 1, nulled: 1 })
  })

  test("a hidden column goes on being filled but never costs a row", () => {
    const schema = compileSchema({ columns }, ["s", "n"])
    if (!("columns" in schema)) throw new Error("faults")
    const bytes = batchOf(['{"id":1,"n":"x","s":"a"}', '{"id":"x"}'])
    const batch = ingest(schema, [{ bytes }], { base: 0, next: 2 })
    expect([cellsOf(batch), cellsOf(batch, 1), cellsOf(batch, 2)]).toEqual([[1], [null], ["a"]])
    expect(batch.counts).toMatchObject({ skipped: 1, nulled: 1 })
  })

  test("deep nesting is a bad record or a value, never a crash", () => {
    const deep = `{"s":${"[".repeat(50_000)}9007199254740993${"]".repeat(50_000)}}`
    const batch = ingestValues(columns, [deep, '{"id":1}'])
    expect(batch.rows + batch.counts.skipped).toBe(2)
    expect(cellsOf(batch).at(-1)).toBe(1)
  })

  test("where keeps what is true, not what is null", () => {
    const batch = ingestValues(columns, ['{"id":1}', '{"id":2}', '{"n":1}', '{"id":"x"}'], {
      where: "id > 1",
    })
    expect(cellsOf(batch)).toEqual([2])
    expect(batch.counts).toMatchObject({ filtered: 2, skipped: 1 })
  })

  test("only the range's offsets are read, at any cut", () => {
    const values = Array.from({ length: 10 }, (_, id) => (id === 4 ? null : `{"id":${id}}`))
    const schema = schemaOf(columns)
    const bytes = [{ bytes: batchOf(values.slice(0, 6), 100) }, { bytes: batchOf(values.slice(6), 106) }]
    const whole = ingest(schema, bytes, { base: 100, next: 110 })
    for (let cut = 100; cut <= 110; cut++) {
      const low = ingest(schema, bytes, { base: 100, next: cut })
      const high = ingest(schema, bytes, { base: cut, next: 110 })
      expect(cellsOf(concatBatches([low, high]))).toEqual(cellsOf(whole))
      expect([...concatBatches([low, high]).offsets]).toEqual([...whole.offsets])
    }
  })
})

test("faults of a schema name their paths", () => {
  const faults = compileSchema({
    columns: [
      { name: "a", type: "int", sql: "1 +" },
      { name: "b", type: "timestamp", format: "dd.MM" },
      { name: "c", type: "int", format: "yyyy" },
      { name: "d", type: "int", default: "x" },
      { name: "e", type: "int", sql: "a", default: 1 },
      { name: "f", type: "timestamp", format: "yyyy-QQ" },
    ],
    where: "foo(a)",
  })
  expect(faults).toEqual([
    { path: "columns.a.sql", message: "unexpected end of the expression, at character 4" },
    { path: "columns.b.format", message: expect.stringMatching(/^names no year/) },
    { path: "columns.c.format", message: "expected it on a timestamp, got it on a int" },
    { path: "columns.d.default", message: "text is not a number: expected a int" },
    { path: "columns.e.default", message: "expected no default beside sql: use coalesce(…)" },
    { path: "columns.f.format", message: expect.stringMatching(/^has QQ/) },
    { path: "where", message: "there is no function 'foo', at character 1" },
  ])
})
