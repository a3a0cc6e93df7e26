import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { QueryService } from "../../../shared/serving/query/query-service.ts"
import { openQueryEngine } from "../../../shared/serving/scan/open-engine.ts"
import { segmentKey } from "../../../shared/serving/segment/segment-key.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { ingestValues } from "../batches.ts"
import { pinOf, storeSegments } from "../index/segments.ts"
import { sharedDuckdb } from "./shared-duckdb.ts"

const spec: TableSpec = {
  name: "views",
  topic: "views",
  columns: [
    { name: "member", type: "string" },
    { name: "ts", type: "timestamp" },
    { name: "page", type: "string" },
  ],
  time: "ts",
  indexes: { member: ["bloom"], page: ["inverted"] },
}

const ports = memoryPorts()
const batches = [0, 1, 2, 3].map(segment =>
  ingestValues(
    spec.columns,
    Array.from({ length: 20 }, (_, at) =>
      JSON.stringify({
        member: `m${(at * 4 + segment) * 977}`,
        ts: segment * 60_000 + at,
        page: `p${at % 3}`,
      }),
    ),
  ),
)
const ranged = pinOf(spec, await storeSegments(ports, spec, batches))
/** Its files are so small that DuckDB is given wholes. */
const table = {
  ...ranged,
  segments: ranged.segments.map(file => ({
    ...file,
    read: async () => (await ports.objects.get(segmentKey("t1", 0, file.segment!.pointer)))!.body,
  })),
}
const duckdb = await sharedDuckdb()
const service = new QueryService({
  tables: { names: async () => ["views"], pin: async name => (name === "views" ? table : undefined) },
  engine: openQueryEngine(ports, duckdb),
  clock: ports.clock,
  random: ports.random,
})

async function plan(sql: string, options: Readonly<Record<string, string>> = {}) {
  const { exceptions, resultTable } = await service.query({ sql, options })
  expect(exceptions).toEqual([])
  expect(resultTable!.dataSchema).toEqual({
    columnNames: ["Operator", "Operator_Id", "Parent_Id"],
    columnDataTypes: ["STRING", "INT", "INT"],
  })
  for (const [at, [, id, parent]] of resultTable!.rows.entries()) {
    expect(id).toBe(at + 1)
    expect(parent).toBeLessThan(id as number)
  }
  return resultTable!.rows.map(([operator]) => String(operator).replace(/bytes:\d+/, "bytes:N"))
}

test("EXPLAIN tells engine, what is left out by what, and what is read", async () => {
  expect(
    await plan(
      "EXPLAIN SELECT page, count(*) FROM views WHERE member = 'm977' GROUP BY page ORDER BY 2 DESC LIMIT 5",
    ),
  ).toEqual([
    "ENGINE_DIRECT",
    "REDUCE(limit:5)",
    "SORT(by:count 1 desc)",
    "GROUP_BY(groupKeys:page, aggregations:count(*))",
    "TABLE(name:views, rows:80)",
    "FILTER(condition:member = 'm977')",
    "SCAN_SEGMENTS(segments:1, rowGroups:1 of 1, rows:20, bytes:N, columns:member page)",
    "PRUNE(segments:4, zone:2, bloom:1, left:1)",
    "INDEX_BLOOM(column:member)",
  ])
})

test("Pinot's EXPLAIN PLAN FOR is the same, and DuckDB's tables are told too", async () => {
  const sql =
    "select a.page from views a join views b on a.member = b.member where a.ts >= timestamp '1970-01-01 00:02:00'"
  const told = await plan(`EXPLAIN PLAN FOR ${sql} limit 3`)
  expect(told).toEqual([
    "ENGINE_DUCKDB",
    "TABLE(name:views, rows:80)",
    "SCAN_SEGMENTS(segments:4, rowGroups:4 of 4, rows:80, bytes:N, columns:member ts page)",
    "PRUNE(segments:4, left:4)",
  ])
  expect(
    await plan("explain select page from views where ts < timestamp '1970-01-01 00:01:00'", {
      engine: "duckdb",
    }),
  ).toEqual([
    "ENGINE_DUCKDB",
    "TABLE(name:views, rows:80)",
    "FILTER(condition:ts < 60000)",
    "SCAN_SEGMENTS(segments:1, rowGroups:1 of 1, rows:20, bytes:N, columns:ts page)",
    "PRUNE(segments:4, time:3, left:1)",
  ])
})

test("what cannot be run cannot be explained, with the position in the whole text", async () => {
  const reply = await service.query({ sql: "EXPLAIN SELECT FROM views WHERE" })
  expect(reply.exceptions).toMatchObject([{ errorCode: 150, message: expect.stringContaining("column 32") }])
  const none = await service.query({ sql: "EXPLAIN SELECT * FROM nothing" })
  expect(none.exceptions).toMatchObject([{ errorCode: 190 }])
  const filtered = await service.query({
    sql: "EXPLAIN SELECT page FROM views",
    rowFilter: () => "page = 'p1'",
  })
  expect(filtered.exceptions).toMatchObject([
    { errorCode: 700, message: expect.stringContaining("row filter") },
  ])
  expect((await service.query({ sql: "SELECT count(*) FROM views" })).resultTable?.rows).toEqual([[80]])
})

test.each(["direct", "duckdb"])("a store that hangs holds no query past its deadline: %s", async engine => {
  const release = Promise.withResolvers<void>()
  let isHanging = true
  const objects = {
    ...ports.objects,
    get: async (...args: Parameters<typeof ports.objects.get>) => {
      if (isHanging) await release.promise
      return ports.objects.get(...args)
    },
  }
  const slow = new QueryService({
    tables: { names: async () => ["views"], pin: async () => table },
    engine: openQueryEngine({ objects, clock: ports.clock }, duckdb),
    clock: ports.clock,
    random: ports.random,
  })
  const sql = "SELECT count(*) FROM views WHERE member = 'm977' AND page <> 'x'"
  const late = await slow.query({ sql, options: { engine, timeoutMs: "300" } })
  expect(late.exceptions).toMatchObject([{ errorCode: 250 }])
  isHanging = false
  release.resolve()
  const { exceptions, resultTable } = await slow.query({ sql, options: { engine } })
  expect([exceptions, resultTable?.rows]).toEqual([[], [[1]]])
})
