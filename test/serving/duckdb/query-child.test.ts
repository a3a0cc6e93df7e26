import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { QueryChild } from "../../../shared/serving/duckdb/query-child.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace-child-"))
afterAll(() => rmSync(folder, { recursive: true }))

function child(limits: {
  dataBytesMax?: number
  residentBytesMax?: number
  grownBytesMax?: number
}): QueryChild {
  return new QueryChild({
    folder,
    dataBytesMax: limits.dataBytesMax ?? 0,
    settings: {
      slots: [{ prefix: "s", count: 1 }],
      profileName: "profile.json",
      memoryBytesMax: 8 * 1024 ** 3,
      grownBytesMax: limits.grownBytesMax ?? 8 * 1024 ** 3,
      residentBytesMax: limits.residentBytesMax ?? 0,
    },
  })
}

const run = (sql: string) => ({ kind: "run" as const, sql, views: [], rowsMax: 10, resultBytesMax: 1000 })
const greedy = run("SELECT list(x) FROM range(1000000000000) t(x)")

test("where the system limits no memory, a child ends itself", async () => {
  const watched = child({ residentBytesMax: 400 * 1024 ** 2 })
  expect(await watched.ready).toBe(true)
  expect(await watched.ask(greedy, 20_000).outcome).toMatchObject({ fault: { code: "resource_limit" } })
  await watched.exited
  expect(watched.isAlive).toBe(false)
  expect(await watched.ask(run("SELECT 1"), 1000).outcome).toMatchObject({
    fault: { code: "resource_limit" },
  })
})

test.runIf(process.platform === "linux")(
  "the system's limit ends what DuckDB's own does not see",
  async () => {
    const limited = child({ dataBytesMax: 1024 ** 3 })
    expect(await limited.ready).toBe(true)
    const outcome = await limited.ask(run("SELECT length(repeat('x', 2000000000))"), 20_000).outcome
    expect(outcome).toMatchObject({ fault: { code: "resource_limit" } })
    limited.kill()
    await limited.exited
  },
)

test("a child that kept what a query took gives its answer and is replaced", async () => {
  const small = child({ grownBytesMax: 8 * 1024 ** 2 })
  expect(await small.ready).toBe(true)
  const many = run("SELECT length(list(repeat('x', 100) || x)::VARCHAR) > 0 FROM range(200000) t(x)")
  expect(await small.ask(many, 20_000).outcome).toMatchObject({ value: { rows: [[true]] } })
  await small.exited
})
