import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { JavaRandom } from "../../bench/nexmark/java-random.ts"
import { queries } from "../../bench/nexmark/queries.ts"
import { type Arrival, arrivals, type Order } from "../../bench/nexmark/stream.ts"
import type { Job } from "../../shared/definition/job/job.ts"
import { lateOracles, oracles } from "./nexmark-oracles.ts"
import { batchOracle, canonicalRows, folded, type Oracle, type Row, runJob } from "./nexmark-support.ts"

/** With 100,000 the same by `NEXMARK_EVENTS=100000`; they always span 100 s of event time. */
const EVENTS = Number(process.env.NEXMARK_EVENTS ?? 20_000)
const SPAN_S = 100
const RESTART_EVERY = 7

const textOf = (events: readonly Arrival[]) =>
  events.map(({ event }) => `${JSON.stringify(event)}\n`).join("")
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

describe("the generator", () => {
  test("draws what java.util.Random draws", () => {
    const random = new JavaRandom(42)
    expect([random.int(), random.int()]).toEqual([-1170105035, 234785527])
    random.seed(42)
    expect(Array.from({ length: 5 }, () => random.intBelow(100))).toEqual([30, 63, 48, 84, 70])
    random.seed(42)
    expect(random.double()).toBe(0.7275636800328681)
    random.seed(42)
    expect(random.intBelow(2 ** 30)).toBe(781215565)
  })

  test("makes Beam's events, byte for byte", () => {
    const first = arrivals(100, 10_000, "inOrder").map(({ event }) => event)
    expect(first[0]?.person).toMatchObject({ id: 1000, name: "Peter Jones", city: "Portland", state: "WY" })
    expect(first[1]?.auction).toMatchObject({ id: 1000, initialBid: 28873, reserve: 29448, seller: 1000 })
    expect(first[4]?.bid).toMatchObject({ auction: 1000, bidder: 1001, price: 32530001 })
    // Of Beam's Java on OpenJDK 17, its events written as JSON.
    const inOrder = "10db1222acb3b70024fbbdf89e5bd38dfe5e1ee93c2143f44d4d495c92ef377c"
    const outOfOrder = "fdde9ab42e512c5267f01bd674c9c2aa031cc7415ab8a17d4edca122ac60314b"
    expect(sha256(textOf(arrivals(20_000, 10_000, "inOrder")))).toBe(inOrder)
    expect(sha256(textOf(arrivals(20_000, 1_000, "outOfOrder")))).toBe(outOfOrder)
  })
})

describe.for([
  ["inOrder", false],
  ["outOfOrder", false],
  ["late", false],
  ["outOfOrder", true],
] as const)("nexmark, %s, bounded: %s", ([order, bounded]: readonly [Order, boolean]) => {
  let folder: string
  let events: readonly Arrival[]
  let oracle: Oracle

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "nexmark-"))
    events = arrivals(EVENTS, EVENTS / SPAN_S, order)
    oracle = await batchOracle(events, folder, bounded)
  })

  afterAll(() => {
    oracle.close()
    rmSync(folder, { recursive: true })
  })

  // Bounded runs differ in windows by event time alone.
  const names = Object.keys(queries).filter(name => !bounded || ["q5", "q7", "q11"].includes(name))
  test.for(names)("%s comes to what DuckDB comes to", async name => {
    const job = queries[name] as Job
    const { rows, late, watermark } = runJob(job, events, { bounded, restartEvery: RESTART_EVERY })
    const lateRows = rows.get("late")?.map(({ row }) => row) ?? []
    const [given = []] = [...rows].filter(([topic]) => topic !== "late").map(([, records]) => records)
    const isUpdating = ["q17", "q18", "q19"].includes(name)
    if (name === "q11") await tellLate(oracle, lateRows)
    const sql = (oracles[name] as (final: number) => string)(watermark)
    const expected = canonicalRows(await oracle.rows(sql))
    expect(expected.length).toBeGreaterThan(0)
    expect(canonicalRows(isUpdating ? folded(given) : given.map(({ row }) => row))).toEqual(expected)
    expect(lateRows.length).toBe(late)
    const lateSql = lateOracles[name]
    if (lateSql !== undefined)
      expect(canonicalRows(lateRows)).toEqual(canonicalRows(await oracle.rows(lateSql)))
    if (order === "late" && rows.has("late")) expect(late).toBeGreaterThan(0)
  })
})

/**
 * Whether a session takes a late bid depends on what stands of it: the oracle is told which were late, and checks that
 * each was, alone.
 */
async function tellLate(oracle: Oracle, rows: readonly Row[]): Promise<void> {
  const list = rows.map(
    ({ extra, price, dateTime }) => `('${String(extra).replaceAll("'", "''")}', ${price}, ${dateTime})`,
  )
  const told =
    list.length === 0
      ? "select '' as extra, 0 as price, 0 as t where false"
      : `from (values ${list.join(",")}) v(extra, price, t)`
  await oracle.rows(`create or replace table late as ${told}`)
  const isLate = `exists (select 1 from late where late.extra = bid.extra and late.price = bid.price and late.t = bid."dateTime")`
  await oracle.rows(`create or replace table taken as select * from bid where not ${isLate}`)
  expect(await oracle.rows(`select * from bid where ${isLate} and "dateTime" + 10000 - 1 > wm`)).toEqual([])
  expect(await oracle.rows("select (select count(*) from bid) - (select count(*) from taken) as n")).toEqual([
    { n: rows.length },
  ])
}
