import { beforeEach, expect, test } from "vitest"
import * as z from "zod"
import { count, defineApp, defineJob, from, topic, tumbling } from "../../shared/definition/index.ts"
import { loadApp } from "../../shared/definition/resolve.ts"
import { deploy, planDeployment } from "../../shared/deployment/deploy.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { Jobs } from "../../shared/processing/jobs/lifecycle.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import { memoryPorts } from "../support/memory-ports.ts"

const sales = topic("sales", {
  schema: z.object({ city: z.string(), at: z.int() }),
  key: "city",
  eventTime: "at",
  partitions: 3,
})
const rows = topic("rows", {
  schema: z.object({ city: z.string(), windowStart: z.int(), windowEnd: z.int(), sales: z.int() }),
  key: "city",
})

type Options = Parameters<typeof defineJob>[2] & { readonly size?: "1m" | "5m"; readonly filtered?: boolean }

const perCity = ({ size = "1m", filtered = false, ...options }: Options = {}) =>
  defineJob(
    "per-city",
    () =>
      (filtered ? from(sales).filter(() => true) : from(sales))
        .keyBy("city")
        .window(tumbling(size))
        .aggregate({ sales: count() })
        .to(rows),
    options,
  )

const appOf = (...jobs: ReturnType<typeof perCity>[]) =>
  loadApp(defineApp("shop", { topics: [sales, rows], jobs }))

function open() {
  const ports = memoryPorts()
  const log = openLog(ports)
  return { ports, log, tables: new TableRegistry(ports, log), jobs: new Jobs(ports, log) }
}

let home: ReturnType<typeof open>
beforeEach(() => {
  home = open()
})

const itemOf = async () => (await home.jobs.store.get("per-city")).item

test("a job is made with its partitions, and left alone by the same definition", async () => {
  await deploy(home, await appOf(perCity()))
  const made = await home.jobs.store.get("per-city")
  expect(made.item).toMatchObject({ owner: "app:shop", attached: true, state: "running", generation: 1 })
  expect(made.item.tasks.map(inputs => inputs.length)).toEqual([3])
  expect((await deploy(home, await appOf(perCity()))).changes).toEqual([])
  expect((await home.jobs.store.get("per-city")).version).toBe(made.version)
})

test("another graph, or version, is a new generation; another option is not", async () => {
  await deploy(home, await appOf(perCity()))
  await deploy(home, await appOf(perCity({ memoryMb: 256 })))
  expect(await itemOf()).toMatchObject({ generation: 1, definition: { memoryMb: 256 } })
  await deploy(home, await appOf(perCity({ filtered: true })))
  const upgraded = await itemOf()
  expect(upgraded).toMatchObject({ generation: 2, state: "running", start: { kind: "heads" } })
  expect(upgraded).not.toHaveProperty("intent")
  await deploy(home, await appOf(perCity({ filtered: true, version: 2 })))
  expect(await itemOf()).toMatchObject({ generation: 3 })
})

test("what would lose state is refused with the whole plan, and nothing is done", async () => {
  await deploy(home, await appOf(perCity()))
  const next = await appOf(perCity({ size: "5m" }))
  await expect(deploy(home, next)).rejects.toThrow(
    /refused +jobs\.per-city\.window: changed: .*dropState: \["window"\]/,
  )
  expect(await itemOf()).toMatchObject({ generation: 1, state: "running" })
  const { changes } = await planDeployment(home, next)
  expect(changes.map(({ kind, path }) => `${kind} ${path}`)).toEqual(["refused jobs.per-city.window"])
  await deploy(home, await appOf(perCity({ size: "5m", dropState: ["window"] })))
  expect(await itemOf()).toMatchObject({ generation: 2, start: { without: ["window"] } })
})

test("taken out it is sealed and kept; named again it goes on, though its graph has changed meanwhile", async () => {
  await deploy(home, await appOf(perCity()))
  await deploy(home, await appOf())
  expect(await itemOf()).toMatchObject({ attached: false, state: "paused", generation: 2 })
  await deploy(home, await appOf(perCity({ filtered: true })))
  expect(await itemOf()).toMatchObject({ attached: true, state: "running", generation: 3 })
})

test("somebody else's job is not taken over", async () => {
  await deploy(home, await appOf(perCity()))
  const copies = topic("copies", { schema: sales.options.schema as z.ZodType<{ city: string; at: number }> })
  const copy = defineJob("per-city", () => from(sales).to(copies))
  const other = await loadApp(defineApp("other", { jobs: [copy] }))
  await expect(deploy(home, other)).rejects.toThrow(/jobs\.per-city: taken over: it was made by the app shop/)
  expect(await itemOf()).toMatchObject({ owner: "app:shop" })
})
