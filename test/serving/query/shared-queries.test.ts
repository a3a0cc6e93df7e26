import { expect, test } from "vitest"
import { QueryError } from "../../../shared/serving/errors.ts"
import { QueryService } from "../../../shared/serving/query/query-service.ts"
import { collectQueries, RUNNING_PK, SharedQueries } from "../../../shared/serving/query/shared-queries.ts"
import type { SqlEngine } from "../../../shared/serving/sql/engine.ts"
import type { Ports } from "../../../shared/storage/time.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

/** Two processes over one store; a sleep ends when the test says so. */
function open() {
  const ports = memoryPorts()
  const sleeping = new Set<() => void>()
  const clock: Ports["clock"] = {
    ...ports.clock,
    sleep: (_ms, signal) =>
      new Promise(resolve => {
        sleeping.add(resolve)
        signal?.addEventListener("abort", () => resolve())
      }),
  }
  const pass = async () => {
    for (const wake of [...sleeping]) wake()
    sleeping.clear()
    for (let turn = 0; turn < 50; turn++) await undefined
  }
  const items = () => [...ports.stores.items("meta")].filter(({ pk }) => pk === RUNNING_PK)
  return { ports, query: new SharedQueries({ ...ports, clock }), api: new SharedQueries(ports), pass, items }
}

const running = { requestId: "7", clientQueryId: "mine", sql: "SELECT 1" }

test("a query of another process is listed, and stopped, by who asked it alone", async () => {
  const { query, api, pass, items } = open()
  let stopped = 0
  const end = query.watch(
    () => running,
    "owner",
    () => stopped++,
  )
  expect(await api.list("owner")).toEqual([])
  await pass()
  expect(await api.list("owner")).toMatchObject([running])
  expect(await api.list("another")).toEqual([])
  expect(await api.cancel("7", "another")).toBe(false)
  expect(await api.cancel("8", "owner")).toBe(false)
  await pass()
  expect(stopped).toBe(0)
  expect(await api.cancel("mine", "owner")).toBe(true)
  expect(await api.cancel("7", "owner")).toBe(true)
  await pass()
  expect(stopped).toBe(1)
  await end()
  expect(items()).toEqual([])
  expect(await api.cancel("7", "owner")).toBe(false)
})

test("a short query costs nothing, a long one nothing that stays", async () => {
  const { ports, query, pass, items } = open()
  ports.counts.reset()
  await query.watch(
    () => running,
    "owner",
    () => {},
  )()
  expect(Object.values(ports.counts.calls).filter(count => count > 0)).toEqual([])
  const end = query.watch(
    () => running,
    "owner",
    () => {},
  )
  await pass()
  await pass()
  await end()
  expect(ports.counts.calls).toMatchObject({ metaGet: 2, metaPut: 1, metaDelete: 1 })
  expect(items()).toEqual([])
})

test("what a killed process left is told nobody, and collected", async () => {
  const { ports, query, api, pass, items } = open()
  query.watch(
    () => running,
    "owner",
    () => {},
  )
  await pass()
  await collectQueries(ports)
  expect(items()).toHaveLength(1)
  ports.advance(10 * 60_000)
  expect(await api.list("owner")).toEqual([])
  expect(await api.cancel("7", "owner")).toBe(false)
  await collectQueries(ports)
  expect(items()).toEqual([])
})

test("a query that is stopped from elsewhere, or here, says so", async () => {
  const { ports, query, api, pass, items } = open()
  const stopped = new QueryError("query_execution", "interrupted")
  const engine: SqlEngine = {
    analyze: async sql => ({ ok: true, value: { sql, tables: [] } }),
    run: ({ signal }) =>
      new Promise(resolve => {
        signal?.addEventListener("abort", () => resolve({ ok: false, error: stopped }))
      }),
    close: async () => {},
  }
  const tables = { names: async () => [], pin: async () => undefined }
  const { clock, random } = ports
  const service = new QueryService({ tables, engine, clock, random, shared: query })
  const request = { sql: "SELECT 1", options: { clientQueryId: "mine" }, owner: "owner" }
  for (const cancel of [
    () => api.cancel("mine", "owner"),
    async () => service.running.cancel("mine", "owner"),
  ]) {
    const reply = service.query(request)
    await pass()
    expect(await cancel()).toBe(true)
    await pass()
    expect((await reply).exceptions).toMatchObject([{ errorCode: 503 }])
    expect(items()).toEqual([])
  }
})

test("a store that does not answer keeps no query from its end", async () => {
  const { ports, pass } = open()
  const broken = { ...ports.meta, get: () => Promise.reject(new Error("away")) } as unknown as Ports["meta"]
  const end = new SharedQueries({ ...ports, meta: broken }).watch(
    () => running,
    "owner",
    () => {},
  )
  await pass()
  await end()
})
