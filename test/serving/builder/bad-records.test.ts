import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { decodeRecords } from "../../../shared/log/records/index.ts"
import type { Log } from "../../../shared/log/types.ts"
import { readManifest, readManifests } from "../../../shared/serving/manifest/manifest-store.ts"
import { tableStatus } from "../../../shared/serving/tables/table-status.ts"
import type { StoreCall } from "../../../shared/storage/memory/faults.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { event, idsOf, openServing, openWithTable, type Serving, SPEC } from "../support.ts"

const BAD = '{"id":"x","at":1}'
const REFUSING: Partial<TableSpec> = { badRecords: "refuse" }
const LETTERS: TableSpec = { ...SPEC, badRecords: { deadLetter: "broken" } }

const ids = async ({ source }: Serving) => (await idsOf(await source.pin("events"))).map(Number)

test("a table that refuses stops before the record, tells so, and goes on once it is altered", async () => {
  const ports = memoryPorts()
  const serving = await openWithTable(ports, { spec: REFUSING })
  const { log, registry, builder } = serving
  await append(log, [event(1), event(2), BAD, event(4)])
  expect(await ids(serving)).toEqual([1, 2])
  expect(await builder.step("events", 0)).toMatchObject({
    kind: "flushed",
    rows: 2,
    position: 2,
    more: false,
  })
  expect(await builder.step("events", 0)).toEqual({ kind: "waiting", records: 0 })
  await append(log, [event(5)])
  expect(await ids(serving)).toEqual([1, 2])
  const status = async () => tableStatus(ports, (await registry.find("events"))!.table)
  expect((await status()).partitions[0]).toMatchObject({
    position: 2,
    refused: { offset: 2, why: "id: text is not a number" },
  })
  expect((await status()).totals).toMatchObject({ records: 2, rows: 2, skipped: 0 })
  await registry.alter(SPEC, "http")
  expect(await ids(serving)).toEqual([1, 2, 4, 5])
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", position: 5 })
  expect((await status()).partitions[0]).not.toHaveProperty("refused")
  expect((await status()).totals).toMatchObject({ records: 5, rows: 4, skipped: 1 })
})

test("a refused record at the very start, one that is no JSON, and another partition that goes on", async () => {
  const ports = memoryPorts()
  const serving = await openWithTable(ports, { spec: REFUSING, partitions: 2 })
  const { log, builder, registry } = serving
  await append(log, ["nonsense"], { partition: 0 })
  await append(log, [event(7)], { partition: 1 })
  expect(await ids(serving)).toEqual([7])
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 0, position: 0 })
  expect(await builder.step("events", 0)).toEqual({ kind: "waiting", records: 0 })
  expect(await builder.step("events", 1, true)).toMatchObject({ kind: "flushed", rows: 1 })
  const { table } = (await registry.find("events"))!
  const { manifests } = await readManifests(ports, table.id)
  expect(manifests.map(({ refused }) => refused)).toEqual([
    { offset: 0, why: "value is not JSON" },
    undefined,
  ])
})

async function lettersIn(log: Log, partition = 0) {
  const { id } = await log.topic("broken")
  const { batches } = await log.fetch(id, partition, { offset: 0, maxBytes: 1_000_000 })
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString())
  return batches.flatMap(({ bytes }) =>
    decodeRecords(bytes).map(({ key, value, headers }) => ({
      key: text(key),
      value: text(value),
      headers: Object.fromEntries(headers.map(header => [header.key, text(header.value)])),
    })),
  )
}

async function openLetters(ports = memoryPorts()) {
  const serving = openServing(ports)
  await serving.log.createTopic({ name: "broken", partitions: 1, owner: "http" })
  await serving.log.createTopic({ name: "events", partitions: 1, owner: "http" })
  await serving.registry.create(LETTERS, "http")
  return serving
}

test("bad records go to a topic with what was wrong with them, once", async () => {
  const ports = memoryPorts()
  const serving = await openLetters(ports)
  const { log, builder, registry } = serving
  await append(log, [event(1), BAD, "nonsense"])
  expect(await ids(serving)).toEqual([1])
  expect(await lettersIn(log)).toEqual([])
  expect(await builder.step("events", 0, true)).toMatchObject({ kind: "flushed", rows: 1, more: true })
  await builder.step("events", 0)
  const where = {
    "millrace.table": "events",
    "millrace.topic": "events",
    "millrace.partition": "0",
  }
  const first = [
    {
      key: null,
      value: BAD,
      headers: { ...where, "millrace.error": "id: text is not a number", "millrace.offset": "1" },
    },
    {
      key: null,
      value: "nonsense",
      headers: { ...where, "millrace.error": "value is not JSON", "millrace.offset": "2" },
    },
  ]
  expect(await lettersIn(log)).toEqual(first)
  const { table } = (await registry.find("events"))!
  const { manifest } = await readManifest(ports, table.id, 0)
  expect(manifest?.letters).toMatchObject({ sequence: 2 })
  expect(manifest?.letters).not.toHaveProperty("pending")
  expect(manifest?.totals).toMatchObject({ records: 3, rows: 1, skipped: 2 })
  await append(log, [BAD])
  await builder.step("events", 0, true)
  await builder.step("events", 0)
  expect((await lettersIn(log)).map(({ headers }) => headers["millrace.offset"])).toEqual(["1", "2", "3"])
})

test("letters are in the topic once, at whichever write a builder dies and whoever goes on", async () => {
  for (let crashAt = 1; crashAt <= 9; crashAt++) {
    let writes = Number.NEGATIVE_INFINITY
    let down = false
    const before = async (call: StoreCall) => {
      if (down) return { kind: "unavailable" } as const
      if (!call.write || ++writes !== crashAt) return undefined
      down = true
      // Every other time the write that fails is applied.
      return { kind: crashAt % 2 === 0 ? "timeout-after" : "timeout-before" } as const
    }
    const ports = memoryPorts({ faults: { before } })
    const { log } = await openLetters(ports)
    await append(log, [event(1), BAD, event(3), BAD])
    writes = 0
    const hasty = { ...ports, clock: { ...ports.clock, sleep: async () => ports.advance(5_000) } }
    const crashing = openServing(hasty)
    await crashing.builder.step("events", 0, true).catch(() => {})
    if (!down) await crashing.builder.step("events", 0, true).catch(() => {})
    down = false
    writes = Number.NEGATIVE_INFINITY
    const next = openServing(ports)
    await append(next.log, [BAD])
    for (let steps = 0; steps < 6; steps++) await next.builder.step("events", 0, true)
    const offsets = (await lettersIn(next.log)).map(({ headers }) => headers["millrace.offset"])
    expect(offsets, `crash at ${crashAt}`).toEqual(["1", "3", "4"])
    expect(await ids(next)).toEqual([1, 3])
  }
})

test("two builders at once send letters once", async () => {
  const ports = memoryPorts()
  const { log } = await openLetters(ports)
  await append(log, [BAD, event(2), BAD])
  const builders = [openServing(ports), openServing(ports)]
  for (let round = 0; round < 4; round++)
    await Promise.all(builders.map(({ builder }) => builder.step("events", 0, true)))
  expect((await lettersIn(log)).map(({ headers }) => headers["millrace.offset"])).toEqual(["0", "2"])
})

test("a topic that is gone takes none; another topic begins anew; one that is not there is told at once", async () => {
  const ports = memoryPorts()
  const { log, registry, builder } = await openLetters(ports)
  await append(log, [BAD])
  await builder.step("events", 0, true)
  await log.deleteTopic("broken", "http")
  await builder.step("events", 0)
  await append(log, [BAD])
  expect(await builder.step("events", 0, true)).toMatchObject({ kind: "flushed", position: 2 })
  await expect(registry.alter({ ...SPEC, badRecords: { deadLetter: "none" } }, "http")).rejects.toMatchObject(
    { code: "unknown_topic" },
  )
  await log.createTopic({ name: "broken", partitions: 1, owner: "http" })
  await registry.alter(LETTERS, "http")
  await append(log, [BAD])
  for (let steps = 0; steps < 3; steps++) await openServing(ports, { log }).builder.step("events", 0, true)
  expect((await lettersIn(log)).map(({ headers }) => headers["millrace.offset"])).toEqual(["2"])
})
