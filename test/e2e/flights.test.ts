import { join } from "node:path"
import { DuckDBInstance } from "@duckdb/node-api"
import { describe, expect, test } from "vitest"
import { pause, repository, type Server, startServer, until } from "./support.ts"

const COUNT = 20_000
const file = join(repository, "node_modules/vega-datasets/data/flights-20k.json")

/** The rows of a query over the file itself, by DuckDB in this process; `flights` has `date` as a TIMESTAMP. */
async function overFile(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:")
  const connection = await instance.connect()
  try {
    await connection.run(
      `CREATE VIEW flights AS SELECT * REPLACE (strptime(date, '%Y/%m/%d %H:%M') AS date) FROM read_json('${file}',
        columns = {date: 'VARCHAR', delay: 'INTEGER', distance: 'INTEGER', origin: 'VARCHAR', destination: 'VARCHAR'})`,
    )
    const reader = await connection.runAndReadAll(sql)
    return reader.getRowsJson() as unknown[][]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const countFlights = (server: Server) => server.number("SELECT count(*) FROM flights")

/** Samples the table's count until the replay is through. */
async function sampleCounts(server: Server): Promise<number[]> {
  const counts: number[] = []
  while (!/All 20000 records/.test(server.stderr)) {
    counts.push(await countFlights(server))
    await pause(100)
  }
  return counts
}

async function endOffset(server: Server): Promise<number> {
  return (await server.call("GET /topics/flights/partitions/0/offsets")).json.end_offset
}

/** Text of instants, however many fractional digits it has. */
const instant = (text: unknown) => String(text).replace(/\.0+$/, "")

async function expectSameAsFile(server: Server): Promise<void> {
  const sql = "SELECT origin, count(*), avg(delay) FROM flights GROUP BY origin"
  const found = await server.rows(`${sql} LIMIT 1000`)
  const expected = await overFile(sql)
  expect(found).toHaveLength(220)
  expect(expected).toHaveLength(220)
  const byOrigin = new Map(found.map(([origin, count, mean]) => [origin, { count, mean }]))
  for (const [origin, count, mean] of expected) {
    const row = byOrigin.get(origin)
    expect({ origin, count: Number(row?.count) }).toEqual({ origin, count: Number(count) })
    expect(Math.abs(Number(row?.mean) - Number(mean))).toBeLessThanOrEqual(1e-9 * Math.abs(Number(mean)))
  }
}

describe.concurrent("npm start with the flights", () => {
  test("replays them within a minute; the table grows, ends as DuckDB over the file, and survives a restart", async () => {
    const server = await startServer()
    const counts = await sampleCounts(server)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(new Set(counts).size).toBeGreaterThan(5)
    expect(await countFlights(server)).toBe(COUNT)
    expect(await endOffset(server)).toBe(COUNT)
    // Segments and tail together: the builder has made a segment on the way.
    const { numSegmentsQueried, numConsumingSegmentsQueried, totalDocs } = (
      await server.query("SELECT count(*) FROM flights")
    ).whole
    expect(totalDocs).toBe(COUNT)
    expect(numSegmentsQueried).toBeGreaterThan(numConsumingSegmentsQueried)
    await expectSameAsFile(server)

    const { types, rows } = await server.query(
      "SELECT min(date), max(date), count(DISTINCT date) FROM flights",
    )
    expect(types).toEqual(["TIMESTAMP", "TIMESTAMP", "LONG"])
    const [[first, last, distinct]] = (await overFile(
      "SELECT min(date)::VARCHAR, max(date)::VARCHAR, count(DISTINCT date) FROM flights",
    )) as [unknown[]]
    expect(rows[0]?.slice(0, 2).map(instant)).toEqual([first, last])
    expect(rows[0]?.[2]).toBe(Number(distinct))
    for (const where of [
      "date >= TIMESTAMP '2001-02-01 00:00:00' AND date < TIMESTAMP '2001-02-02 12:30:00'",
      "date < TIMESTAMP '2001-01-02 00:00:00'",
      "extract(hour FROM date) = 7 AND delay > 60",
    ]) {
      const sql = `SELECT count(*), sum(distance) FROM flights WHERE ${where}`
      const [expected] = await overFile(sql)
      expect(Number(expected?.[0])).toBeGreaterThan(0)
      expect((await server.rows(sql))[0]?.map(Number)).toEqual(expected?.map(Number))
    }

    expect(await server.stop()).toEqual({ code: 0, signal: null })
    const again = await startServer(server.options)
    await again.said(/All 20000 records/)
    expect(again.stderr).not.toMatch(/Replaying/)
    expect(await countFlights(again)).toBe(COUNT)
    expect(await endOffset(again)).toBe(COUNT)
    await expectSameAsFile(again)
    expect(await again.stop("SIGINT")).toEqual({ code: 0, signal: null })
  })

  test("killed and stopped in the middle of the replay and started again, has every flight once", async () => {
    let server = await startServer()
    for (const [share, end] of [
      [0.25, () => server.kill()],
      [0.5, () => server.stop()],
      [0.75, () => server.kill()],
    ] as const) {
      await until(async () => (await endOffset(server)) >= share * COUNT)
      await end()
      server = await startServer(server.options)
      const count = await countFlights(server)
      expect(count).toBeGreaterThanOrEqual(share * COUNT)
      expect(count).toBeLessThan(COUNT)
    }
    await server.said(/All 20000 records/)
    expect(await countFlights(server)).toBe(COUNT)
    expect(await endOffset(server)).toBe(COUNT)
    await expectSameAsFile(server)
  })
})
