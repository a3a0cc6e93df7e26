import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { apps, type Server, startServer } from "./support.ts"

const PARTITIONS = 4
/** A builder makes a segment of a partition at 12,500 records. */
const SEGMENT_RECORDS = 12_500

let server: Server
/** What was acknowledged so far: the next `n`, which is also the count, and the sum of all. */
const sent = { count: 0, sum: 0 }

beforeAll(async () => {
  server = await startServer({ app: join(apps, "readings.ts") })
})

/** Sends the next readings and counts them once they are acknowledged. */
async function send(count: number, sensors = 16): Promise<void> {
  const readings = Array.from({ length: count }, (_, i) => {
    const n = sent.count + i
    return { sensor: `sensor-${n % sensors}`, n }
  })
  const { status, text } = await server.produce("/topics/readings?key=sensor&summary", readings)
  expect({ status, text }).toMatchObject({ status: 200 })
  sent.count += count
  sent.sum += readings.reduce((sum, { n }) => sum + n, 0)
}

/** The very next query answers everything that was acknowledged, each record once. */
async function expectAllThere(): Promise<void> {
  const rows = await server.rows("SELECT count(*), count(DISTINCT n), sum(n) FROM readings")
  expect(rows.map(row => row.map(Number))).toEqual([[sent.count, sent.count, sent.sum]])
}

async function restart(how: "kill" | "stop"): Promise<void> {
  await server[how]()
  server = await startServer(server.options)
}

async function figures(): Promise<{ segments: number; tails: number }> {
  const { whole } = await server.query("SELECT count(*) FROM readings")
  const { numSegmentsQueried, numConsumingSegmentsQueried } = whole
  return { segments: numSegmentsQueried - numConsumingSegmentsQueried, tails: numConsumingSegmentsQueried }
}

test("what was acknowledged is in the next query's answer, two hundred times in a row", async () => {
  for (let turn = 0; turn < 200; turn++) {
    await send(1 + (turn % 3))
    await expectAllThere()
  }
  expect((await figures()).tails).toBe(PARTITIONS)
})

test("each partition's records are there by their order's end", async () => {
  // One key's records lie in one partition: the last of each is seen as soon as it is acknowledged.
  for (let turn = 0; turn < 20; turn++) {
    await send(1, 1)
    const rows = await server.rows("SELECT max(n) FROM readings WHERE sensor = 'sensor-0'")
    expect(rows).toEqual([[sent.count - 1]])
  }
})

test("also right after a restart", async () => {
  await restart("stop")
  await expectAllThere()
  await send(5)
  await restart("kill")
  await send(2)
  await expectAllThere()
})

test("also while the builder makes segments, and after a restart over them", async () => {
  const countMin = 2 * PARTITIONS * SEGMENT_RECORDS
  let segments = 0
  while (sent.count < countMin || segments < PARTITIONS) {
    await send(1_500)
    await expectAllThere()
    segments = (await figures()).segments
  }
  await restart("kill")
  await expectAllThere()
  expect((await figures()).segments).toBeGreaterThanOrEqual(segments)
  await send(3)
  await expectAllThere()
})

test("concurrent writers see their own records", async () => {
  await Promise.all(
    Array.from({ length: 6 }, async (_, writer) => {
      for (let turn = 1; turn <= 15; turn++) {
        const sensor = `writer-${writer}`
        const { status } = await server.produce("/topics/readings?key=sensor", [{ sensor, n: turn }])
        expect(status).toBe(200)
        const sql = `SELECT count(*), max(n) FROM readings WHERE sensor = '${sensor}'`
        expect(await server.rows(sql)).toEqual([[turn, turn]])
      }
    }),
  )
})
