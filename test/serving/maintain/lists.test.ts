import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { allRows, openServing, SPEC } from "../support.ts"
import { openMaintained } from "./support.ts"

const TAGS = { name: "tags", type: "string", list: true } as const
const LISTED: Partial<TableSpec> = { columns: [...SPEC.columns, TAGS], sort: ["id"] }

const row = (id: number, tags?: readonly (string | null)[]) => ({ id, at: 1_000 + id, tags })
const byId = (rows: Record<string, unknown>[]) =>
  rows.map(({ id, tags }) => [Number(id), tags]).sort(([a], [b]) => Number(a) - Number(b))

async function settle(maintainer: Maintainer) {
  for (let steps = 0; steps < 20; steps++) {
    const step = await maintainer.step("events", 0)
    if (step.kind !== "done") return step.kind
  }
  return "endless"
}

test("merges keep lists, and lists that are added later are filled in from the log", async () => {
  const table = await openMaintained({ ...LISTED, columns: SPEC.columns })
  const { ports, registry, log, source } = table
  const lists = [["a"], [], undefined, ["b", null], ["c", "d"], ["e"], [], ["f"], ["g"], ["h"]]
  for (const [id, tags] of lists.entries()) await table.flush([row(id, tags)])
  await registry.alter({ ...SPEC, ...LISTED } as TableSpec, "http")
  await table.flush([row(10, ["new"])])
  expect(await settle(new Maintainer(ports, registry, log))).not.toBe("endless")
  expect((await table.manifest()).segments.length).toBeLessThan(11)
  const expected = [...lists, ["new"]].map((tags, id) => [id, tags])
  const rows = await allRows(await source.pin("events"))
  expect(byId(rows).map(([id, tags]) => [id, tags ?? undefined])).toEqual(expected)
})

test("a partial upsert joins lists, through flushes and at the pin", async () => {
  const ports = memoryPorts()
  const serving = openServing(ports)
  const { log, registry, builder, source } = serving
  await log.createTopic({ name: "events", partitions: 1, owner: "http", keyField: "id" })
  const columns = [
    { name: "id", type: "string" },
    { name: "all", type: "int", list: true },
    { name: "some", type: "string", list: true },
  ] as const
  const strategies = { all: "append", some: "union" } as const
  const spec: TableSpec = {
    name: "events",
    topic: "events",
    columns,
    primaryKey: ["id"],
    upsert: { mode: "partial", strategies },
  }
  await registry.create(spec, "http")
  const write = async (...values: object[]) => {
    const { records } = await import("../../log/support.ts")
    for (const value of values) {
      const source = records(JSON.stringify(value))
      const bytes = new TextEncoder().encode(`${(value as { id: string }).id}${JSON.stringify(value)}`)
      await log.append({
        topic: "events",
        parts: [
          {
            partition: 0,
            records: {
              ...source,
              write: (batch, _from, _to, timestamp) => batch.add(bytes, 0, 1, 1, bytes.length, timestamp),
            },
          },
        ],
      })
    }
  }
  // The newest: a segment's file keeps the rows that died after it.
  const newest = async () => {
    const rows = await allRows(await source.pin("events"))
    const { id, all, some } = rows.sort((a, b) => Number(a.$offset) - Number(b.$offset)).at(-1)!
    return { id, all, some }
  }
  await write({ id: "a", all: [1], some: ["x", "y"] }, { id: "a", all: [1, 2], some: ["y", "z"] })
  const both = { id: "a", all: [1, 1, 2], some: ["x", "y", "z"] }
  expect(await newest()).toEqual(both)
  await builder.step("events", 0, true)
  expect(await newest()).toEqual(both)
  await write({ id: "a", some: [null, "q"] })
  const more = { id: "a", all: [1, 1, 2], some: ["x", "y", "z", null, "q"] }
  expect(await newest()).toEqual(more)
  await openServing(ports).builder.step("events", 0, true)
  expect(await newest()).toEqual(more)
})
