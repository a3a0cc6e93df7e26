import { expect, test } from "vitest"
import { QueryError } from "../../../shared/serving/errors.ts"
import { readStatement } from "../../../shared/serving/sql/statement.ts"

const options = (sql: string) => {
  const statement = readStatement(sql)
  if (statement instanceof QueryError) throw statement
  return { text: statement.text, options: Object.fromEntries(statement.options) }
}

test("SET statements before and after are options; the statement stays where it stood", () => {
  expect(options("SET a = 1;\nset b='x''y; z'; SELECT 1; SET c.d=true ;")).toEqual({
    text: `${" ".repeat(10)}\n${" ".repeat(17)}SELECT 1`,
    options: { a: "1", b: "x'y; z", "c.d": "true" },
  })
  expect(options("-- first\nSELECT 1").text).toBe(`${" ".repeat(8)}\nSELECT 1`)
})

test("OPTION suffixes are options, a statement's own SET wins, and LIMIT takes an offset first", () => {
  expect(options("SET a=1; SELECT 1 OPTION(a=2, b='x y')").options).toEqual({ a: "1", b: "x y" })
  expect(options("SELECT 1 LIMIT 5, 10 OPTION(a=1) option ( b=2 )")).toEqual({
    text: "SELECT 1 LIMIT 10 OFFSET 5",
    options: { a: "1", b: "2" },
  })
  for (const sql of [
    "SELECT option(a=1, b)",
    "SELECT 'OPTION(a=1)'",
    "SELECT 'LIMIT 5, 10'",
    "SELECT 1 LIMIT 10",
    "SELECT option(a=1) FROM t",
    `SELECT '${"x".repeat(3_000)} OPTION(a=1'`,
  ]) {
    expect(options(sql)).toEqual({ text: sql, options: {} })
  }
})

test("what is no such SET is left to the parser", () => {
  for (const sql of ["SET VARIABLE x = 1", "SET x TO 1", "SET x = 1 + 1"]) {
    expect(options(sql)).toEqual({ text: sql, options: {} })
  }
})

test.each([
  ["", "sql_parsing", /no statement/],
  ["SET a = 1", "sql_parsing", /no statement/],
  ["SELECT 1; SELECT 2; SELECT 3", "query_validation", /found 3 statements/],
  ["SELECT '\0'", "sql_parsing", /NUL character at position 9/],
  ["SELECT '\udc00'", "sql_parsing", /surrogate/],
  [`SELECT '${"é".repeat(140_000)}'`, "query_validation", /is 280009 bytes long: expected at most 262144/],
])("a fault in %.30j", (sql, code, message) => {
  expect(readStatement(sql)).toMatchObject({ code, message: expect.stringMatching(message) })
})
