import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { SqlValue } from "../../../shared/serving/types.ts"
import { type CorpusFile, readCorpus } from "./corpus-file.ts"
import { type Keeping, Oracle } from "./oracle.ts"
import { World } from "./world.ts"

// Every statement of `sql/`, over every state that a table goes through, by both engines, against what DuckDB makes of the
// source's own lines.

const corpus = readCorpus()
const KEEPINGS: readonly Keeping[] = ["all", "newest"]
/** Requests at once: as many as both cores can use. */
const LANES = 4

type Row = readonly SqlValue[]

/** Rows without an order of their own, in one. */
const sorted = (rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/** Doubles are equal to 1e-9 of their value: engines add them up in different orders. */
function isSame(a: SqlValue, b: SqlValue): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, at) => isSame(one, b[at]!))
  if (typeof a !== "number" || typeof b !== "number" || a === b) return a === b
  const isWhole = Number.isInteger(a) && Number.isInteger(b)
  return !isWhole && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
}

function difference(found: readonly Row[], wanted: readonly Row[], ordered: boolean): string | undefined {
  const [left, right] = ordered ? [found, wanted] : [sorted(found), sorted(wanted)]
  const at = left.findIndex((row, index) => right[index] === undefined || !isSame(row, right[index]))
  if (at < 0 && left.length === right.length) return undefined
  return `${left.length} rows, not ${right.length}; row ${at}: ${JSON.stringify(left[at])}, not ${JSON.stringify(right[at])}`
}

test("there are 300 statements, each with a name, and what it answers is what DuckDB says", async () => {
  expect(corpus.length).toBeGreaterThanOrEqual(300)
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length)
  for (const keeping of KEEPINGS) {
    const oracle = await Oracle.open(keeping)
    for (const { name, sql, ordered, rows } of corpus) {
      const limited = /\blimit\b/i.test(sql) ? sql : `${sql}\nLIMIT 10`
      expect(difference(await oracle.rows(limited), rows[keeping], ordered), name).toBeUndefined()
    }
    oracle.close()
  }
})

/** Runs the whole corpus; what is wrong, a line each. */
async function faultsOf(world: World, keeping: Keeping, engines: "own" | "both"): Promise<string[]> {
  const faults: string[] = []
  const check = async ({ name, sql, engine, ordered, rows }: CorpusFile, forced: string): Promise<void> => {
    const { rows: found, cost } = await world.ask(`SET resultCache=false; ${forced}${sql}`)
    const wrong = difference(found, rows[keeping], ordered)
    if (wrong !== undefined) faults.push(`${name} ${forced}: ${wrong}`)
    if (forced === "" && cost?.engine !== engine)
      faults.push(`${name}: went by ${cost?.engine}, not ${engine}`)
  }
  const waiting = [...corpus]
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      await check(file, "").catch(error => faults.push(`${file?.name}: ${error}`))
      if (engines === "both" && file.engine === "direct") {
        await check(file, "SET engine=duckdb; ").catch(error =>
          faults.push(`${file?.name}, by DuckDB: ${error}`),
        )
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return faults
}

describe.each(KEEPINGS)("a table that keeps %s", keeping => {
  let world: World
  beforeAll(async () => {
    world = await World.open(keeping)
  })
  afterAll(() => world.close())

  test("of its tail alone", async () => {
    await world.send("trips", 0, 450)
    await world.send("trips", 450, 900)
    expect(await faultsOf(world, keeping, "own")).toEqual([])
  }, 60_000)

  test("of segments and a tail, then of segments, then of merged ones, then after a restart", async () => {
    const other = await World.open(keeping)
    try {
      await other.send("trips", 0, 300)
      await other.flush()
      await other.send("trips", 300, 600)
      await other.flush()
      await other.send("trips", 600, 900)
      expect(await faultsOf(other, keeping, "own"), "segments and a tail").toEqual([])
      await other.flush()
      expect(await faultsOf(other, keeping, "own"), "segments").toEqual([])
      expect(await other.segments()).toEqual({ count: 9, level: 0 })
      await other.merge()
      expect(await other.segments()).toEqual({ count: 3, level: 1 })
      expect(await faultsOf(other, keeping, "both"), "merged").toEqual([])
      await other.restart()
      expect(await faultsOf(other, keeping, "own"), "restarted").toEqual([])
    } finally {
      await other.close()
    }
  }, 120_000)
})
