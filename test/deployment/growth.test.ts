import { expect, test } from "vitest"
import * as z from "zod"
import { count, defineApp, defineJob, from, table, topic, tumbling } from "../../shared/definition/index.ts"
import { loadApp } from "../../shared/definition/resolve.ts"
import { deploy } from "../../shared/deployment/deploy.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { Jobs } from "../../shared/processing/jobs/lifecycle.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import { memoryPorts } from "../support/memory-ports.ts"

interface Shape {
  readonly partitions: number
  readonly reader?: "table" | "upsert" | "per-partition"
}

async function appOf({ partitions, reader = "table" }: Shape) {
  const schema = z.object({ city: z.string(), at: z.int() })
  const sales = topic("sales", { schema, key: "city", eventTime: "at", partitions })
  if (reader === "per-partition") {
    const rows = topic("rows", { schema: z.object({ city: z.string(), sales: z.int() }).loose() })
    const job = defineJob(
      "per-city",
      () => from(sales).keyBy("city").window(tumbling("1m")).aggregate({ sales: count() }).to(rows),
      { parallelism: "per-partition" },
    )
    return loadApp(defineApp("shop", { topics: [sales, rows], jobs: [job] }))
  }
  const columns = { city: "string", at: "timestamp" } as const
  const keyed = reader === "upsert" ? ({ primaryKey: ["city"], upsert: { compare: "at" } } as const) : {}
  return loadApp(
    defineApp("shop", { topics: [sales], tables: [table("sales", { from: sales, columns, ...keyed })] }),
  )
}

function open() {
  const ports = memoryPorts()
  const log = openLog(ports)
  return { ports, log, tables: new TableRegistry(ports, log), jobs: new Jobs(ports, log) }
}

test("a definition with more partitions is deployed: the topic grows, and its tables with it", async () => {
  const home = open()
  await deploy(home, await appOf({ partitions: 2 }))
  const { changes } = await deploy(home, await appOf({ partitions: 5 }))
  expect(changes.map(({ kind, path, what }) => [kind, path, what])).toEqual([
    ["safe", "topics.sales.partitions", "2 → 5: keys may go to others from now on"],
  ])
  expect((await home.log.topic("sales")).partitions).toBe(5)
  expect((await home.tables.find("sales"))?.table.partitions).toBe(5)
  expect((await deploy(home, await appOf({ partitions: 5 }))).changes).toEqual([])
})

test.each([
  ["upsert", "the table sales keeps the rows of a key in one partition"],
  ["per-partition", "the job per-city keeps the state of a key in one partition"],
] as const)(
  "a topic that a reader of kind %s rests on does not grow; the same definition as before deploys",
  async (reader, why) => {
    const home = open()
    await deploy(home, await appOf({ partitions: 2, reader }))
    await expect(deploy(home, await appOf({ partitions: 3, reader }))).rejects.toThrow(
      `refused    topics.sales.partitions: 2 → 3: ${why}, and more partitions would send it to others; keep partitions: 2, or make a new topic under another name`,
    )
    expect((await home.log.topic("sales", true)).partitions).toBe(2)
    expect((await deploy(home, await appOf({ partitions: 2, reader }))).changes).toEqual([])
  },
)
