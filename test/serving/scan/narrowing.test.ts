import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import { ChunkStore } from "../../../shared/serving/read/chunk-store.ts"
import { FooterStore } from "../../../shared/serving/read/footer-store.ts"
import { NarrowingEngine } from "../../../shared/serving/scan/narrowing-engine.ts"
import { Scanner } from "../../../shared/serving/scan/scanner.ts"
import { segmentKey } from "../../../shared/serving/segment/segment-key.ts"
import type { SqlEngine } from "../../../shared/serving/sql/engine.ts"
import type { PinnedTable, QueryCost } from "../../../shared/serving/types.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { ingestValues } from "../batches.ts"
import { pinOf, storeSegments } from "../index/segments.ts"

const ports = memoryPorts()
const parent = mkdtempSync(join(tmpdir(), "narrowing-"))
const duckdb = new DuckdbEngine({ folder: join(parent, "scratch"), children: 1 })
const chunks = new ChunkStore({ ...ports, objects: ports.counts.objects })
const footers = new FooterStore(chunks)
const scanner = new Scanner(chunks, footers, ports.clock)
const narrowing = new NarrowingEngine(duckdb, scanner, ports.clock)
afterAll(async () => {
  await narrowing.close()
  rmSync(parent, { recursive: true, force: true })
})

const spec: TableSpec = {
  name: "events",
  topic: "events",
  columns: [
    { name: "user", type: "string" },
    { name: "n", type: "int" },
    { name: "ts", type: "timestamp" },
    { name: "price", type: "decimal" },
    { name: "Note", type: "string" },
    { name: "body", type: "json" },
    { name: "flag", type: "boolean" },
  ],
  time: "ts",
  sort: ["user"],
  indexes: { user: ["bloom"], n: ["range"], flag: ["inverted"] },
  rowGroupRows: 8_192,
}

const SEGMENT_ROWS = 10_000

const record = (at: number) => ({
  user: `user ${(at * 7_919) % 5_003}`,
  n: (at * 31) % 997,
  ts: at * 1_000,
  price: `${at % 1_000}.25`,
  Note: at % 5 === 0 ? null : `note ${Math.sin(at)} and ${Math.cos(at)}`,
  body: { k: at % 3, text: String(Math.tan(at)) },
  flag: at % 4 === 0,
})

const batches = [0, 1, 2].map(segment =>
  ingestValues(
    spec.columns,
    Array.from({ length: SEGMENT_ROWS }, (_, at) => JSON.stringify(record(segment * SEGMENT_ROWS + at))),
  ),
)

/** The table, its segments read as wholes where a reader wants them so. */
const pinned: PinnedTable = await (async () => {
  const pointers = await storeSegments(ports, spec, batches)
  const table = pinOf(spec, pointers)
  return {
    ...table,
    segments: table.segments.map(file => ({
      ...file,
      read: async () => (await ports.objects.get(segmentKey("t1", 0, file.segment!.pointer)))!.body,
    })),
  }
})()

const limits = { deadlineMs: 20_000, rowsMax: 10_000, resultBytesMax: 10_000_000 }

async function answer(engine: SqlEngine, sql: string, table: PinnedTable) {
  const analysis = await engine.analyze(sql, 20_000)
  if (!analysis.ok) throw analysis.error
  const { sql: text, tree } = analysis.value
  const reply = await engine.run({ sql: text, tree, tables: [table], limits })
  if (!reply.ok) throw reply.error
  return reply.value
}

async function both(sql: string, table: PinnedTable = pinned): Promise<QueryCost> {
  const expected = await answer(duckdb, sql, table)
  const found = await answer(narrowing, sql, table)
  expect(found.columns).toEqual(expected.columns)
  expect(found.rows).toEqual(expected.rows)
  return found.cost!
}

const fileBytes = pinned.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

test.each([
  ["select count(*) from events", 0.3],
  ["select count(*), sum(n), min(ts), max(price) from events", 0.5],
  ["select n, count(*) from events where flag group by n order by n limit 20", 0.3],
  ["select user, n from events where n between 100 and 103 and not flag order by user, n limit 500", 0.5],
  [
    "select e.user, f.n from events e join events f on e.n = f.n where e.ts < timestamp '1970-01-01 00:00:10' and f.user = 'user 7' order by all limit 50",
    0.5,
  ],
  ["with t as (select note, user from events) select count(note), max(user) from t", 0.6],
  ["select user from events where user like 'user 12%' order by user limit 100", 0.3],
  ["select sum(n) filter (where body->>'k' = '1') from events", 0.4],
] as const)("%s reads less and answers alike", async (sql, share) => {
  const cost = await both(sql)
  expect(cost.bytesFetched).toBeLessThan(fileBytes * share)
})

test.each([
  "select * from events where n = 5 order by ts limit 50",
  "select e from events e order by e.ts limit 2",
  "select #2 from events order by 1 limit 3",
  "select count(*) from events a positional join events b where a.n = 3",
  "select count(*) from events a left join events b on a.n = b.n and b.n < 0 where b.user is null and a.flag",
  "select count(*) from events where flag is null or n <> all (select n from events where n < 3)",
  "select count(*) from (select user as flag, n from events) where flag = 'user 1'",
  "select columns('n.*') from events order by all limit 3",
])("%s answers alike", async sql => {
  await both(sql)
})

test("a copy that is at hand is not read again, and another statement reads what it lacks", async () => {
  const sql = "select sum(n), count(note) from events where ts >= timestamp '1970-01-01 02:46:40'"
  const cold = await both(sql)
  expect(cold).toMatchObject({ engine: "duckdb", segments: 3, pruned: { time: 1 } })
  expect(cold.requests).toBeGreaterThan(0)
  const warm = await both(sql)
  expect([warm.requests, warm.bytesFetched]).toEqual([0, 0])
  expect(warm.bytesCached).toBeGreaterThan(0)
})

test("dead rows, and rows below the cut, are left out of narrowed files too", async () => {
  const dead = Float64Array.from({ length: 500 }, (_, at) => SEGMENT_ROWS + at * 3)
  const table: PinnedTable = {
    ...pinned,
    cutBefore: 5_000_000,
    segments: pinned.segments.map((file, at) =>
      at === 1 ? { ...file, segment: { ...file.segment!, dead: { offsets: dead } } } : file,
    ),
  }
  await both("select count(*), sum(n) from events", table)
  await both("select flag, count(*) from events group by flag order by flag", table)
  await both("select count(*) from events where user > 'user 3'", table)
})

test("a damaged chunk is told, and the next query is answered", async () => {
  const { pointer } = pinned.segments[2]!.segment!
  const key = segmentKey("t1", 0, pointer)
  const whole = (await ports.objects.get(key))!.body
  const damaged = whole.slice()
  damaged.fill(7, 5_000, damaged.length - 6_000)
  await ports.objects.put(key, damaged, {})
  const sql = "select max(body->>'text'), min(note) from events where n >= 0"
  await expect(answer(narrowing, sql, pinned)).rejects.toMatchObject({
    code: "query_execution",
    message: expect.stringContaining("damaged"),
  })
  await ports.objects.put(key, whole, {})
  await both(sql)
})
