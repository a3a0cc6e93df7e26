import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { readManifest } from "../../../shared/serving/manifest/manifest-store.ts"
import { KeyIndexes } from "../../../shared/serving/upsert/key-indexes.ts"
import { mergedRuns } from "../../../shared/serving/upsert/keyed-flush.ts"
import type { Fault, StoreCall } from "../../../shared/storage/memory/faults.ts"
import { memoryStores } from "../../../shared/storage/memory/memory-stores.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { KeyedLog, type TestRecord } from "./keyed-log.ts"
import { openKeyed, PinReader } from "./keyed-table.ts"
import { modelRows } from "./model.ts"

const COLUMNS: TableSpec["columns"] = [
  { name: "k", type: "string" },
  { name: "c", type: "long" },
  { name: "v", type: "int" },
]
const SPEC: TableSpec = {
  name: "events",
  topic: "events",
  columns: COLUMNS,
  primaryKey: ["k"],
  upsert: { compare: "c" },
}

const put = (k: string, c: number, v = 0): TestRecord => ({ key: k, value: { k, c, v } })

async function open(spec: TableSpec, partitions = 1) {
  const ports = memoryPorts()
  const log = new KeyedLog(partitions)
  const serving = openKeyed(ports, log.log)
  const table = await serving.registry.create(spec, "http")
  const reader = new PinReader(spec)
  const rows = async (from = serving) =>
    (await reader.rows((await from.source.pin("events"))!, partitions))[0]!
  const manifest = async () => (await readManifest(ports, table.id, 0)).manifest!
  return { ports, log, serving, table, rows, manifest }
}

test("a flush writes standing rows, the offsets that died, a run and the position in one manifest write", async () => {
  const { ports, log, serving, rows, manifest } = await open(SPEC)
  log.append(0, put("a", 1), put("b", 1), put("a", 2))
  await serving.builder.step("events", 0, true)
  log.append(0, put("b", 0), put("b", 3, 7))
  expect(await rows()).toEqual([
    [2, "a", 2, 0],
    [4, "b", 3, 7],
  ])
  ports.counts.reset()
  expect(await serving.builder.step("events", 0, true)).toMatchObject({ kind: "flushed", rows: 1 })
  expect(ports.counts.calls).toMatchObject({ objectPut: 3, metaPut: 1 })
  expect(await manifest()).toMatchObject({
    position: 5,
    compareMax: 3,
    segments: [
      { base: 0, next: 3, rows: 2 },
      { base: 3, next: 5, rows: 1 },
    ],
    vectors: [{ base: 1, next: 2, offsets: 1 }],
    runs: [{ entries: 2, level: 1 }],
    totals: { records: 5, rows: 3, skipped: 0 },
  })
  expect(await rows()).toEqual([
    [2, "a", 2, 0],
    [4, "b", 3, 7],
  ])
})

test("a record without a value deletes its key's row and leaves the comparison value", async () => {
  const { log, serving, rows } = await open(SPEC)
  log.append(0, put("a", 5), { key: "a", value: null }, { key: "b", value: null })
  expect(await rows()).toEqual([])
  await serving.builder.step("events", 0, true)
  log.append(0, put("a", 4))
  expect(await rows()).toEqual([])
  log.append(0, put("a", 5, 1))
  expect(await rows()).toEqual([[4, "a", 5, 1]])
})

test("what is older than the time to live, and what lies in a wrong partition, is dropped and counted", async () => {
  const { log, serving, rows, manifest } = await open({ ...SPEC, upsert: { compare: "c", ttlMs: 10 } }, 2)
  const here = ["a", "b", "c", "d", "e"].filter(key => log.partitionOf(key) === 0)
  const [there] = ["a", "b", "c", "d", "e"].filter(key => log.partitionOf(key) === 1)
  log.append(0, put(here[0]!, 100), put(here[1]!, 89), put(there!, 100), {
    key: null,
    value: { k: "a", c: 100 },
  })
  log.append(
    0,
    { key: here[0]!, value: { k: there!, c: 100 } },
    { key: here[0]!, value: { k: null, c: 100 } },
  )
  expect(await rows()).toEqual([[0, here[0], 100, 0]])
  await serving.builder.step("events", 0, true)
  const { totals, faults } = await manifest()
  expect(totals).toMatchObject({ records: 6, rows: 1, skipped: 5 })
  expect(new Map(faults)).toEqual(
    new Map([
      ["older than the time to live", 1],
      ["record lies in another partition than its key's", 1],
      ["record has no key", 1],
      ["record's key is not its key field", 1],
      ["primary key is null", 1],
    ]),
  )
})

test("of a dedup the first row stays, and after the time to live the next one joins it", async () => {
  const spec: TableSpec = { ...SPEC, time: "c", dedup: { ttlMs: 10 }, upsert: undefined as never }
  const { upsert: _, ...dedup } = spec
  const { log, serving, rows } = await open(dedup)
  log.append(0, put("a", 100, 1), put("a", 105, 2), put("b", 120, 3))
  await serving.builder.step("events", 0, true)
  log.append(0, put("a", 121, 4), put("b", 121, 5))
  expect((await rows()).map(row => row[3])).toEqual([1, 3, 4])
})

test("lists of a partial upsert are appended and united", async () => {
  const { log, serving, ports } = await open({
    ...SPEC,
    columns: [...COLUMNS, { name: "l", type: "int", list: true }, { name: "u", type: "string", list: true }],
    upsert: { mode: "partial", strategies: { l: "append", u: "union", v: "increment" } },
  })
  const send = (v: number, l: number[], u: string[]) =>
    log.append(0, { key: "a", value: { k: "a", v, l, u } })
  send(1, [1, 2], ["x", "y"])
  send(2, [2], ["y", "z"])
  await serving.builder.step("events", 0, true)
  send(2 ** 31 - 1, [9], ["out of range"])
  send(4, [3], ["x"])
  const cold = openKeyed(ports, log.log)
  const [file] = (await cold.source.pin("events"))!.tail
  expect(file!.batch!.columns.map(({ values }) => values[0])).toEqual([
    "a",
    0n,
    7,
    [1, 2, 2, 3],
    ["x", "y", "z"],
  ])
})

test("a merged row has the default of a column that was added later", async () => {
  const spec: TableSpec = { ...SPEC, upsert: { mode: "partial", strategies: { v: "increment" } } }
  const { log, serving } = await open(spec)
  log.append(0, put("a", 1, 1))
  await serving.builder.step("events", 0, true)
  const added: TableSpec = { ...spec, columns: [...COLUMNS, { name: "w", type: "int", default: 7 }] }
  await serving.registry.alter(added, "http")
  log.append(0, { key: "a", value: { k: "a", c: 2, v: 1, w: null } })
  const pin = (await serving.source.pin("events"))!
  expect(await new PinReader(added).rows({ ...pin, segments: [] }, 1)).toEqual([[[1, "a", 2, 2, 7]]])
})

test("wherever a builder dies, nothing of its flush is seen, or all of it", async () => {
  const append = (log: KeyedLog) => {
    for (let at = 0; at < 40; at++) log.append(0, put(`k${(at * 7) % 9}`, at, at))
  }
  let calls = 1
  for (let dies = 0; dies < calls; dies++) {
    for (const how of ["before", "after"] as const) {
      let seen = 0
      let dead = false
      const before = async (call: StoreCall): Promise<Fault | undefined> => {
        dead ||= seen++ === dies && how === "before"
        if (dead) return new Promise(() => {})
        return seen - 1 === dies && call.write ? { kind: "timeout-after" } : undefined
      }
      const stores = memoryStores()
      const log = new KeyedLog(1)
      const first = openKeyed(memoryPorts({ stores }), log.log)
      await first.registry.create(SPEC, "http")
      append(log)
      await first.builder.step("events", 0, true)
      append(log)
      const dying = openKeyed(memoryPorts({ stores, seed: 1, faults: { before } }), log.log)
      const step = dying.builder.step("events", 0, true)
      await Promise.race([step, new Promise(resolve => setTimeout(resolve, 15).unref())])
      calls = Math.max(calls, seen)
      const next = openKeyed(memoryPorts({ stores, seed: 2 }), log.log)
      const reader = new PinReader(SPEC)
      const rows = async () => (await reader.rows((await next.source.pin("events"))!, 1))[0]
      expect(await rows()).toEqual(modelRows(SPEC, log, 0, 80))
      append(log)
      await next.builder.step("events", 0, true)
      expect(await rows()).toEqual(modelRows(SPEC, log, 0, 120))
    }
  }
  expect(calls).toBeGreaterThan(6)
})

test("runs stay few, and hold at most half as many entries again as there are keys", () => {
  let runs: { entries: number }[] = []
  for (let flush = 0; flush < 3_000; flush++) {
    const entries = 500
    const count = mergedRuns(runs, entries)
    const total = runs.slice(runs.length - count).reduce((sum, run) => sum + run.entries, entries)
    runs = [...runs.slice(0, runs.length - count), { entries: total }]
    expect(runs.length).toBeLessThanOrEqual(8)
    expect(runs.reduce((sum, run) => sum + run.entries, 0)).toBeLessThanOrEqual(
      1.5 * runs[0]!.entries + 1_024,
    )
  }
})

test("without an index in memory a query looks its tail's keys up in two rounds, and only the new ones later", async () => {
  const { ports, log, serving } = await open(SPEC)
  for (let at = 0; at < 20_000; at++) log.append(0, put(`k${at}`, at))
  await serving.builder.step("events", 0, true)
  for (let at = 0; at < 100; at++) log.append(0, put(`k${at * 150}`, 50_000))
  const cold = openKeyed(ports, log.log, { loadEntriesMax: 0 })
  ports.counts.reset()
  const first = (await cold.source.pin("events"))!
  expect(first.segments[0]!.segment!.dead!.offsets.length).toBe(100)
  // The directory, then groups of blocks.
  expect(ports.counts.calls.objectGet).toBeLessThanOrEqual(1 + 20)
  ports.counts.reset()
  await cold.source.pin("events")
  expect(ports.counts.calls.objectGet).toBe(0)
  log.append(0, put("k7", 50_001))
  const next = (await cold.source.pin("events"))!
  expect(next.segments[0]!.segment!.dead!.offsets.length).toBe(101)
  expect(ports.counts.calls.objectGet).toBe(1)
})

test("an index in memory goes forward by what it lacks, and serves no older manifest", async () => {
  const { ports, log, serving, manifest } = await open(SPEC)
  const indexes = new KeyIndexes(ports)
  log.append(0, put("a", 1))
  await serving.builder.step("events", 0, true)
  const older = await manifest()
  expect((await indexes.at(older)).resident).toBe(true)
  for (let at = 0; at < 6_000; at++) log.append(0, put(`k${at}`, at))
  await serving.builder.step("events", 0, true)
  log.append(0, put("a", 2))
  await serving.builder.step("events", 0, true)
  const newer = await manifest()
  expect((await indexes.at(newer)).resident).toBe(true)
  ports.counts.reset()
  expect((await indexes.at(newer)).resident).toBe(true)
  expect(ports.counts.calls.objectGet).toBe(0)
  expect((await indexes.at(older)).resident).toBe(false)
})
