import { describe, expect, test } from "vitest"
import { createBuild } from "../../functions/build.ts"
import { createMaintain } from "../../functions/maintain.ts"
import type { BuildEvent } from "../../functions/runtime/build-event.ts"
import { openHome } from "../../functions/runtime/home.ts"
import { REDRIVE_MS_MAX } from "../../functions/runtime/redrive-letters.ts"
import { Builder } from "../../shared/serving/builder/builder.ts"
import { TAIL_LIMITS } from "../../shared/serving/builder/flush-rule.ts"
import { DELETE_AFTER_READ_MS, ORPHAN_AGE_MS } from "../../shared/serving/maintain/collect-table.ts"
import { readManifests } from "../../shared/serving/manifest/manifest-store.ts"
import { TailCache } from "../../shared/serving/tail/tail-cache.ts"
import { records } from "../log/support.ts"
import { event, SPEC } from "../serving/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { ample, coldBase, type TestBase, testBase } from "./support.ts"

const TICK = { source: "aws.events", "detail-type": "Scheduled Event" } as const
const DUE = TAIL_LIMITS.records / 2

async function withTable(base: TestBase = testBase()) {
  const home = openHome(base)
  await home.log.createTopic({ name: "events", partitions: 3, owner: "http" })
  await home.tables.create(SPEC, "http")
  const append = (partition: number, count = 1) => {
    const values = Array.from({ length: count }, (_, id) => event(id))
    return home.log.append({ topic: "events", parts: [{ partition, records: records(...values) }] })
  }
  return { base, ...home, append }
}

const wakesOf = ({ cloud }: TestBase) => cloud.invoked.splice(0).map(({ event }) => event)

describe("the tick", () => {
  test("wakes `build` for what is beyond a table's position, and for nothing else", async () => {
    const { base, append } = await withTable()
    const maintain = createMaintain(coldBase(base, 1))
    await maintain.handle(TICK, ample)
    expect(wakesOf(base)).toEqual([])
    await append(1, DUE)
    await append(2)
    await maintain.handle(TICK, ample)
    expect(wakesOf(base)).toEqual([{ tables: [{ table: "events", partitions: [1, 2] }] }])
    await createBuild(coldBase(base, 2)).handle({ all: true }, ample)
    await maintain.handle(TICK, ample)
    expect(wakesOf(base)).toEqual([{ tables: [{ table: "events", partitions: [2] }] }])
  })

  test("wakes `build` for a table that is built anew, until it stands in the other's place", async () => {
    const { base, append, tables } = await withTable()
    await append(1, 3)
    const old = (await tables.find("events"))!.table
    await tables.alter({ ...SPEC, where: "id <> 1", rebuild: true }, "http")
    const maintain = createMaintain(coldBase(base, 1))
    const build = createBuild(coldBase(base, 2))
    await maintain.handle(TICK, ample)
    const wakes = wakesOf(base) as BuildEvent[]
    expect(wakes).toContainEqual({ tables: [{ table: "~events", partitions: [1] }] })
    for (const wake of wakes) await build.handle(wake, ample)
    const { table } = (await tables.find("events"))!
    expect([table.id === old.id, table.spec.where]).toEqual([false, "id <> 1"])
    await maintain.handle(TICK, ample)
    expect(wakesOf(base)).toEqual([])
  })

  test("keeps the log in shape: after a day slots become segments, a day later they go", async () => {
    const { base, append, log } = await withTable()
    const { ports } = base
    for (let at = 0; at < 3; at++) await append(1)
    const maintain = createMaintain(coldBase(base, 1))
    const slots = () => [...ports.stores.items("log")].length
    const segments = () => ports.stores.objectKeys().filter(key => key.startsWith("seg/")).length
    await maintain.handle(TICK, ample)
    expect([slots(), segments()]).toEqual([3, 0])
    for (const expected of [
      [3, 1],
      [1, 1],
    ]) {
      ports.advance(25 * 3_600_000)
      await maintain.handle(TICK, ample)
      expect([slots(), segments()]).toEqual(expected)
    }
    const { id } = await log.topic("events")
    expect(await log.fetch(id, 1, { offset: 0, maxBytes: 1_000 })).toMatchObject({ nextOffset: 3 })
  })

  test("wakes `build` for what is to be merged, and deletes what merges left a day later", async () => {
    const { base, append, tables, log } = await withTable()
    const { ports } = base
    const builder = new Builder(ports, tables, new TailCache(log))
    for (let at = 0; at < 8; at++) {
      await append(1)
      await builder.step("events", 1, true)
    }
    const maintain = createMaintain(base)
    const build = createBuild(coldBase(base, 2))
    await maintain.handle(TICK, ample)
    const [wake] = wakesOf(base)
    expect(wake).toEqual({ tables: [{ table: "events", partitions: [1] }] })
    await build.handle(wake as BuildEvent, ample)
    const { id } = (await tables.find("events"))!.table
    expect((await readManifests(ports, id)).manifests[1]!.segments).toMatchObject([{ rows: 8, level: 1 }])
    await maintain.handle(TICK, ample)
    expect(wakesOf(base)).toEqual([])
    const objects = async () => (await ports.objects.list(`tab/${id}/`)).objects.length
    expect(await objects()).toBe(9)
    for (const ms of [ORPHAN_AGE_MS, DELETE_AFTER_READ_MS]) {
      ports.advance(ms + 1)
      await maintain.handle(TICK, ample)
    }
    expect(await objects()).toBe(1)
  })

  test("wakes `build` for segments that lack an index, until they have it", async () => {
    const { base, append, tables, log } = await withTable()
    await append(1)
    await new Builder(base.ports, tables, new TailCache(log)).step("events", 1, true)
    await tables.alter({ ...SPEC, indexes: { id: ["bloom"] } }, "http")
    const maintain = createMaintain(coldBase(base, 1))
    await maintain.handle(TICK, ample)
    const [wake] = wakesOf(base)
    expect(wake).toEqual({ tables: [{ table: "events", partitions: [1] }] })
    await createBuild(coldBase(base, 2)).handle(wake as BuildEvent, ample)
    const { id } = (await tables.find("events"))!.table
    const [segment] = (await readManifests(base.ports, id)).manifests[1]!.segments
    expect(segment?.sidecar?.blobs?.[0]).toMatchObject(["id", "bloom", 0, expect.any(Number)])
    await maintain.handle(TICK, ample)
    expect(wakesOf(base)).toEqual([])
  })

  test("asks no more for a table that stopped", async () => {
    const { base, append, tables } = await withTable()
    await tables.detach("events", "http")
    await append(0)
    await createMaintain(coldBase(base, 1)).handle(TICK, ample)
    expect(wakesOf(base)).toEqual([])
  })

  test("carries a deletion through that an ended process left half done", async () => {
    const { base, log } = await withTable()
    await log.createTopic({ name: "gone", partitions: 2, owner: "http" })
    const never = new Promise<never>(() => undefined)
    const killed = memoryPorts({
      stores: base.ports.stores,
      seed: 3,
      faults: { before: call => (call.operation === "transact" ? never : Promise.resolve(undefined)) },
    })
    void openHome({ ...base, ports: killed }).log.deleteTopic("gone", "http")
    await expect.poll(() => killed.counts.calls.metaTransact).toBe(1)
    await expect(log.createTopic({ name: "gone", partitions: 1, owner: "http" })).rejects.toMatchObject({
      code: "topic_being_deleted",
    })
    await createMaintain(coldBase(base, 4)).handle(TICK, ample)
    expect((await log.createTopic({ name: "gone", partitions: 1, owner: "http" })).partitions).toBe(1)
  })

  test("a table that cannot be looked at keeps no other from its wake, and fails the invocation", async () => {
    const { base, append, tables } = await withTable()
    await tables.create({ ...SPEC, name: "other" }, "http")
    await append(0)
    const { id } = (await tables.find("events"))!.table
    let broken = true
    const ports = memoryPorts({
      stores: base.ports.stores,
      seed: 5,
      faults: {
        before: async call =>
          broken && call.key.startsWith(`manifest#${id}`) ? { kind: "unavailable" } : undefined,
      },
    })
    const maintain = createMaintain({ ...base, ports })
    await expect(maintain.handle(TICK, ample)).rejects.toThrow(/^1 faults: /)
    expect(wakesOf(base)).toEqual([{ tables: [{ table: "other", partitions: [0] }] }])
    broken = false
    await maintain.handle(TICK, ample)
    expect(wakesOf(base)).toHaveLength(2)
  })

  test("wakes `build` once more where the topic of a table has ended, though all of it is read", async () => {
    const { base, append, log, tables } = await withTable()
    await append(1)
    const build = createBuild(coldBase(base, 2))
    await build.handle({ all: true }, ample)
    await log.deleteTopic("events", "http")
    const { id } = (await tables.find("events"))!.table
    const drained = async () => (await readManifests(base.ports, id)).manifests.map(it => it.drained)
    expect(await drained()).toEqual([false, false, false])
    await createMaintain(coldBase(base, 3)).handle(TICK, ample)
    const [wake] = wakesOf(base)
    expect(wake).toEqual({ tables: [{ table: "events", partitions: [0, 1, 2] }] })
    await build.handle(wake as BuildEvent, ample)
    expect(await drained()).toEqual([true, true, true])
    await createMaintain(coldBase(base, 4)).handle(TICK, ample)
    expect(wakesOf(base)).toEqual([])
  })

  test("does its work in an invocation of any length", async () => {
    const { base, append } = await withTable()
    await append(0)
    for (const leftMs of [30_000, 1_000]) {
      await createMaintain(base).handle(TICK, { leftMs: () => leftMs })
      expect(wakesOf(base)).toHaveLength(1)
    }
  })

  test("without time looks at no table, and the next tick does", async () => {
    const { base, append } = await withTable()
    await append(0)
    const maintain = createMaintain(base)
    let asked = 0
    await maintain.handle(TICK, { leftMs: () => (asked++ === 0 ? 30_000 : 10_000) })
    expect(wakesOf(base)).toEqual([])
    await maintain.handle(TICK, ample)
    expect(wakesOf(base)).toHaveLength(1)
  })
})

describe("redrive", () => {
  const failedBuild = (requestPayload: unknown) =>
    // Lambda's record of an invocation that failed, in the queue it was told to use.
    JSON.stringify({
      version: "1.0",
      timestamp: "2026-01-01T00:00:00.000Z",
      requestContext: {
        requestId: "r",
        functionArn: "arn",
        condition: "RetriesExhausted",
        approximateInvokeCount: 1,
      },
      requestPayload,
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: { errorMessage: "1 of 2 partitions failed" },
    })

  test("starts failed builds again, and leaves what is neither a build's nor a journal's", async () => {
    const base = testBase()
    const event = { tables: [{ table: "events", partitions: [3] }] }
    for (const body of [
      failedBuild(event),
      "no JSON",
      failedBuild({ tables: "x" }),
      failedBuild({ all: true }),
    ]) {
      await base.cloud.deadLetters.send(body)
    }
    const maintain = createMaintain(base)
    expect(await maintain.handle({ redrive: { max: 0 } }, ample)).toEqual({
      redriven: 0,
      failed: 0,
      remaining: 4,
    })
    expect(await maintain.handle({ redrive: { max: 100 } }, ample)).toEqual({
      redriven: 2,
      failed: 2,
      remaining: 2,
    })
    expect(wakesOf(base)).toEqual([event, { all: true }])
    expect(base.cloud.handed.map(({ body }) => body)).toEqual(["no JSON", failedBuild({ tables: "x" })])
    expect(base.counts.get("RedriveFailed")).toBe(2)
  })

  test("keeps the letter when the build cannot be started, or its record is gone", async () => {
    const base = testBase()
    await base.cloud.deadLetters.send(failedBuild({ all: true }))
    base.cloud.failure = new Error("throttled")
    const maintain = createMaintain(base)
    expect(await maintain.handle({ redrive: { max: 1 } }, ample)).toEqual({
      redriven: 0,
      failed: 1,
      remaining: 1,
    })
    base.cloud.failure = undefined
    base.cloud.letters.push(...base.cloud.handed.splice(0))
    const gone = { kind: "journal", shard: "s/1", sequence: "1", key: "dead/journal/s/1/1" }
    await base.cloud.deadLetters.send(JSON.stringify(gone))
    expect(await maintain.handle({ redrive: { max: 5 } }, ample)).toEqual({
      redriven: 1,
      failed: 1,
      remaining: 1,
    })
  })

  test("answers before a gateway gives up, and goes on when asked again", async () => {
    const base = testBase()
    for (let letter = 0; letter < 5; letter++) await base.cloud.deadLetters.send(failedBuild({ all: true }))
    const { invokeLater } = base.cloud.invoker
    base.cloud.invoker.invokeLater = async (name, event) => {
      base.ports.advance(REDRIVE_MS_MAX / 2)
      await invokeLater(name, event)
    }
    const maintain = createMaintain(base)
    const result = await maintain.handle({ redrive: { max: 5 } }, ample)
    expect(result).toEqual({ redriven: 2, failed: 0, remaining: 3 })
    // What was not tried is at hand.
    expect(await maintain.handle({ redrive: { max: 5 } }, ample)).toMatchObject({ redriven: 2, remaining: 1 })
  })

  test("stops when its time is up, and refuses what is no number", async () => {
    const base = testBase()
    for (let letter = 0; letter < 5; letter++) await base.cloud.deadLetters.send(failedBuild({ all: true }))
    let leftMs = 60_000
    const maintain = createMaintain(base)
    const result = await maintain.handle({ redrive: { max: 5 } }, { leftMs: () => (leftMs -= 5_000) })
    expect(result).toEqual({ redriven: 3, failed: 0, remaining: 2 })
    await expect(maintain.handle({ redrive: { max: "many" } }, ample)).rejects.toThrow(
      /^redrive\.max: expected/,
    )
    expect(await maintain.handle({ redrive: { max: 5 } }, ample)).toMatchObject({ redriven: 2 })
  })
})
