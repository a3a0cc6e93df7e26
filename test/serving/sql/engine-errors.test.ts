import { expect, test } from "vitest"
import { columnName } from "../../../shared/serving/sql/column-names.ts"
import { faultFromDuckdb } from "../../../shared/serving/sql/engine-errors.ts"
import { textPosition } from "../../../shared/serving/sql/text-position.ts"

const json = (type: string, message: string, more: object = {}) =>
  JSON.stringify({ exception_type: type, exception_message: message, ...more })

test.each([
  [json("Binder", "x", { error_subtype: "COLUMN_NOT_FOUND", name: "nope" }), "unknown_column", /'nope'/],
  [json("Binder", 'Values list "f" does not have a column named "y"'), "unknown_column", /'y'/],
  [
    json("Binder", "no such thing", { position: "7" }),
    "query_validation",
    /^line 1, column 8: no such thing$/,
  ],
  [
    json("Catalog", "x", { error_subtype: "MISSING_ENTRY", type: "Scalar Function", name: "f" }),
    "query_validation",
    /^Unsupported function: f$/,
  ],
  [
    `Parser Error: ${json("Parser", "syntax error", { position: "0" })}`,
    "sql_parsing",
    /^SQLParsingError: line 1, column 1: syntax error$/,
  ],
  [json("Conversion", "could not"), "query_execution", /^could not$/],
  [
    json("Out of Memory", "too much\n\nPossible solutions:\n* x"),
    "resource_limit",
    /^Out of memory: too much$/,
  ],
  ["Out of Memory Error: plain\nmore", "resource_limit", /^Out of memory: plain$/],
  ["INTERRUPT Error: Interrupted!", "timeout", /deadline/],
  ["std::bad_alloc", "resource_limit", /Out of memory/],
  ["Failed to execute prepared statement", "query_execution", /^Failed to execute prepared statement$/],
  ['{"not": "an error"}', "query_execution", /not/],
  [json("Invalid Input", "x".repeat(5000)), "query_execution", /^x{1000}$/],
])("%.60s", (message, code, expected) => {
  const fault = faultFromDuckdb(message, "SELECT nope")
  expect(fault).toMatchObject({ code, message: expect.stringMatching(expected) })
  expect(fault.fatal).toBeUndefined()
})

test("a broken database is told apart", () => {
  expect(faultFromDuckdb(json("FATAL", "gone"), "")).toMatchObject({ code: "query_execution", fatal: true })
  expect(faultFromDuckdb("INTERNAL Error: assertion", "")).toMatchObject({ fatal: true })
})

test("positions count as people do", () => {
  expect(textPosition("ab\ncd", 4, "byte")).toBe("line 2, column 2")
  expect(textPosition("éé x", 5, "byte")).toBe("line 1, column 4")
  expect(textPosition("éé x", 3, "character")).toBe("line 1, column 4")
  for (const at of [2 ** 64, -1, 99, Number.NaN]) expect(textPosition("ab", at, "byte")).toBeUndefined()
})

test("column names", () => {
  expect(
    ["count_star()", "count() OVER ()", "main.list_value(1)", 'max("at")', 'f("a b", "c")', 'my "x"'].map(
      columnName,
    ),
  ).toEqual(["count(*)", "count(*) OVER ()", "list_value(1)", "max(at)", 'f("a b", c)', 'my "x"'])
})
