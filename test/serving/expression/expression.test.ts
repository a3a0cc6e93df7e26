import {
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
} from "@duckdb/node-api"
import fc from "fast-check"
import { afterAll, describe, expect, test } from "vitest"
import { checkExpression } from "../../../shared/serving/expression/check.ts"
import { compileExpression } from "../../../shared/serving/expression/compile.ts"
import { Decimal, decimalText } from "../../../shared/serving/expression/decimal.ts"
import { BadValue, type JsonObject, type Value } from "../../../shared/serving/expression/value.ts"
import { DUCKDB_COLUMNS, RECORD, SAME_AS_DUCKDB } from "./cases.ts"

const evaluate = (sql: string, record: JsonObject = RECORD): Value => {
  const compiled = compileExpression(sql)
  if ("fault" in compiled) throw new Error(`${sql}: ${compiled.fault.message} at ${compiled.fault.position}`)
  return compiled.evaluate(record)
}

const plain = (value: Value): unknown => {
  if (value instanceof Decimal) return Number(decimalText(value))
  return typeof value === "bigint" ? Number(value) : value
}

const plainFromDuckDb = (value: unknown): unknown => {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return Number(value.micros / 1000n)
  }
  if (value instanceof DuckDBDecimalValue) return Number(value.toString())
  return typeof value === "bigint" ? Number(value) : value
}

const instance = await DuckDBInstance.create(":memory:", { threads: "1" })
const connection = await instance.connect()
await connection.run("SET TimeZone = 'UTC'")
afterAll(() => connection.closeSync())

describe("expressions give what DuckDB gives", () => {
  test.each(SAME_AS_DUCKDB)("%s", async sql => {
    const expected = await connection.runAndReadAll(`SELECT (${sql}) AS x FROM (${DUCKDB_COLUMNS})`)
    expect(plain(evaluate(sql))).toEqual(plainFromDuckDb(expected.getRows()[0]?.[0]))
  })

  test.each(["big + 1", "big * 2", "-big", "9223372036854775807"])("%s, to the last digit", async sql => {
    const expected = await connection.runAndReadAll(`SELECT (${sql})::VARCHAR AS x FROM (${DUCKDB_COLUMNS})`)
    expect(String(evaluate(sql))).toBe(expected.getRows()[0]?.[0])
  })
})

describe("fields", () => {
  const record = { a: { b: { c: 1 }, list: [10, 20], text: "x" }, "odd name": 5, Order: 1, order: 2 }

  test.each<[string, Value]>([
    ["a.b.c", 1],
    ["a.b.missing", null],
    ["a.missing.c", null],
    ["missing", null],
    ["toString", null],
    ["__proto__", null],
    ["a.constructor", null],
    ['"odd name" + 1', 6],
    ['"Order"', 1],
    ['"order"', 2],
    ["a->'b'->>'c'", "1"],
    ["a->>'b'", '{"c":1}'],
    ["a->'list'->1", 20],
    ["a.list[1]", 10],
    ["a->>'nothing'", null],
  ])("%s", (sql, expected) => {
    expect(evaluate(sql, record)).toEqual(expected)
  })

  test("text with an offset keeps its instant", () => {
    expect(evaluate("'2020-01-01T02:00:00+02:00'::timestamp")).toBe(Date.UTC(2020, 0, 1))
  })
})

describe("what a record cannot give is a bad value", () => {
  test.each([
    ["s + 1", "arithmetic on a value that is no number"],
    ["s > 1", "text is not a number"],
    ["s::int", "text is not a number"],
    ["big * big", "number is out of range"],
    ["i::tinyint + 300::tinyint", "number is out of range"],
    ["strptime(s, '%Y')", "text does not match its format"],
    ["strptime('2021-02-29', '%Y-%m-%d')", "text does not match its format"],
    ["s::timestamp", "text is not a timestamp"],
    ["s AND t", "expected a boolean, got text"],
  ])("%s: %s", (sql, reason) => {
    expect(() => evaluate(sql)).toThrow(expect.toSatisfy(e => e instanceof BadValue && e.reason === reason))
    expect(evaluate("i + 1")).toBe(8)
  })
})

describe("faults name what is wrong and where", () => {
  test.each<[string, string, number]>([
    ["", "expected an expression, got nothing", 1],
    ["1 +", "unexpected end of the expression", 4],
    ["a; b", "unexpected ';'", 2],
    ["a == b", "unexpected '='", 4],
    ["1 + foo(a)", "there is no function 'foo'", 5],
    ["uper(a)", "there is no function 'uper'", 1],
    ["upper(a, b)", "'upper' takes 1 arguments, got 2", 1],
    ["a ~ 'x'", "there is no operator '~'", 1],
    ["cast(a as inet)", "there is no type 'inet' to cast to", 11],
    ["date_trunc('eon', a)", "'date_trunc' wants a unit such as 'hour', got 'eon'", 1],
    ["strptime(a, '%Q')", "'strptime' wants a known specifier, got '%Q'", 1],
    ["strptime(a, b)", "'strptime' wants a pattern such as '%Y-%m-%d' in quotes", 1],
    ["(select 1)", "'select 1' is not supported here", 2],
    ["count(distinct a)", "expected a plain function call", 1],
    ["a.*", "expected a field, got 'a.*'", 1],
    ["current_date", "'current_date' is not supported here", 1],
    ["'a' + 1", "'+' wants numbers, got a string", 1],
    ["CASE WHEN a THEN 1 ELSE 'x' END", "the branches of CASE have different types", 1],
    ["99999999999999999999", "'99999999999999999999' does not fit 64 bits", 1],
    ["a IN b", "IN wants a list in brackets", 6],
  ])("%s", (sql, message, position) => {
    const compiled = compileExpression(sql)
    expect("fault" in compiled && compiled.fault).toEqual({
      message: message.endsWith("…") ? expect.stringContaining(message.slice(0, -1)) : message,
      position,
    })
    expect("fault" in compileExpression("a + 1")).toBe(false)
  })
})

describe("definitions are told", () => {
  const fields = [
    { name: "delay", type: "int" as const },
    { name: "at", type: "string" as const },
  ]

  test.each<[string, Parameters<typeof checkExpression>[2], string]>([
    ["delya + 1", "int", "there is no field 'delya'; there is delay, at, at character 1"],
    ["delay + 1", "condition", "expected a condition, got one of type int"],
    ["delay > 1", "timestamp", "expected a value for a column of type timestamp, got one of type boolean"],
    ["delay +", "int", "unexpected end of the expression, at character 8"],
  ])("%s for %s", (sql, gives, message) => {
    const known = sql === "delay + 1" ? [] : fields
    expect(checkExpression(sql.replace("delay + 1", "1 + 1"), known, gives)).toBe(message)
    expect(checkExpression("delay > 1", fields, "condition")).toBeUndefined()
    expect(checkExpression("at::timestamp", fields, "timestamp")).toBeUndefined()
  })
})

describe("any text is compiled or refused", () => {
  const tokens = fc.constantFrom(
    ..."a b.c i s 'x' '%' 1 2.5 null true + - * / % = <> < || ( ) , and or not in like between is case when then else end".split(
      " ",
    ),
    ..."cast as int ::text ::decimal(5,2) coalesce( substr( round( strptime( date_trunc( extract( from abs( -> ->> [ ]".split(
      " ",
    ),
  )

  test("and what is compiled gives a value or a bad value", () => {
    const record = { ...RECORD, a: [1, { b: "x" }], b: { c: 9007199254740993n } }
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 9 }), parts => {
        const compiled = compileExpression(parts.join(" "))
        if ("fault" in compiled) return compiled.fault.position >= 1 && compiled.fault.message.length > 0
        try {
          return compiled.evaluate(record) !== undefined
        } catch (error) {
          return error instanceof BadValue
        }
      }),
      { numRuns: 400 },
    )
  })

  test.each([
    ["a sum of 2,000", Array(2000).fill("a").join("+")],
    ["brackets", `${"(".repeat(2_000)}a${")".repeat(2_000)}`],
    ["calls", `${"abs(".repeat(800)}a${")".repeat(800)}`],
    ["NOTs", `${"not ".repeat(1_000)}a`],
    ["text that is not closed", "'".repeat(4_001)],
  ])("%s", (_, sql) => {
    const compiled = compileExpression(sql)
    if ("fault" in compiled) expect(compiled.fault.message).toMatch(/nested too deep|unexpected/)
    expect("fault" in compileExpression("a + 1")).toBe(false)
  })
})
