import { describe, expect, test } from "vitest"
import { createBuild } from "../../functions/build.ts"
import { openHome } from "../../functions/runtime/home.ts"
import { TAIL_LIMITS } from "../../shared/serving/builder/flush-rule.ts"
import { readManifests } from "../../shared/serving/manifest/manifest-store.ts"
import { StoredTableSource } from "../../shared/serving/tail/table-source.ts"
import { TailCache } from "../../shared/serving/tail/tail-cache.ts"
import { records } from "../log/support.ts"
import { event, SPEC } from "../serving/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { ample, coldBase, type TestBase, testBase } from "./support.ts"

/** Records after which a segment is due. */
const DUE = TAIL_LIMITS.records / 2

async function withRecords(partitions: number, base: TestBase = testBase()) {
  const { log, tables, ports } = openHome(base)
  await log.createTopic({ name: "events", partitions, owner: "http" })
  const table = await tables.create(SPEC, "http")
  const values = Array.from({ length: DUE }, (_, id) => event(id))
  for (let partition = 0; partition < partitions; partition++) {
    await log.append({ topic: "events", parts: [{ partition, records: records(...values) }] })
  }
  const positions = async () =>
    (await readManifests(ports, table.id)).manifests.map(({ position }) => position)
  return { base, log, positions }
}

describe("build", () => {
  test("makes segments of the partitions that it was woken for", async () => {
    const { base, positions } = await withRecords(3)
    const build = createBuild(base)
    const tables = [{ table: "events", partitions: [0, 2] }]
    expect(await build.handle({ tables }, ample)).toEqual({ rows: 2 * DUE, segments: 2, left: 0 })
    expect(await positions()).toEqual([DUE, 0, DUE])
    expect(base.counts.get("RowsBuilt")).toBe(2 * DUE)
    expect(await build.handle({ tables: [{ table: "events" }] }, ample)).toMatchObject({ rows: DUE })
    expect(await build.handle({ all: true }, ample)).toEqual({ rows: 0, segments: 0, left: 0 })
  })

  test("woken for a partition that its table does not know of yet follows the topic", async () => {
    const { base, log, positions } = await withRecords(1)
    await log.alterTopic("events", "http", { partitions: 3 })
    const values = Array.from({ length: DUE }, (_, id) => event(id))
    await log.append({ topic: "events", parts: [{ partition: 2, records: records(...values) }] })
    const build = createBuild(coldBase(base, 1))
    const tables = [{ table: "events", partitions: [2] }]
    expect(await build.handle({ tables }, ample)).toMatchObject({ rows: DUE, segments: 1, left: 0 })
    expect(await positions()).toEqual([0, 0, DUE])
    expect(await build.handle({ tables: [{ table: "events", partitions: [7] }] }, ample)).toMatchObject({
      rows: 0,
    })
  })

  test("woken twice at once, from two environments, makes each row part of one segment", async () => {
    const { base, positions } = await withRecords(1)
    const event = { tables: [{ table: "events", partitions: [0] }] }
    const builds = [createBuild(coldBase(base, 1)), createBuild(coldBase(base, 2))]
    const results = await Promise.all(builds.map(build => build.handle(event, ample)))
    expect(results.reduce((rows, result) => rows + result.rows, 0)).toBe(DUE)
    expect(await positions()).toEqual([DUE])
  })

  test("makes segments of what is not worth them where it is told to; of two that meet one merges them", async () => {
    const { base, log } = await withRecords(1)
    const { ports } = base
    const tables = [{ table: "events" }]
    const builds = [createBuild(coldBase(base, 1)), createBuild(coldBase(base, 2))]
    await builds[0]!.handle({ tables }, ample)
    const { id } = (await openHome(base).tables.find("events"))!.table
    const append = (n: number) =>
      log.append({ topic: "events", parts: [{ partition: 0, records: records(event(n)) }] })
    for (let n = 0; n < 7; n++) {
      await append(n)
      expect(await builds[0]!.handle({ tables }, ample)).toMatchObject({ segments: 0 })
      // Without time for more than the flush.
      let looks = 0
      const invocation = { leftMs: () => (++looks > 3 ? 0 : 300_000) }
      expect(await builds[0]!.handle({ tables, force: true }, invocation)).toMatchObject({ rows: 1 })
    }
    const pointers = async () => (await readManifests(ports, id)).manifests[0]!.segments
    expect(await pointers()).toHaveLength(8)
    await Promise.all(builds.map(build => build.handle({ tables }, ample)))
    expect(await pointers()).toMatchObject([{ rows: DUE + 7, level: 1 }])
    expect((await ports.objects.list(`tab/${id}/`)).objects).toHaveLength(9)
    expect((await ports.meta.queryPage("meta", { pk: "maintaining" })).items).toEqual([])
  })

  test("without time begins nothing, and says what is left", async () => {
    const { base, positions } = await withRecords(2)
    let leftMs = 10_000
    const build = createBuild(base)
    const invocation = { leftMs: () => (leftMs -= 4_000) }
    expect(await build.handle({ all: true }, invocation)).toEqual({ rows: 0, segments: 0, left: 2 })
    expect(await positions()).toEqual([0, 0])
    expect((await build.handle({ all: true }, ample)).left).toBe(0)
  })

  test("a partition that fails keeps no other from being built, and fails the invocation", async () => {
    const { base, positions } = await withRecords(2)
    const { objects } = base.ports
    let broken = true
    const put: typeof objects.put = (key, ...rest) =>
      broken && key.includes("/1/")
        ? Promise.reject(new Error("the disk is on fire"))
        : objects.put(key, ...rest)
    const build = createBuild({ ...base, ports: { ...base.ports, objects: { ...objects, put } } })
    await expect(build.handle({ all: true }, ample)).rejects.toThrow(
      /1 of 2 partitions failed: table events\/1: the disk/,
    )
    expect(await positions()).toEqual([DUE, 0])
    broken = false
    expect(await build.handle({ all: true }, ample)).toMatchObject({ rows: DUE })
  })

  test("killed between the segment and its manifest leaves an orphan, and the next wake begins anew", async () => {
    const { base, positions } = await withRecords(1)
    const stopped = Promise.withResolvers<never>()
    const killed = memoryPorts({
      stores: base.ports.stores,
      seed: 7,
      faults: {
        // The manifest's put never comes back, nor is it applied: the process is gone.
        before: call =>
          call.key.startsWith("manifest#") && call.write ? stopped.promise : Promise.resolve(undefined),
      },
    })
    const orphaned = createBuild({ ...base, ports: killed }).handle({ all: true }, ample)
    await expect.poll(() => killed.counts.calls.metaPut).toBe(1)
    expect(await positions()).toEqual([0])
    expect(await createBuild(coldBase(base, 8)).handle({ all: true }, ample)).toMatchObject({ rows: DUE })
    expect(await positions()).toEqual([DUE])
    void orphaned.catch(() => undefined)
  })

  test("takes bad records to the topic that is for them, once", async () => {
    const base = testBase()
    const { log, tables } = openHome(base)
    await log.createTopic({ name: "events", partitions: 1, owner: "http" })
    const { id } = await log.createTopic({ name: "broken", partitions: 1, owner: "http" })
    await tables.create({ ...SPEC, badRecords: { deadLetter: "broken" } }, "http")
    const values = Array.from({ length: DUE }, (_, n) => (n < 3 ? "nonsense" : event(n)))
    await log.append({ topic: "events", parts: [{ partition: 0, records: records(...values) }] })
    const builds = [createBuild(coldBase(base, 1)), createBuild(coldBase(base, 2))]
    await Promise.all(builds.map(build => build.handle({ all: true }, ample)))
    for (const build of builds) await build.handle({ all: true }, ample)
    expect((await log.offsets(id, 0)).lastStableOffset).toBe(3)
  })

  test("keeps one row of a key, whichever environment builds", async () => {
    const base = testBase()
    const { log, tables, ports } = openHome(base)
    await log.createTopic({ name: "events", partitions: 1, owner: "http" })
    const table = await tables.create({ ...SPEC, primaryKey: ["id"], upsert: { compare: "at" } }, "http")
    for (let round = 0; round < 2; round++) {
      const values = Array.from({ length: DUE }, (_, n) => event(n % 1_000))
      await log.append({ topic: "events", parts: [{ partition: 0, records: records(...values) }] })
      await createBuild(coldBase(base, 1 + round)).handle({ all: true }, ample)
    }
    const { manifests } = await readManifests(ports, table.id)
    const [{ segments, vectors, runs, position }] = manifests as [(typeof manifests)[0]]
    expect(position).toBe(2 * DUE)
    // The first segment's rows are all dead: the builder has left it out already.
    expect(segments).toMatchObject([{ base: DUE, rows: 1_000 }])
    expect(vectors).toEqual([])
    expect(runs).toMatchObject([{ entries: 1_000 }])
    const pin = await new StoredTableSource(ports, tables, new TailCache(log)).pin("events")
    expect(pin?.rows).toBe(1_000)
  })

  test("of a table that is gone does nothing; what is no event is refused", async () => {
    const { base } = await withRecords(1)
    const build = createBuild(base)
    expect(await build.handle({ tables: [{ table: "gone", partitions: [0] }] }, ample)).toMatchObject({
      rows: 0,
    })
    const wrong = { tables: [{ name: "events" }] } as unknown as { all: true }
    await expect(build.handle(wrong, ample)).rejects.toThrow(/^event: expected { tables/)
    expect(await build.handle({ all: true }, ample)).toMatchObject({ rows: DUE })
  })
})
