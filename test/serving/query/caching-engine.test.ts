import { expect, test } from "vitest"
import { CachingEngine, isLasting } from "../../../shared/serving/query/caching-engine.ts"
import { LIMITS_DEFAULT } from "../../../shared/serving/query/limits.ts"
import type { RunRequest, SqlEngine } from "../../../shared/serving/sql/engine.ts"
import type { PinnedTable } from "../../../shared/serving/types.ts"
import { flightColumns, pinnedTable } from "./fixture.ts"

const tree = { type: "SELECT_NODE", select_list: [{ class: "FUNCTION", function_name: "count_star" }] }

/** An engine whose answers count its runs. */
function countingEngine(): SqlEngine & { runs: number } {
  return {
    runs: 0,
    analyze: async sql => ({ ok: true, value: { sql, tables: [] } }),
    async run() {
      this.runs++
      const columns = [{ name: "n", type: "LONG" }]
      return { ok: true, value: { columns, rows: [[this.runs]], rowsScanned: 0 } }
    },
    close: async () => {},
  }
}

function tableAt(snapshot: string): PinnedTable {
  return { ...pinnedTable("flights", flightColumns, []), snapshot }
}

function request(more: Partial<RunRequest> = {}): RunRequest {
  return {
    sql: "SELECT count(*) FROM flights",
    tree,
    tables: [tableAt("1")],
    limits: LIMITS_DEFAULT,
    ...more,
  }
}

async function answers(engine: SqlEngine, requests: readonly RunRequest[]): Promise<unknown[]> {
  const given: unknown[] = []
  for (const one of requests) {
    const reply = await engine.run(one)
    given.push(reply.ok ? reply.value.rows[0]?.[0] : reply.error.code)
  }
  return given
}

test("an answer is given again while the table stands as it stood", async () => {
  const engine = new CachingEngine(countingEngine())
  const newer = request({ tables: [tableAt("2")] })
  expect(await answers(engine, [request(), request(), newer, newer, request()])).toEqual([1, 1, 2, 2, 1])
})

test("an answer that is given again says so, and that it cost nothing", async () => {
  const inner = countingEngine()
  const cost = {
    engine: "direct" as const,
    segments: 3,
    pruned: {},
    requests: 2,
    bytesFetched: 100,
    bytesCached: 0,
    rowsScanned: 5,
    phasesMs: { run: 1 },
  }
  const run: SqlEngine["run"] = async () => ({
    ok: true,
    value: { columns: [], rows: [], rowsScanned: 5, cost },
  })
  const engine = new CachingEngine({ ...inner, run })
  await engine.run(request())
  const reply = await engine.run(request())
  expect(reply.ok && reply.value.cost).toEqual({
    ...cost,
    requests: 0,
    bytesFetched: 0,
    phasesMs: {},
    resultCached: true,
  })
})

test.each([
  ["another row filter", { views: new Map([["flights", { filter: "origin = 'a'" }]]) }],
  ["Pinot's nulls", { views: new Map([["flights", { pinotNulls: true }]]) }],
  ["other parameters", { parameters: [1] }],
  ["another engine", { engine: "duckdb" as const }],
  ["rows in place of rollups", { useRollups: false }],
  ["other limits", { limits: { ...LIMITS_DEFAULT, rowsMax: 5 } }],
])("%s has an answer of its own", async (_, more) => {
  const engine = new CachingEngine(countingEngine())
  expect(await answers(engine, [request(), request(more), request(), request(more)])).toEqual([1, 2, 1, 2])
})

test.each([
  ["who asks for it", { resultCache: false }],
  ["a table whose state has no name", { tables: [pinnedTable("flights", flightColumns, [])] }],
  ["a statement without a tree", { tree: undefined }],
  ["a statement that is never the same", { tree: { ...tree, where: { function_name: "RANDOM" } } }],
])("%s is answered anew", async (_, more) => {
  const engine = new CachingEngine(countingEngine())
  expect(await answers(engine, [request(more), request(more)])).toEqual([1, 2])
})

test("what depends on time or chance does not last", () => {
  expect(isLasting({ a: [{ b: { function_name: "date_trunc" } }] })).toBe(true)
  expect(isLasting({ a: [{ b: { function_name: "now" } }] })).toBe(false)
  expect(isLasting({ a: [{ b: { function_name: "ago" } }] })).toBe(false)
  expect(isLasting({ a: [{ column_names: ["current_date"] }] })).toBe(false)
  expect(isLasting({ a: [{ column_names: ["t", "current_date"] }] })).toBe(true)
  expect(isLasting({ from: { sample: { sample_size: 10 } } })).toBe(false)
})
