import { expect, test } from "vitest"
import * as z from "zod"
import { type DefinitionError, defineApp, table, topic } from "../../shared/definition/index.ts"
import { loadApp, resolveApp } from "../../shared/definition/resolve.ts"
import { Flight, faultsOf, untyped } from "./fixtures.ts"

const flights = topic("flights", { schema: Flight })
const any = untyped(table)

function faultsOfTable(options: object, name = "t"): string[] {
  return faultsOf(
    defineApp("air", { tables: [any(name, { from: flights, columns: { delay: "int" }, ...options })] }),
  )
}

test.each([
  [
    "an unknown type",
    { delay: "integer" },
    '.delay: expected one of string, int, long, float, double, boolean, timestamp, decimal, json, bytes, or a list such as string[], found "integer"',
  ],
  [
    "no such field",
    { dely: "int" },
    '.dely: the schema has no field "dely"; it has date, delay, distance, origin, tags: name one of them, or give the column an sql expression',
  ],
  [
    "a type that the field is not read as",
    { delay: "string" },
    ".delay: the field holds integer, which is not read as string; expected one of int, long, float, double, timestamp, decimal, json",
  ],
  [
    "a reserved word",
    { select: { type: "int", sql: "1" } },
    ".select: is a reserved word of SQL: choose another name",
  ],
  [
    "a reserved prefix",
    { __offset: { type: "int", sql: "1" } },
    ".__offset: names beginning with __ are reserved",
  ],
  [
    "a name that needs quotes",
    { "a b": { type: "int", sql: "1" } },
    '["a b"]: expected a letter or _, then up to 99 of a-z A-Z 0-9 _',
  ],
  [
    "names that differ in case",
    { delay: "int", Delay: { type: "int", sql: "1" } },
    ".Delay: differs from the column delay only in case, which SQL ignores",
  ],
  ["an unknown option", { delay: { type: "int", sq: "1" } }, ".delay.sq: is not an option here"],
  ["no type", { delay: { sql: "1" } }, ".delay.type: is missing"],
  [
    "an empty expression",
    { delay: { type: "int", sql: " " } },
    '.delay.sql: expected a SQL expression, found " "',
  ],
  [
    "a number for a column",
    { delay: 4 },
    ".delay: expected a type or { type, list, sql, format, default }, found 4",
  ],
  [
    "a bad format",
    { date: { type: "timestamp", format: "MM/dd" } },
    ".date.format: \"MM/dd\" names no year; expected a pattern of yyyy MM dd HH mm ss S, other letters in 'quotes', such as yyyy/MM/dd HH:mm",
  ],
  [
    "a format of a number",
    { delay: { type: "int", format: "yyyy" } },
    ".delay.format: is for timestamps; this column is int",
  ],
  [
    "a default of another type",
    { delay: { type: "int", default: "0" } },
    '.delay.default: expected a whole number that fits int, found "0"',
  ],
  [
    "a default too large",
    { delay: { type: "int", default: 2 ** 31 } },
    ".delay.default: expected a whole number that fits int, found 2147483648",
  ],
  [
    "a default beside sql",
    { x: { type: "int", sql: "delay", default: 1 } },
    ".x.default: use coalesce(…) in the sql expression instead",
  ],
  [
    "a list of what is no list",
    { delay: "int[]" },
    ".delay: the field holds integer, which is not read as a list; expected an array",
  ],
  [
    "a list of json",
    { tags: { type: "json", list: true } },
    ".tags: a list holds single values, and json holds lists already: say json without a list",
  ],
  [
    "a default of a list",
    { tags: { type: "string", list: true, default: "" } },
    ".tags.default: is for single values: a missing list is null",
  ],
  ["no columns", {}, ": expected 1 to 1000 columns, found 0"],
  ["not an object", "delay", ': expected an object: name → type, found "delay"'],
])("columns: %s", (_, columns, fault) => {
  expect(faultsOfTable({ columns })).toEqual([`tables.t.columns${fault}`])
})

test.each([
  ["an unknown option", { form: 1 }, "form: is not an option here"],
  ["a time that is no column", { time: "date" }, 'time: "date" is not one of the table\'s columns'],
  ["a time that is no timestamp", { time: "delay" }, 'time: the column "delay" is int; expected a timestamp'],
  [
    "a bad policy",
    { badRecords: "drop" },
    'badRecords: expected one of "skip", "null", "refuse", { deadLetter: topic }, found "drop"',
  ],
  [
    "row groups too small",
    { rowGroupRows: 10 },
    "rowGroupRows: expected a whole number from 2048 to 131072, found 10",
  ],
  ["not a topic", { from: "flights" }, 'from: expected a topic, found "flights"'],
])("%s", (_, options, fault) => {
  expect(faultsOfTable(options)).toEqual([`tables.t.${fault}`])
})

test("names of tables are lower case and no words of SQL", () => {
  expect(faultsOfTable({}, "Flights")).toEqual([
    'tables.Flights: the name "Flights": expected a lower-case letter or _, then up to 99 of a-z 0-9 _',
  ])
  expect(faultsOfTable({}, "table")).toEqual([
    'tables.table: the name "table": is a reserved word of SQL: choose another name',
  ])
})

test("fields of every member of a union are columns", () => {
  const schema = z.discriminatedUnion("type", [
    z.object({ type: z.literal("click"), x: z.int() }),
    z.object({ type: z.literal("key"), code: z.string().nullable() }),
  ])
  const events = topic("events", { schema })
  const made = table("t", { from: events, columns: { type: "string", x: "int", code: "string" } })
  expect(faultsOf(defineApp("a", { tables: [made] }))).toEqual([])
})

test("SQL is checked by whoever knows it, in the same error as all else", async () => {
  const made = any("t", {
    from: flights,
    columns: { delay: "int", late: { type: "boolean", sql: "delay >" }, x: "int" },
    where: "origin = 'SFO'",
  })
  const app = defineApp("air", { tables: [made] })
  expect(resolveApp(app).expressions.map(({ path, sql, gives }) => ({ path, sql, gives }))).toEqual([
    { path: "tables.t.columns.late.sql", sql: "delay >", gives: "boolean" },
    { path: "tables.t.where", sql: "origin = 'SFO'", gives: "condition" },
  ])
  const seen: unknown[] = []
  const error = await loadApp(app, {
    checkExpression: (sql, fields) => {
      seen.push(fields)
      return sql.endsWith(">") ? "does not parse" : undefined
    },
  }).catch((thrown: unknown) => thrown)
  expect((error as DefinitionError).faults.map(fault => fault.path)).toEqual([
    "tables.t.columns.x",
    "tables.t.columns.late.sql",
  ])
  expect(seen[0]).toEqual([
    { name: "date", type: "string" },
    { name: "delay", type: "long" },
    { name: "distance", type: "long" },
    { name: "origin", type: "string" },
    { name: "tags", type: "json" },
  ])
})
