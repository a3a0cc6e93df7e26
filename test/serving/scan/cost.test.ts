import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { QueryService } from "../../../shared/serving/query/query-service.ts"
import { openQueryEngine } from "../../../shared/serving/scan/open-engine.ts"
import type { SqlEngine } from "../../../shared/serving/sql/engine.ts"
import type { PinnedTable, QueryCost } from "../../../shared/serving/types.ts"
import type { ObjectStore } from "../../../shared/storage/object-store.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { ingestValues } from "../batches.ts"
import { pinOf, storeSegments } from "../index/segments.ts"
import { sharedDuckdb } from "./shared-duckdb.ts"

const plain: TableSpec = {
  name: "views",
  topic: "views",
  columns: [
    { name: "member", type: "string" },
    { name: "ts", type: "timestamp" },
    { name: "kind", type: "string" },
    { name: "page", type: "string" },
  ],
  time: "ts",
  indexes: { member: ["bloom"], kind: ["inverted"] },
}

const ROWS = 250

/** Text that no compressor makes small. */
function noise(seed: number): string {
  let text = ""
  for (let at = 0; text.length < 800; at++)
    text += Math.abs(Math.sin(seed * 1_009 + at))
      .toString(36)
      .slice(2)
  return text
}

/** Ids without an order that zones could use. */
const memberId = (member: number) => `m${Math.imul(member + 1, 0x9e3779b1) >>> 0}`

const NOISE = Array.from({ length: ROWS }, (_, at) => noise(at))

/** Segments of some minutes each; a member's views lie in one or two of them. */
function batchOf(segment: number) {
  return ingestValues(
    plain.columns,
    NOISE.map((text, at) =>
      JSON.stringify({
        member: memberId(segment * 40 + (at % 50)),
        ts: segment * 600_000 + at * 1_000,
        kind: at === 7 && segment % 50 === 0 ? "rare" : "plain",
        page: `${segment}${text}`,
      }),
    ),
  )
}

/** Counts how often the store is waited for: reads that begin while others are under way wait together. */
function waves(objects: ObjectStore) {
  const counted = { requests: 0, bytes: 0, rounds: 0, keys: new Set<string>() }
  let depthDone = 0
  const store: ObjectStore = {
    put: (...args) => objects.put(...args),
    deleteMany: keys => objects.deleteMany(keys),
    list: (...args) => objects.list(...args),
    async get(key, range) {
      const depth = depthDone + 1
      counted.requests++
      counted.keys.add(key)
      counted.rounds = Math.max(counted.rounds, depth)
      const read = await objects.get(key, range)
      await new Promise(resolve => setTimeout(resolve, 5))
      counted.bytes += read?.body.length ?? 0
      depthDone = Math.max(depthDone, depth)
      return read
    },
  }
  const reset = () => {
    depthDone = 0
    Object.assign(counted, { requests: 0, bytes: 0, rounds: 0, keys: new Set() })
  }
  return { store, counted, reset }
}

async function openTable(segments: number, spec: TableSpec = plain) {
  const ports = memoryPorts()
  const pointers = await storeSegments(
    ports,
    spec,
    Array.from({ length: segments }, (_, at) => batchOf(at)),
  )
  const table = pinOf(spec, pointers)
  const bytes = pointers.reduce(
    (sum, { sizeBytes, sidecar }) => sum + sizeBytes + (sidecar?.sizeBytes ?? 0),
    0,
  )
  return { ports, table, bytes }
}

function openService(ports: ReturnType<typeof memoryPorts>, table: PinnedTable, duckdb: SqlEngine) {
  const { store, counted, reset } = waves(ports.objects)
  const engine = openQueryEngine({ objects: store, clock: ports.clock }, duckdb)
  const tables = { names: async () => [table.name], pin: async () => table }
  const service = new QueryService({ tables, engine, clock: ports.clock, random: ports.random })
  const ask = async (sql: string, options: Readonly<Record<string, string>> = {}) => {
    reset()
    const reply = await service.query({ sql, options })
    expect(reply.exceptions).toEqual([])
    const cost = reply.millrace?.cost as QueryCost
    expect([cost.requests, cost.bytesFetched]).toEqual([counted.requests, counted.bytes])
    return { rows: reply.resultTable?.rows ?? [], cost, reply, ...counted }
  }
  return ask
}

const duckdb = await sharedDuckdb()
const wide = await openTable(200)

test.each(["direct", "duckdb"])(
  "a point query over 200 segments reads few chunks in two rounds: %s",
  async engine => {
    const ask = openService(wide.ports, wide.table, duckdb)
    const sql = `SELECT member, ts, page FROM views WHERE member = '${memberId(4_042)}' LIMIT 50`
    const cold = await ask(sql, { engine })
    expect(cold.rows.length).toBe(10)
    expect(cold.cost).toMatchObject({ engine, segments: 200 })
    expect(cold.rounds).toBeLessThanOrEqual(2)
    expect([...cold.keys].filter(key => key.endsWith(".parquet")).length).toBeLessThanOrEqual(3)
    expect(cold.bytes).toBeLessThanOrEqual(wide.bytes * 0.02)
    expect(cold.reply.numSegmentsPrunedByServer).toBeGreaterThanOrEqual(197)
    expect(cold.reply.numSegmentsProcessed).toBeLessThanOrEqual(3)
    const warm = await ask(sql, { engine })
    expect(warm.rows).toEqual(cold.rows)
    expect(warm.requests).toBe(0)
    expect(warm.cost.bytesCached).toBeGreaterThan(0)
    // Filters are in memory now: another member's views take one round.
    const other = await ask(sql.replace(memberId(4_042), memberId(217)), { engine })
    expect(other.rows.length).toBeGreaterThan(0)
    expect(other.rounds).toBe(1)
  },
)

test("rows of a rare value are found by an inverted index, their segments alone are read", async () => {
  const ask = openService(wide.ports, wide.table, duckdb)
  const { rows, cost, keys, rounds } = await ask("SELECT count(*), min(ts) FROM views WHERE kind = 'rare'")
  expect(rows).toMatchObject([[4, expect.anything()]])
  expect(cost.pruned.index ?? cost.pruned.zone).toBeGreaterThan(0)
  expect([...keys].filter(key => key.endsWith(".parquet")).length).toBe(4)
  expect(rounds).toBeLessThanOrEqual(2)
})

test.each(["direct", "duckdb"])(
  "ten times the segments cost the same when time prunes them: %s",
  async engine => {
    const few = { ...wide.table, segments: wide.table.segments.slice(0, 20) }
    const sql = `SELECT kind, count(*) FROM views WHERE ts BETWEEN TIMESTAMP '1970-01-01 01:00:00' AND TIMESTAMP '1970-01-01 01:30:00' GROUP BY kind ORDER BY kind`
    const small = await openService(wide.ports, few, duckdb)(sql, { engine })
    const large = await openService(wide.ports, wide.table, duckdb)(sql, { engine })
    expect(large.rows).toEqual(small.rows)
    expect(large.cost.pruned.time).toBe(196)
    expect(large.requests).toBeLessThanOrEqual(small.requests * 1.5)
    expect(large.bytes).toBeLessThanOrEqual(small.bytes * 1.5)
    expect(small.requests).toBeGreaterThan(0)
  },
)

test("what a rollup holds is read of its levels alone, and only once", async () => {
  const rollups = [
    { name: "kinds", dimensions: ["kind"], aggregates: [{ fn: "count" as const }], leafRows: 10 },
  ]
  const { ports, table, bytes } = await openTable(20, { ...plain, rollups })
  const ask = openService(ports, table, duckdb)
  const sql = "SELECT kind, count(*) FROM views GROUP BY kind ORDER BY kind"
  const cold = await ask(sql)
  expect(cold.rows).toEqual([
    ["plain", 20 * ROWS - 1],
    ["rare", 1],
  ])
  expect(cold.cost).toMatchObject({ engine: "direct", rollup: "kinds", segments: 20 })
  expect([...cold.keys].every(key => key.includes("/rollup/"))).toBe(true)
  expect([cold.requests, cold.rounds]).toEqual([20, 1])
  expect(cold.bytes).toBeLessThanOrEqual(bytes * 0.02)
  const warm = await ask(sql.replace("ORDER BY kind", "ORDER BY 2"))
  expect([warm.cost.rollup, warm.requests]).toEqual(["kinds", 0])
})
