import { expect, test } from "vitest"
import { readManifests } from "../../../shared/serving/manifest/manifest-store.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { fakeLog } from "../fake-log.ts"
import { idsOf, openServing, SPEC } from "../support.ts"

async function open() {
  const ports = memoryPorts()
  const fake = fakeLog()
  const serving = openServing(ports, { log: fake.log })
  const { id } = await serving.registry.create(SPEC, "http")
  const manifest = async () => (await readManifests(ports, id)).manifests[0]!
  return { ...serving, fake, manifest }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

test("one fetch from the last known end, and batches that begin below it count once", async () => {
  const { source, fake } = await open()
  fake.end = 10
  expect(await idsOf(await source.pin("events"))).toEqual(range(0, 10))
  fake.fetches = 0
  fake.end = 15
  expect(await idsOf(await source.pin("events"))).toEqual(range(0, 15))
  await source.pin("events")
  expect(fake.fetches).toBe(2)
})

test("a log that grows while it is read is not chased", async () => {
  const { source, fake } = await open()
  fake.step = 5
  fake.end = 20
  const grow = fake.log.fetch.bind(fake.log)
  fake.log.fetch = (...args) => {
    fake.end += 5
    return grow(...args)
  }
  expect(await idsOf(await source.pin("events"))).toEqual(range(0, 25))
})

test("what retention took before the table read it is a gap in the manifest, in one write", async () => {
  const { source, builder, fake, manifest } = await open()
  fake.end = 20
  fake.start = 12
  expect(await idsOf(await source.pin("events"))).toEqual(range(12, 20))
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 8, position: 20 })
  expect(await manifest()).toMatchObject({ gaps: [{ base: 0, next: 12 }], position: 20 })
  expect(await idsOf(await source.pin("events"))).toEqual(range(12, 20))
})

test("a fetch that gives nothing below the end is an error, not an end", async () => {
  const { source, fake } = await open()
  fake.end = 20
  fake.step = 0
  await expect(source.pin("events")).rejects.toMatchObject({ name: "LogError", code: "log_damaged" })
  fake.step = 20
  expect(await idsOf(await source.pin("events"))).toEqual(range(0, 20))
})

test("far more than is kept is read on, and flushed in bounded segments", async () => {
  const { source, builder, fake, manifest } = await open()
  fake.end = 130_000
  fake.step = 26_000
  expect((await source.pin("events"))?.rows).toBe(130_000)
  fake.fetches = 0
  expect((await source.pin("events"))?.rows).toBe(130_000)
  // 26,000 of them are kept: a second chunk would be above 50,000.
  expect(fake.fetches).toBe(4)
  fake.end = 300_000
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", position: 208_000, more: true })
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", position: 300_000, more: false })
  expect((await manifest()).segments.map(({ rows }) => rows)).toEqual([208_000, 92_000])
  expect(await builder.step("events", 0)).toEqual({ kind: "waiting", records: 0 })
})
