import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { millraceAt } from "./support.ts"

let folder: string
let app: string
const run = millraceAt("http://127.0.0.1:1")

const APP = (
  path: string,
) => `import { count, defineApp, defineJob, fromCsv, fromNdjson, sum, topic, tumbling } from "millrace"
import * as z from "zod"
const Count = z.object({ city: z.string(), windowStart: z.int(), windowEnd: z.int(), visits: z.int() })
const counts = topic("counts", { schema: Count, key: "city" })
const totals = topic("totals", { schema: z.object({ city: z.string(), cents: z.int() }), key: "city", config: { "cleanup.policy": "compact" } })
const visits = defineJob("visits", () =>
  fromCsv<{ city: string; at: string }>(${JSON.stringify(path)} + "/visits.csv", { timestamp: ({ at }) => Number(at) })
    .keyBy("city").window(tumbling("1m")).aggregate({ visits: count() }).to(counts))
const sales = defineJob("sales", () =>
  fromNdjson<{ city: string; cents: number }>(${JSON.stringify(path)} + "/sales.ndjson")
    .map(sale => { if (sale.cents < 0) throw new Error("a sale of less than nothing"); return sale })
    .keyBy("city").aggregate({ cents: sum(sale => sale.cents) }).toCompacted(totals))
export default defineApp("shop", { jobs: [visits, sales] })
`

const OVER_TOPICS = `import { count, defineApp, defineJob, from, topic, tumbling } from "millrace"
import * as z from "zod"
const visited = topic("visited", { schema: z.object({ city: z.string(), at: z.int() }), key: "city", eventTime: "at" })
const Count = z.object({ city: z.string(), windowStart: z.int(), windowEnd: z.int(), visits: z.int() })
const counts = topic("counts", { schema: Count, key: "city" })
const visits = defineJob("visits", () =>
  from(visited).keyBy("city").window(tumbling("1m")).aggregate({ visits: count() }).to(counts))
export default defineApp("shop", { jobs: [visits] })
`

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-run-"))
  app = join(folder, "app.ts")
  writeFileSync(app, APP(folder))
  writeFileSync(join(folder, "visits.csv"), 'city,at\r\nOslo,60000\n"Bern, ""old""",2\nOslo,59999\nOslo,1\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

const sales = (...lines: string[]) => writeFileSync(join(folder, "sales.ndjson"), lines.join("\n"))

describe("millrace run --bounded", () => {
  test("prints the final results once, whatever the order of what comes in", async () => {
    const { code, stdout, stderr } = await run(["run", app, "--bounded", "--job", "visits"])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^job visits: 4 records in, 3 results out, in [\d.]+ s\n$/),
    })
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map(line => JSON.parse(line))
    expect(rows.toSorted((a, b) => a.windowEnd - b.windowEnd || a.visits - b.visits)).toEqual([
      { city: 'Bern, "old"', windowStart: 0, windowEnd: 60_000, visits: 1 },
      { city: "Oslo", windowStart: 0, windowEnd: 60_000, visits: 2 },
      { city: "Oslo", windowStart: 60_000, windowEnd: 120_000, visits: 1 },
    ])
  })

  test("writes a file for each topic, with each key's last row", async () => {
    sales('{"city":"Oslo","cents":5}', "", '{"city":"Bern","cents":2}', '{"city":"Oslo","cents":7}')
    const out = join(folder, "out")
    mkdirSync(out)
    const ended = await run(["run", app, "--bounded", "--job", "sales", "--out", out])
    expect(ended).toMatchObject({ code: 0, stdout: "" })
    expect(readdirSync(out)).toEqual(["totals.ndjson"])
    const rows = readFileSync(join(out, "totals.ndjson"), "utf8").trimEnd().split("\n")
    expect(rows.sort()).toEqual(['{"city":"Bern","cents":2}', '{"city":"Oslo","cents":12}'])
  })

  test("a record that the job throws on ends it without results", async () => {
    sales('{"city":"Oslo","cents":5}', '{"city":"Bern","cents":-2}')
    expect(await run(["run", app, "--bounded", "--job", "sales"])).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /a sale of less than nothing at files\.files\/0, offset 1: {"city":"Bern","cents":-2}; no results/,
      ),
    })
  })

  test.each([
    [["--bounded"], 1, /several jobs: expected --job with one of sales, visits/],
    [["--bounded", "--job", "none"], 1, /the app has no job none: expected one of sales, visits/],
    [["--job", "visits"], 2, /--bounded: is missing/],
  ])("%j ends with %i and says why", async (args, code, words) => {
    const ended = await run(["run", app, ...args])
    expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(words) })
  })

  test("a file that is not what it should be is told with its line", async () => {
    sales('{"city":"Oslo","cents":5}', "{")
    expect(await run(["run", app, "--bounded", "--job", "sales"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/sales\.ndjson:2: expected a JSON value/),
    })
  })
})

describe("millrace plan", () => {
  test("says what a start would change, and that a mistake is one", async () => {
    const data = join(folder, "none")
    const topics = join(folder, "topics.ts")
    writeFileSync(topics, OVER_TOPICS)
    expect(await run(["plan", topics, "--data", data])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^safe +topics\.counts: created\n[\s\S]*safe +jobs\.visits: created\n$/),
      stderr: "",
    })
    const broken = join(folder, "broken.ts")
    writeFileSync(broken, 'import { defineApp } from "millrace"\nexport default defineApp("a b", {})\n')
    expect(await run(["plan", broken, "--data", data])).toMatchObject({ code: 1, stdout: "" })
  })

  test("refuses jobs that read files, and so does a start", async () => {
    const data = join(folder, "refused")
    const said =
      /refused +jobs\.visits\.files: reads the file \S+\/visits\.csv: a job that goes on reads topics alone; expected millrace run --bounded --job visits, or/
    const planned = await run(["plan", app, "--data", data])
    expect(planned).toMatchObject({ code: 1, stdout: expect.stringMatching(said) })
    expect(planned.stderr).toMatch(/^error: 2 refused: nothing of it would be applied/)
    const started = await run(["start", app, "--data", data, "--port", "0"])
    expect(started).toMatchObject({ code: 1, stderr: expect.stringMatching(said) })
  })
})
