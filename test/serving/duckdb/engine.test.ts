import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import type { QueryLimits } from "../../../shared/serving/types.ts"
import { bytesFile, flightColumns, flightFile, pinnedTable, someFlights } from "../query/fixture.ts"

const opened: DuckdbEngine[] = []
const parent = mkdtempSync(join(tmpdir(), "millrace-engine-"))

function open(children: number, name = `scratch-${opened.length}`): DuckdbEngine {
  const engine = new DuckdbEngine({ folder: join(parent, name), children })
  opened.push(engine)
  return engine
}

/** Most tests share an engine of one child, which each leaves serving. */
const shared = open(1, "shared")
beforeAll(() => shared.analyze("SELECT 1", 20_000))
afterAll(async () => {
  await Promise.all(opened.map(engine => engine.close()))
  rmSync(parent, { recursive: true, force: true })
})

const limits: QueryLimits = { deadlineMs: 20_000, rowsMax: 1000, resultBytesMax: 100_000 }
const endless = "SELECT sum(x) FROM range(1000000000000000) t(x)"
const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10)
}

const run = (sql: string, more: Partial<QueryLimits> = {}, engine = shared) =>
  engine.run({ sql, tables: [], limits: { ...limits, ...more } })

test("a column may be called at, wherever it stands", async () => {
  const from = "FROM (VALUES (2, 'at'), (1, 'b')) t(at, at_)"
  const zoned = "timestamp '2026-01-01 00:00:00' AT TIME ZONE 'UTC'"
  for (const [sql, rows] of [
    [`SELECT at ${from} ORDER BY at LIMIT 1`, [[1]]],
    [`SELECT at, at_ ${from} WHERE at > 1 AND at_ = 'at' -- at, at`, [[2, "at"]]],
    [`SELECT max(at) AS "at", at_ ${from} WHERE t.at < 2 GROUP BY at_, at LIMIT 9`, [[1, "b"]]],
    [`SELECT at, year(${zoned}) ${from} ORDER BY at LIMIT 1`, [[1, 2026]]],
  ] as const) {
    const analysis = await shared.analyze(sql, 20_000)
    expect(analysis, sql).toMatchObject({ ok: true })
    expect(await run(analysis.ok ? analysis.value.sql : ""), sql).toMatchObject({ value: { rows } })
  }
  expect(await shared.analyze("SELECT at, FROM FROM t", 20_000)).toMatchObject({
    error: { code: "sql_parsing", message: expect.stringContaining("line 1, column") },
  })
})

describe("limits", () => {
  test("of rows and bytes are exact", async () => {
    expect(await run("FROM range(1000)")).toMatchObject({ ok: true })
    expect(await run("FROM range(1001)")).toMatchObject({
      error: { code: "resource_limit", message: "The answer has more than 1000 rows: add a smaller LIMIT" },
    })
    expect(await run("SELECT repeat('x', 99990)")).toMatchObject({ ok: true })
    expect(await run("SELECT repeat('x', 100001)")).toMatchObject({
      error: {
        code: "resource_limit",
        message: "The answer is larger than 100000 bytes: add a smaller LIMIT",
      },
    })
    expect(await run("SELECT 1")).toMatchObject({ ok: true, value: { rows: [[1]] } })
  })

  test("of time: the caller is answered, the child serves on", async () => {
    const before = shared.pids
    expect(await run(endless, { deadlineMs: 300 })).toMatchObject({ ok: false, error: { code: "timeout" } })
    expect(await run("SELECT 1")).toMatchObject({ ok: true })
    expect(shared.pids).toEqual(before)
  })

  test("of time hold for what cannot be interrupted: its child is killed", async () => {
    const before = shared.pids
    const oneLongCall = "SELECT levenshtein(repeat('x', 300000), repeat('y', 300000))"
    expect(await run(oneLongCall, { deadlineMs: 100 })).toMatchObject({ error: { code: "timeout" } })
    expect(await run("SELECT 1")).toMatchObject({ ok: true })
    expect(shared.pids).not.toEqual(before)
    expect(before.filter(isRunning)).toEqual([])
  })

  test("of patience: a query that nobody waits for is stopped", async () => {
    const gone = new AbortController()
    const running = shared.run({ sql: endless, tables: [], limits, signal: gone.signal })
    gone.abort()
    expect(await running).toMatchObject({ ok: false, error: { code: "timeout" } })
    const aborted = shared.run({ sql: endless, tables: [], limits, signal: AbortSignal.abort() })
    expect(await aborted).toMatchObject({ ok: false, error: { code: "timeout" } })
    expect(await run("SELECT 1")).toMatchObject({ ok: true })
  })

  test("of waiting queries: one too many is refused at once", async () => {
    const running = run(endless, { deadlineMs: 300 })
    const waiting = Array.from({ length: 128 }, () => run("SELECT 1"))
    expect(await run("SELECT 1")).toMatchObject({ error: { code: "too_many_requests" } })
    expect(await running).toMatchObject({ error: { code: "timeout" } })
    expect((await Promise.all(waiting)).every(({ ok }) => ok)).toBe(true)
    expect(await run("SELECT 1")).toMatchObject({ ok: true })
  })

  test("of time count the waiting", async () => {
    const running = run(endless, { deadlineMs: 500 })
    expect(await run("SELECT 1", { deadlineMs: 50 })).toMatchObject({
      error: { code: "timeout", message: "The query waited for others until its deadline" },
    })
    expect(await running).toMatchObject({ error: { code: "timeout" } })
  })
})

describe("children", () => {
  test("that are killed are replaced; the query that ran fails, the next works", async () => {
    // The test before may have left the engine without its child.
    await run("SELECT 1")
    let isOver = false
    const running = run(endless).finally(() => {
      isOver = true
    })
    // On a busy machine the query may not have come to a child by then.
    for (let pauseMs = 20; !isOver; pauseMs = 500) {
      await sleep(pauseMs)
      if (!isOver) for (const pid of shared.pids) process.kill(pid, "SIGKILL")
    }
    expect(await running).toMatchObject({ error: { code: "resource_limit" } })
    expect(await run("SELECT 1")).toMatchObject({ ok: true })
  })

  test("one stuck stops no other", async () => {
    const engine = open(2)
    const stuck = run(endless, {}, engine)
    for (let i = 0; i < 20; i++) expect(await run("SELECT 1", {}, engine)).toMatchObject({ ok: true })
    await engine.close()
    expect(await stuck).toMatchObject({ ok: false })
  })

  test("end with the engine, also while they work", async () => {
    const engine = open(2)
    await engine.analyze("SELECT 1", 20_000)
    const { pids } = engine
    expect(pids.length).toBe(2)
    const running = run(endless, {}, engine)
    await engine.close()
    expect(await running).toMatchObject({ ok: false })
    expect(pids.filter(isRunning)).toEqual([])
    expect(await run("SELECT 1", {}, engine)).toMatchObject({
      error: { code: "query_execution", message: "The query engine is closed" },
    })
  })

  test("end with a parent that is killed, also while they work", async () => {
    const server = spawn(
      process.execPath,
      [join(import.meta.dirname, "orphan.ts"), join(parent, "orphans")],
      { stdio: ["ignore", "pipe", "inherit"] },
    )
    const told = await new Promise<string>(resolve => {
      server.stdout.once("data", (data: Buffer) => resolve(data.toString()))
    })
    const pids: number[] = JSON.parse(told)
    expect(pids.filter(isRunning)).toEqual(pids)
    server.kill("SIGKILL")
    await until(() => !pids.some(isRunning))
  })

  test("get nothing of the parent's environment or folders", async () => {
    // Past the gate on purpose: the child itself must hold.
    for (const sql of [
      "SELECT * FROM read_text('/etc/hostname')",
      "SELECT * FROM read_text('/proc/self/environ')",
      "SELECT * FROM glob('*')",
      "COPY (SELECT 1) TO 'out.csv'",
      "ATTACH 'x.db'",
      "INSTALL httpfs",
      "LOAD httpfs",
      "SET threads = 4",
      "SELECT * FROM 'https://example.com/x.csv'",
    ]) {
      expect(await run(sql), sql).toMatchObject({ ok: false })
    }
    expect(readdirSync(join(parent, "shared")).filter(name => !/^(?:profile-|t\d)/.test(name))).toEqual([])
    expect(await run("SELECT 1")).toMatchObject({ ok: true })
  })

  test("that cannot start fail the query with the reason", async () => {
    const engine = open(1, "gone")
    rmSync(join(parent, "gone"), { recursive: true })
    expect(await run("SELECT 1", {}, engine)).toMatchObject({
      error: { code: "query_execution", message: expect.stringMatching(/did not start/) },
    })
  })
})

describe("files", () => {
  test("a scratch folder is emptied at the start", async () => {
    open(1, "again")
    writeFileSync(join(parent, "again", "old"), "")
    open(1, "again")
    expect(readdirSync(join(parent, "again"))).toEqual([])
  })

  test("that change from query to query are read as they are, each once", async () => {
    const segment = flightFile("segment", someFlights(5))
    for (let size = 0; size < 20; size++) {
      const tail = flightFile(`tail-${size}`, someFlights(size, 5))
      const table = pinnedTable("flights", flightColumns, [segment], [tail])
      const sql = "SELECT count(*), max(delay) FROM flights"
      const reply = await shared.run({ sql, tables: [table], limits })
      expect(reply).toMatchObject({ value: { rows: [[5 + size, 4 + size]], rowsScanned: 5 + size } })
      expect(tail.reads).toBe(size === 0 ? 0 : 1)
    }
    expect(segment.reads).toBe(1)
  })

  test("count their scanned rows once, and not at all where a footer holds the answer", async () => {
    const engine = open(1)
    const tables = [pinnedTable("flights", flightColumns, [flightFile("one", someFlights(5))])]
    const scanned = async (sql: string) => {
      const reply = await engine.run({ sql, tables, limits })
      return reply.ok ? reply.value.rowsScanned : reply.error
    }
    // On a child that ran nothing yet, and after a query whose figure must not be told again.
    expect(await scanned("SELECT count(*) FROM flights")).toBeUndefined()
    expect(await scanned("SELECT origin FROM flights WHERE delay > 2")).toBe(2)
    expect(await scanned("SELECT count(*) FROM flights")).toBeUndefined()
    expect(await scanned("SELECT count(*) FROM flights\nLIMIT 10")).toBeUndefined()
    expect(await scanned("SELECT * FROM flights LIMIT 0")).toBe(0)
    // DuckDB reads the other columns of the rows that the limit lets through in a scan of its own.
    expect(await scanned("SELECT * FROM flights LIMIT 3")).toBe(5)
    expect(await scanned("SELECT * FROM flights ORDER BY delay DESC LIMIT 2")).toBeLessThanOrEqual(5)
    expect(await scanned("SELECT * FROM flights WHERE delay IN (SELECT delay FROM flights)")).toBe(10)
  })

  test("that are not Parquet fail the query alone, without telling paths", async () => {
    const broken = pinnedTable("flights", flightColumns, [bytesFile("x", Buffer.from("nothing like it"), 3)])
    const reply = await shared.run({ sql: "SELECT * FROM flights", tables: [broken], limits })
    expect(reply).toMatchObject({ ok: false, error: { code: "query_execution" } })
    expect(JSON.stringify(reply)).not.toContain(tmpdir())
    expect(await run("SELECT 1")).toMatchObject({ ok: true })
  })

  test("that a store never gives end the query at its deadline", async () => {
    const away = { ...flightFile("away", someFlights(3)), read: () => new Promise<Uint8Array>(() => {}) }
    const tables = [pinnedTable("flights", flightColumns, [away])]
    const reply = await shared.run({ sql: "FROM flights", tables, limits: { ...limits, deadlineMs: 50 } })
    expect(reply).toMatchObject({ ok: false, error: { code: "timeout" } })
  })
})
