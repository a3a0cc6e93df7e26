import { renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { pause, type Server, startServer, temporaryFolder, until } from "./support.ts"

const folder = temporaryFolder()
const app = join(folder, "app.ts")
const MINUTE = 60_000

interface Text {
  /** What becomes of each sale before it is counted. */
  readonly each?: string
  readonly window?: string
  readonly aggregates?: string
  readonly fields?: string
}

const appText = ({ each = "sale", window = "1m", aggregates = "sales: count()", fields = "" }: Text = {}) => `
import { count, defineApp, defineJob, from, sum, topic, tumbling } from "millrace"
import * as z from "zod"
const Sale = z.object({ city: z.string(), cents: z.int(), at: z.int() })
const Row = z.object({ city: z.string(), windowStart: z.int(), windowEnd: z.int(), sales: z.int()${fields} })
const sales = topic("sales", { schema: Sale, key: "city", eventTime: "at" })
const rows = topic("rows", { schema: Row, key: "city" })
const copies = topic("copies", { schema: Sale, key: "city" })
const perCity = defineJob("per-city", () =>
  from(sales).map(sale => ${each}).keyBy("city").window(tumbling("${window}")).aggregate({ ${aggregates} }).to(rows))
const copy = defineJob("copy", () => from(sales).to(copies))
export default defineApp("shop", { topics: [sales, rows, copies], jobs: [perCity, copy] })
`

let server: Server

beforeAll(async () => {
  writeFileSync(app, appText())
  server = await startServer({ app, args: ["--watch"] })
})

async function edit(text: Text, expected: RegExp): Promise<string> {
  const from = server.stderr.length
  writeFileSync(`${app}.new`, appText(text))
  renameSync(`${app}.new`, app)
  await server.said(expected, from)
  return server.stderr.slice(from)
}

let sent = 0
async function sell(city: string, cents: number, at: number): Promise<void> {
  expect((await server.produce("/topics/sales", [{ city, cents, at }])).status).toBe(200)
  sent++
}

const job = async (name = "per-city") => (await server.call(`GET /jobs/${name}`)).json

async function valuesOf(topic: string): Promise<unknown[]> {
  const { json } = await server.call(`GET /topics/${topic}/partitions/0/records?offset=0&timeout=0`)
  return json.map(({ value }: { value: unknown }) => value)
}

const isThrough = async () => (await job()).tasks[0].lag === 0

async function rowsWhen(count: number): Promise<unknown[]> {
  await until(async () => (await valuesOf("rows")).length >= count)
  return valuesOf("rows")
}

test("an edit of the graph goes on with the state that it had", async () => {
  await sell("Oslo", 100, 1_000)
  await until(isThrough)
  const more = {
    aggregates: "sales: count(), cents: sum(sale => sale.cents)",
    fields: ", cents: z.int().optional()",
  }
  const said = await edit(more, /applied\n.*\n.*\n/)
  expect(said).toMatch(
    /safe +jobs\.per-city: another graph: a new generation, with the state of its positions, window/,
  )
  await sell("Oslo", 50, 2_000)
  await sell("Rome", 10, MINUTE + 1)
  // What was sold before the edit is counted, and summed from then on.
  expect(await rowsWhen(1)).toEqual([
    { city: "Oslo", windowStart: 0, windowEnd: MINUTE, sales: 2, cents: 50 },
  ])
  expect(await job()).toMatchObject({ generation: 2, state: "running" })
})

const summed = {
  aggregates: "sales: count(), cents: sum(sale => sale.cents)",
  fields: ", cents: z.int().optional()",
}

test("an edit of a function alone is taken up by the same generation", async () => {
  await edit({ ...summed, each: "({ ...sale, cents: sale.cents * 2 })" }, /nothing to change\n/)
  await sell("Rome", 10, MINUTE + 2)
  await sell("Oslo", 1, 2 * MINUTE)
  expect((await rowsWhen(2))[1]).toMatchObject({ city: "Rome", sales: 2, cents: 30 })
  expect(await job()).toMatchObject({ generation: 2 })
})

test("an edit that would lose state is refused with its reason, and the job goes on", async () => {
  const said = await edit({ ...summed, window: "5m" }, /The definition before it stays in force\.\n/)
  expect(said).toMatch(
    /refused +jobs\.per-city\.window: changed: its assigner is .*; name it in dropState: \["window"\]/,
  )
  await sell("Rome", 5, 3 * MINUTE)
  expect((await rowsWhen(3))[2]).toMatchObject({ city: "Oslo", windowStart: 2 * MINUTE, sales: 1 })
})

test("code that ends its thread hurts nobody and fails its job after some tries, with the record that it met", async () => {
  await edit({ ...summed, each: "sale.cents === 13 ? process.exit(3) : sale" }, /nothing to change\n/)
  await sell("Bern", 13, 3 * MINUTE + 1)
  await until(async () => (await job()).trouble?.times >= 1)
  expect((await job()).trouble.error).toBe("job per-city: ended its thread (exit code 3)")
  expect((await server.call("GET /metrics")).text).toContain('millrace_job_up{job="per-city"} 0\n')
  expect((await server.call("GET /health")).status).toBe(200)
  await until(async () => (await valuesOf("copies")).length === sent)
  await until(async () => (await job()).state === "failed")
  expect((await job()).fault).toEqual({
    task: 0,
    error: "the worker died 4 times in a row: job per-city: ended its thread (exit code 3)",
    at: { topic: "sales", partition: 0, offset: sent - 1 },
    record: expect.stringMatching(/"cents":13/),
  })
  await edit(summed, /nothing to change\n/)
  expect((await server.call("POST /jobs/per-city/resume")).json).toMatchObject({ state: "running" })
  await until(async () => (await job()).trouble === undefined && (await isThrough()))
})

test("a record that a function throws on fails the job, with its place; resumed, it goes on", async () => {
  await edit(
    { ...summed, each: '{ if (sale.cents === 17) throw new Error("odd"); return sale }' },
    /nothing to change\n/,
  )
  await sell("Bern", 17, 3 * MINUTE + 2)
  await until(async () => (await job()).state === "failed")
  const fault = { task: 0, error: "Error: odd", at: { topic: "sales", partition: 0, offset: sent - 1 } }
  expect(await job()).toMatchObject({ fault, tasks: [{ lag: 1 }] })
  await edit(summed, /nothing to change\n/)
  expect((await server.call("POST /jobs/per-city/resume")).json).toMatchObject({ state: "running" })
  await until(isThrough)
  expect(await job()).not.toHaveProperty("fault")
})

test("paused it reads nothing; a savepoint takes it back, and results are given again", async () => {
  expect((await server.call("POST /jobs/per-city/savepoint", { body: { id: "one" } })).status).toBe(201)
  const before = (await valuesOf("rows")).length
  await sell("Rome", 1, 4 * MINUTE)
  const given = await rowsWhen(before + 2)
  expect((await server.call("POST /jobs/per-city/pause")).json).toMatchObject({ state: "paused" })
  await sell("Rome", 2, 4 * MINUTE + 1)
  await pause(300)
  expect((await job()).tasks[0].lag).toBe(1)
  expect((await server.call("POST /jobs/per-city/restore", { body: { savepoint: "one" } })).status).toBe(200)
  await server.call("POST /jobs/per-city/resume")
  await until(isThrough)
  // The two of that minute once more.
  const again = await rowsWhen(given.length + 2)
  expect(again.slice(given.length)).toEqual(given.slice(before))
  expect((await server.call("POST /jobs/per-city/savepoint", { body: { id: "one" } })).json).toMatchObject({
    reason: "savepoint_exists",
  })
})

test("restarted, its jobs go on; taken out of the app it is detached, and can be deleted", async () => {
  const rows = (await valuesOf("rows")).length
  expect((await server.stop()).code).toBe(0)
  server = await startServer(server.options)
  await sell("Oslo", 1, 6 * MINUTE)
  expect((await rowsWhen(rows + 1)).at(-1)).toMatchObject({ windowStart: 4 * MINUTE })
  expect((await server.call("DELETE /jobs/per-city")).json).toMatchObject({ reason: "wrong_state" })
  writeFileSync(app, appText(summed).replace("jobs: [perCity, copy]", "jobs: [copy]"))
  await server.said(/safe +jobs\.per-city: detached/)
  await until(async () => (await job()).state === "detached")
  expect((await server.call("DELETE /jobs/per-city")).status).toBe(204)
  expect((await server.call("GET /jobs/per-city")).status).toBe(404)
  expect((await server.stop()).code).toBe(0)
})
