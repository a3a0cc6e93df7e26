import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import { MERGE_SEGMENTS_MIN } from "../../../shared/log/segments/life-limits.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { append, batch, records } from "../support.ts"
import { DAY_MS, everything, HOUR_MS, keep } from "./support.ts"

const LARGE = "x".repeat(20_000)

test("reading an old offset in a process that knows nothing: two reads of items, one ranged get", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  for (let index = 0; index < 60; index++) await append(log, [`${index} ${LARGE}`])
  ports.advance(DAY_MS + HOUR_MS)
  await keep(ports)
  ports.advance(DAY_MS + HOUR_MS)
  await keep(ports)
  await append(log, ["new"])
  const other = memoryPorts({ stores: ports.stores, seed: 1 })
  const cold = openLog(other)
  await cold.topic("events")
  other.counts.reset()
  const fetched = await cold.fetch(id, 0, { offset: 17, maxBytes: 1_000 })
  expect(fetched).toMatchObject({ nextOffset: 18, endOffset: 61 })
  expect(other.counts.calls).toMatchObject({ metaGet: 1, metaQuery: 2, objectGet: 1, objectList: 0 })
  // The topic is asked for by its id once in a process.
  other.counts.reset()
  const next = await cold.fetch(id, 0, { offset: 18, maxBytes: 50_000 })
  expect([next.batches.length, next.nextOffset]).toEqual([2, 20])
  expect(other.counts.calls).toMatchObject({ metaGet: 0, metaQuery: 1, objectGet: 1 })
  // From where it stopped it reads what it wants, no more.
  other.counts.reset()
  await cold.fetch(id, 0, { offset: 20, maxBytes: 50_000 })
  expect(other.counts.bytes.objectsRead).toBeLessThanOrEqual(1_300_000)
  const warm = other.counts.bytes.objectsRead
  expect(warm).toBeGreaterThan(0)
})

test("roll-up reads each flush's object once for all its partitions, and writes one item a partition", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 16, owner: "http" })
  const flush = () =>
    Promise.all(
      Array.from({ length: 16 }, (_, partition) =>
        log.append({ topic: "events", parts: [{ partition, records: records("x".repeat(9_000)) }] }),
      ),
    )
  for (let flushes = 0; flushes < 10; flushes++) await flush()
  const objects = ports.stores.objectKeys().filter(key => key.startsWith("wal/")).length
  ports.advance(DAY_MS + HOUR_MS)
  ports.counts.reset()
  await keep(ports)
  const { calls } = ports.counts
  // Two for the round's own state when it begins, and after its partitions; the third says that it is over.
  expect({ gets: calls.objectGet, puts: calls.objectPut }).toEqual({ gets: objects, puts: 16 })
  // Snapshot and index of each, and four of the round's state.
  expect(calls.metaPut).toBe(2 * 16 + 4)
  for (let partition = 0; partition < 16; partition++) {
    expect(await everything(openLog(ports), id, partition)).toHaveLength(10)
  }
})

test("a partition at rest costs a few reads a round and no write", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  await log.createTopic({ name: "events", partitions: 4, owner: "http" })
  for (let partition = 0; partition < 4; partition++) await append(log, ["x"], { partition })
  for (let day = 0; day < 3; day++) {
    ports.advance(DAY_MS + HOUR_MS)
    await keep(ports)
  }
  ports.counts.reset()
  await keep(ports, { choresEveryMs: DAY_MS })
  const { calls } = ports.counts
  expect(calls.metaPut).toBe(3)
  // Index and first slot of each, and its first slot again where there may be some to delete.
  expect(calls.metaGet + calls.metaQuery).toBeLessThanOrEqual(3 + 4 * 3)
  expect(calls.objectGet + calls.objectPut).toBe(0)
})

test("what lies at rest stays within its formula, however long the log", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  const slots = () => [...ports.stores.items("log")].length
  const named = (prefix: string) => ports.stores.objectKeys().filter(key => key.startsWith(prefix)).length
  const perDay = 3
  const days = 130
  for (let day = 0; day < days; day++) {
    for (let index = 0; index < perDay; index++) {
      await log.append({ topic: "events", parts: [{ partition: 0, batch: batch([`${day} ${LARGE}`]) }] })
      ports.advance(DAY_MS / perDay)
    }
    await keep(ports)
    // A day until they are rolled up, a day and half an hour until they go, and what came since the last round.
    expect(slots()).toBeLessThanOrEqual(perDay * 4)
    // A day below the first slot that is not rolled up.
    expect(named("wal/")).toBeLessThanOrEqual(perDay * 4)
    // Fewer than eight of each size, which doubles from one to the next; and those that were replaced within a day.
    expect(named("seg/")).toBeLessThanOrEqual(MERGE_SEGMENTS_MIN + Math.ceil(Math.log2(day + 2)))
  }
  const items = [...ports.stores.items("meta")].filter(({ pk }) => pk === `${id}#0`)
  expect(items.map(({ sk }) => sk).sort()).toEqual(["segments", "snapshot"])
  expect(await everything(openLog(ports), id)).toHaveLength(days * perDay)
  const rolled = [...ports.stores.objectKeys()].filter(key => key.startsWith("seg/"))
  // Each byte was rewritten a few times, not once a day.
  expect(rolled.length).toBeGreaterThan(1)
})
