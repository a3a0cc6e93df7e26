import { afterEach, describe, expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import { append, failure } from "../support.ts"
import { batchAt, DAY_MS, everything, HOUR_MS, keep, keyed } from "./support.ts"
import { type TestWorld, worlds } from "./worlds.ts"

const LARGE = "x".repeat(40_000)

describe.each(["memory", "local"] as const)("the life of records, %s", kind => {
  let world: TestWorld
  afterEach(() => world.close())

  const open = async (config: Record<string, string> = {}, partitions = 1) => {
    world = await worlds[kind]()
    const log = openLog(world.ports, { inlineItemBytesMax: 8 * 1024 })
    const { id } = await log.createTopic({ name: "events", partitions, owner: "http", config })
    return { log, id }
  }
  const fresh = () => openLog(world.ports)
  const names = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `v${from + index}`)

  test("a day old, slots become a segment; a day later they go, with their objects; records stay", async () => {
    const { log, id } = await open({})
    for (const value of names(20)) await append(log, [value, value])
    await append(log, [LARGE])
    const before = await everything(log, id)
    expect(before).toHaveLength(41)
    expect(await keep(world.ports)).toMatchObject({ rolled: 0 })
    world.advance(DAY_MS + HOUR_MS)
    expect(await keep(world.ports)).toMatchObject({ rolled: 1, slotsDeleted: 0 })
    expect(await world.objects("seg/")).toHaveLength(1)
    expect([await world.slots(id), await everything(log, id), await everything(fresh(), id)]).toEqual([
      21,
      before,
      before,
    ])
    world.advance(DAY_MS + HOUR_MS)
    expect(await world.objects("wal/")).toHaveLength(1)
    expect(await keep(world.ports)).toMatchObject({ rolled: 0, slotsDeleted: 20, objectsDeleted: 1 })
    expect([await world.slots(id), await world.objects("wal/")]).toEqual([1, []])
    expect(await everything(log, id)).toEqual(before)
    await append(fresh(), ["after"])
    expect(await everything(fresh(), id)).toEqual([...before, [41, null, "after"]])
    expect(await everything(fresh(), id, 0, 1, 17)).toEqual([...before.slice(17), [41, null, "after"]])
  })

  test("retention by time takes whole segments from the start, and says where the log begins now", async () => {
    const { log, id } = await open({ "retention.ms": String(3 * DAY_MS) })
    for (let day = 0; day < 5; day++) {
      await append(log, names(3, 3 * day))
      world.advance(DAY_MS + HOUR_MS)
      await keep(world.ports)
    }
    const { beginningOffset, endOffset } = await fresh().offsets(id, 0)
    expect([beginningOffset, endOffset]).toEqual([9, 15])
    expect(await failure(fresh().fetch(id, 0, { offset: 8, maxBytes: 100 }))).toMatchObject({
      code: "offset_out_of_range",
      detail: { start: 9 },
    })
    expect((await everything(fresh(), id)).map(([, , value]) => value)).toEqual(names(6, 9))
    expect(await world.objects("seg/")).toHaveLength(2)
  })

  test("retention by bytes keeps at least as many", async () => {
    const { log, id } = await open({ "retention.bytes": "100000" })
    for (let day = 0; day < 5; day++) {
      await append(log, [LARGE])
      world.advance(DAY_MS + HOUR_MS)
      await keep(world.ports)
    }
    expect(await fresh().offsets(id, 0)).toMatchObject({ beginningOffset: 2, endOffset: 5 })
  })

  test("records are deleted up to an offset within a batch, be it in slots or in a segment", async () => {
    const { log, id } = await open({})
    await append(log, names(10))
    expect(await log.deleteRecords(id, 0, 4)).toBe(4)
    expect(await log.deleteRecords(id, 0, 2)).toBe(4)
    expect(await failure(log.fetch(id, 0, { offset: 3, maxBytes: 100 }))).toMatchObject({
      detail: { start: 4 },
    })
    expect((await everything(log, id)).map(([offset]) => offset)).toEqual([4, 5, 6, 7, 8, 9])
    world.advance(DAY_MS + HOUR_MS)
    await keep(world.ports)
    expect((await everything(fresh(), id)).map(([offset]) => offset)).toEqual([4, 5, 6, 7, 8, 9])
    expect(await fresh().deleteRecords(id, 0, 7)).toBe(7)
    expect((await everything(fresh(), id)).map(([offset]) => offset)).toEqual([7, 8, 9])
    expect(await failure(log.deleteRecords(id, 0, 11))).toMatchObject({
      code: "offset_out_of_range",
      detail: { end: 10 },
    })
    expect(await log.deleteRecords(id, 0, -1)).toBe(10)
    expect(await everything(fresh(), id)).toEqual([])
    world.advance(DAY_MS + HOUR_MS)
    expect(await keep(world.ports)).toMatchObject({ objectsDeleted: 1 })
    expect(await world.objects("seg/")).toEqual([])
    await append(log, ["next"])
    expect(await everything(fresh(), id)).toEqual([[10, null, "next"]])
  })

  test("what is deleted before it is rolled up never comes into a segment", async () => {
    const { log, id } = await open({})
    await append(log, names(10))
    await log.deleteRecords(id, 0, 10)
    world.advance(DAY_MS + HOUR_MS)
    expect(await keep(world.ports)).toMatchObject({ rolled: 1 })
    expect(await world.objects("seg/")).toEqual([])
    await append(log, ["next"])
    world.advance(DAY_MS + HOUR_MS)
    await keep(world.ports)
    expect(await everything(fresh(), id)).toEqual([[10, null, "next"]])
  })

  test("compaction keeps each key's newest record at its offset, and tombstones for a while", async () => {
    const { log, id } = await open({ "cleanup.policy": "compact", "delete.retention.ms": String(2 * DAY_MS) })
    const send = (...pairs: [string, string | null][]) =>
      log.append({ topic: "events", parts: [{ partition: 0, records: keyed(pairs) }] })
    await send(["a", "1"], ["b", "1"], ["a", "2"])
    await send(["c", "1"], ["b", null], ["a", "3"])
    world.advance(DAY_MS + HOUR_MS)
    expect(await keep(world.ports)).toMatchObject({ rolled: 1, compacted: 1 })
    const left = [
      [3, "c", "1"],
      [4, "b", null],
      [5, "a", "3"],
    ]
    expect(await everything(fresh(), id)).toEqual(left)
    expect(await fresh().fetch(id, 0, { offset: 0, maxBytes: 1 })).toMatchObject({
      nextOffset: 6,
      endOffset: 6,
    })
    world.advance(2 * DAY_MS + HOUR_MS)
    await keep(world.ports)
    expect(await everything(fresh(), id)).toEqual([left[0], left[2]])
    await send(["c", "2"])
    expect((await everything(fresh(), id)).at(-1)).toEqual([6, "c", "2"])
    world.advance(DAY_MS + HOUR_MS)
    await keep(world.ports)
    expect(await everything(fresh(), id)).toEqual([left[2], [6, "c", "2"]])
  })

  test("a deleted topic's records stay for a day; then its closing slots are all that is left", async () => {
    const { log, id } = await open({}, 2)
    await append(log, names(5))
    await append(log, [LARGE])
    world.advance(DAY_MS + HOUR_MS)
    await keep(world.ports)
    await append(log, ["last"])
    const before = await everything(log, id)
    await log.deleteTopic("events", "http")
    await keep(world.ports)
    expect(await everything(fresh(), id).catch(() => "closed")).toBe("closed")
    expect((await fresh().fetch(id, 0, { offset: 0, maxBytes: 1e6 })).batches.length).toBeGreaterThan(0)
    expect(before).toHaveLength(7)
    world.advance(DAY_MS + HOUR_MS)
    await keep(world.ports)
    expect([await world.slots(id), await world.slots(id, 1), await world.objects("seg/")]).toEqual([1, 1, []])
    expect(await failure(fresh().fetch(id, 0, { offset: 0, maxBytes: 1 }))).toMatchObject({
      code: "offset_out_of_range",
      detail: { start: 7 },
    })
    expect(await failure(fresh().fetch(id, 0, { offset: 7, maxBytes: 1 }))).toMatchObject({
      code: "topic_deleted",
    })
    expect(await failure(append(log, ["more"]))).toMatchObject({ code: "unknown_topic" })
    world.advance(2 * DAY_MS)
    await keep(world.ports)
    expect(await world.objects("wal/")).toEqual([])
  })

  test("a time finds its record in segments as in slots", async () => {
    const { log, id } = await open({})
    const put = (timestamp: number, ...values: string[]) =>
      log.append({ topic: "events", parts: [{ partition: 0, batch: batchAt(timestamp, values) }] })
    for (let index = 0; index < 6; index++) await put(1_000 * (index + 1), `a${index}`, `b${index}`)
    const times = [0, 1_000, 1_001, 4_000, 5_500, 6_000, 6_001]
    const ask = (one: typeof log) => Promise.all(times.map(time => one.offsetForTimestamp(id, 0, time)))
    const expected = [0, 0, 2, 6, 10, 10, 12]
    expect(await ask(log)).toEqual(expected)
    world.advance(DAY_MS + HOUR_MS)
    await keep(world.ports)
    expect(await ask(fresh())).toEqual(expected)
    await log.deleteRecords(id, 0, 3)
    expect(await ask(fresh())).toEqual([3, 3, 3, 6, 10, 10, 12])
  })
})
