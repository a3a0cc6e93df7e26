import { afterAll, beforeAll, expect, test } from "vitest"
import type { ParameterValue } from "../../../shared/serving/sql/parameters.ts"
import { bindTree } from "../../../shared/serving/sql/parameters.ts"
import { parseTree, writeTree } from "../../../shared/serving/sql/syntax-tree.ts"
import { type OpenService, openService } from "./fixture.ts"

let service: OpenService
beforeAll(() => {
  service = openService({ children: 1 })
})
afterAll(() => service.close())

test.each<[string, readonly ParameterValue[], unknown]>([
  ["SELECT count(*) FROM flights WHERE origin = ? AND delay < $2", ["a", 30], [[10]]],
  ['SELECT count(*) FROM flights WHERE "at" >= ?', ["2001-01-14 22:00:00"], [[30]]],
  ["SELECT delay FROM flights WHERE delay IN (?, ?, ?) ORDER BY 1 LIMIT ?", [1, 2, 3, 2], [[1], [2]]],
  ["SELECT $1 || '; DROP', $2 IS NULL, $3", ["x'y", null, true], [["x'y; DROP", true, true]]],
  ["SELECT $1 + 0, $2 * 2, $3", [2 ** 40, 0.25, -1], [[2 ** 40, 0.5, -1]]],
  ["SELECT DISTINCTCOUNT(origin) FROM flights WHERE delay >= ?", [58], [[2]]],
  ["WITH f AS (SELECT * FROM flights WHERE delay = $1) SELECT delay + $1 FROM f", [7], [[14]]],
])("%s takes %j", async (sql, parameters, rows) => {
  const answer = await service.ask(sql, {}, { parameters })
  expect(answer.message).toBe("")
  expect(answer.rows).toEqual(rows)
})

test("a value is never a part of the text", async () => {
  const sql = "SELECT count(*) FROM flights WHERE origin = ?"
  for (const value of ["' OR 1=1 --", "a' UNION SELECT 1", "\0", "$1", "\\"]) {
    expect((await service.ask(sql, {}, { parameters: [value] })).rows).toEqual([[0]])
  }
})

test.each<[string, readonly ParameterValue[], RegExp]>([
  ["SELECT ?", [], /takes 1 parameters, got 0/],
  ["SELECT 1", [1], /takes 0 parameters, got 1/],
  ["SELECT $2", [1], /takes 2 parameters, got 1/],
  ["SELECT count(*) FROM flights WHERE delay = ?", ["late"], /late/],
])("%s with %j is refused, and the next query works", async (sql, parameters, message) => {
  const answer = await service.ask(sql, {}, { parameters })
  expect(answer.message).toMatch(message)
  expect(answer.rows).toBeUndefined()
  expect((await service.ask("SELECT $1", {}, { parameters: ["fine"] })).rows).toEqual([["fine"]])
})

test("an analysis hands the tree on, and values become constants of their types in it", async () => {
  const sql = 'SELECT origin FROM flights WHERE delay = ? AND origin = ? AND "at" < $3'
  const analysis = await service.engine.analyze(sql, 20_000)
  expect(analysis).toMatchObject({ ok: true, value: { parameters: 3, tables: ["flights"] } })
  if (!analysis.ok || analysis.value.tree === undefined) throw new Error("no tree")
  const text = writeTree(bindTree(analysis.value.tree, [5, "x", null]))
  expect(text).not.toContain("PARAMETER")
  const ids = [...text.matchAll(/"type":\{"id":"(\w+)"/g)].map(([, id]) => id)
  expect(ids).toEqual(["INTEGER", "VARCHAR", "NULL"])
})

test("a tree keeps integers that no number holds", () => {
  const tree = '{"a":[{"value":9007199254740993}],"b":{"value":1.5},"query_location":18446744073709551615}'
  expect(parseTree(tree)).toMatchObject({ a: [{ value: 9007199254740993n }], b: { value: 1.5 } })
})
