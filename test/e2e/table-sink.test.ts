import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { startServer, temporaryFolder, until } from "./support.ts"

const folder = temporaryFolder()
const app = join(folder, "app.ts")

writeFileSync(
  app,
  `
import { count, defineApp, defineJob, from, records, sum, table, topic } from "millrace"
import * as z from "zod"
const Sale = z.object({ city: z.string(), cents: z.int(), tags: z.array(z.string()) })
const sales = topic("sales", { schema: Sale, key: "city", partitions: 2 })
const large = table("large_sales", {
  from: records({ schema: Sale, key: "city", partitions: 2 }),
  columns: { city: "string", cents: "long", tags: "string[]" },
})
const totals = table("totals", {
  from: records({ schema: z.object({ city: z.string(), sales: z.int(), cents: z.int() }), key: "city" }),
  columns: { city: "string", sales: "long", cents: "long" },
  primaryKey: ["city"],
  upsert: {},
})
const filtering = defineJob("large", () => from(sales).filter(sale => sale.cents >= 100).to(large))
const counting = defineJob("totals", () =>
  from(sales).keyBy("city").aggregate({ sales: count(), cents: sum(sale => sale.cents) }).toTable(totals))
export default defineApp("shop", { tables: [large, totals], jobs: [filtering, counting] })
`,
)

const CITIES = ["Oslo", "Bergen", "Vardø"]
const sale = (n: number) => ({ city: CITIES[n % 3], cents: n, tags: [`t${n}`] })

test("jobs write to tables directly, each result once", { timeout: 60_000 }, async () => {
  const server = await startServer({ app })
  const rows = async (sql: string) => {
    const { json } = await server.call("POST /query/sql", { body: { sql } })
    expect(json.exceptions).toEqual([])
    return json.resultTable.rows
  }
  const sell = async (from: number, to: number) => {
    const sales = Array.from({ length: to - from }, (_, n) => sale(from + n))
    expect((await server.produce("/topics/sales", sales)).status).toBe(200)
  }
  const large = "SELECT count(*), count(DISTINCT cents), sum(cents), sum(len(tags)) FROM large_sales"
  const expected = (to: number) => {
    const sum = Array.from({ length: to - 100 }, (_, n) => 100 + n).reduce((all, one) => all + one, 0)
    return [[to - 100, to - 100, sum, to - 100]]
  }
  await sell(0, 150)
  await sell(150, 300)
  await until(async () => (await rows(large))[0][0] >= 200)
  expect(await rows(large)).toEqual(expected(300))
  const all = "SELECT city, sales, cents FROM totals ORDER BY city"
  await until(async () => (await rows(all)).filter((row: number[]) => row[1] === 100).length === 3)
  expect(await rows(all)).toEqual(
    [1, 0, 2].map(first => [
      CITIES[first],
      100,
      Array.from({ length: 100 }, (_, n) => first + 3 * n).reduce((a, b) => a + b),
    ]),
  )
  expect((await server.call("GET /topics")).json).toEqual(["sales"])
  expect((await server.call("GET /tables/totals")).json.table).toMatchObject({ owner: "app:shop" })
  await server.kill()
})
