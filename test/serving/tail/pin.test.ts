import { expect, test } from "vitest"
import { BUILD_HINT } from "../../../shared/serving/tail/table-source.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { allRows, event, idsOf, openServing, openWithTable, rowsOf } from "../support.ts"

test("what was acknowledged is in the next pin, rows exactly as sent", async () => {
  const ports = memoryPorts()
  const { log, source } = await openWithTable(ports)
  expect(await source.names()).toEqual(["events"])
  expect(await source.pin("nothing")).toBeUndefined()
  expect(await allRows(await source.pin("events"))).toEqual([])
  await append(log, [event(1), "not json", event(2)])
  const pin = await source.pin("events")
  expect(await allRows(pin)).toEqual([
    { id: 1, at: new Date(1_001), $offset: 0n },
    { id: 2, at: new Date(1_002), $offset: 2n },
  ])
  expect(pin?.freshAt).toBeGreaterThan(0)
  expect(pin?.columns.map(({ name }) => name)).toEqual(["id", "at"])
})

test("a query with a cached tail reads only new slots, and ships only new files", async () => {
  const ports = memoryPorts()
  const { log, source } = await openWithTable(ports)
  for (let id = 0; id < 200; id++) await append(log, [event(id), event(-id)])
  // Another process's log has no slots of its own in memory.
  const reader = openServing(ports)
  const before = await reader.source.pin("events")
  ports.counts.reset()
  const again = await reader.source.pin("events")
  expect(again?.tail.map(file => file.id)).toEqual(before?.tail.map(file => file.id))
  // The table's item, its manifests, and what the log needs to know its end.
  expect(ports.counts.calls).toMatchObject({ metaGet: 1, metaQuery: 2, metaPut: 0, objectGet: 0 })
  const idle = ports.counts.bytes.itemsRead
  await append(log, [event(1_000)])
  ports.counts.reset()
  const after = await reader.source.pin("events")
  expect(ports.counts.calls).toMatchObject({ metaGet: 1, metaQuery: 2 })
  // A busy partition's payloads lie in objects: the new one alone is read.
  expect(ports.counts.calls.objectGet).toBeLessThanOrEqual(1)
  expect(ports.counts.bytes.objectsRead).toBeLessThan(500)
  expect(ports.counts.bytes.itemsRead).toBeLessThan(idle + 1_000)
  const known = new Set(before?.tail.map(file => file.id))
  const shipped = after!.tail.filter(file => !known.has(file.id))
  expect(shipped.reduce((sum, file) => sum + file.rows, 0)).toBeLessThan(100)
  expect(await idsOf(after)).toHaveLength(401)
  expect(await idsOf(await source.pin("events"))).toHaveLength(401)
})

test("a file's id names its bytes, also when another process encodes it", async () => {
  const ports = memoryPorts()
  const { log, source } = await openWithTable(ports)
  for (let id = 0; id < 20; id++) await append(log, [event(id)])
  const [a] = (await source.pin("events"))!.tail
  const [b] = (await openServing(ports).source.pin("events"))!.tail
  expect(b!.id).toBe(a!.id)
  expect(await b!.read()).toEqual(await a!.read())
  expect(a!.sizeBytes).toBe((await a!.read()).length)
})

test("a segment of which a bit was flipped, or that is cut short or gone, is told, not read", async () => {
  const ports = memoryPorts()
  const { log, source, builder } = await openWithTable(ports)
  for (let id = 0; id < 30; id++) await append(log, [event(id)])
  await builder.step("events", 0, true)
  const [segment] = (await source.pin("events"))!.segments
  const whole = await segment!.read()
  for (const at of [10, whole.length >> 1, whole.length - 20]) {
    const flipped = Uint8Array.from(whole)
    flipped[at]! ^= 4
    await ports.objects.put(segment!.id, [flipped])
    await expect(segment!.read()).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringMatching("damaged"),
    })
  }
  await ports.objects.put(segment!.id, [whole.subarray(1)])
  await expect(segment!.read()).rejects.toMatchObject({ code: "corrupt" })
  await ports.objects.deleteMany([segment!.id])
  await expect(segment!.read()).rejects.toMatchObject({
    code: "corrupt",
    message: expect.stringMatching("missing"),
  })
  await ports.objects.put(segment!.id, [whole])
  expect(await idsOf(await source.pin("events"))).toHaveLength(30)
})

test("partitions are pinned together, each with its own tail", async () => {
  const ports = memoryPorts()
  const { log, source, builder } = await openWithTable(ports, { partitions: 3 })
  for (let id = 0; id < 30; id++) await append(log, [event(id)], { partition: id % 3 })
  await builder.step("events", 1, true)
  const pin = await source.pin("events")
  expect(pin?.segments).toHaveLength(1)
  expect(new Set(await idsOf(pin)).size).toBe(30)
})

test("a tail beyond a query's limits is an error, never a short answer; a flush mends it", async () => {
  const ports = memoryPorts()
  const limits = { records: 10, bytes: 1_000_000 }
  const { log, source, builder } = await openWithTable(ports, { limits })
  // Batches of different requests arrive by several fetches only when they are large; here the limit is met between two.
  const big = JSON.stringify({ id: 1, at: 1, pad: "x".repeat(900_000) })
  for (let id = 0; id < 12; id++) await append(log, [big])
  const hint = ports.wake.wait(BUILD_HINT, 10_000)
  await expect(source.pin("events")).rejects.toMatchObject({ name: "QueryError", code: "tail_too_long" })
  expect(await hint).toBe(true)
  expect(await builder.step("events", 0)).toMatchObject({ kind: "flushed", rows: 12 })
  expect(await idsOf(await source.pin("events"))).toHaveLength(12)
})

test("pins that come while one runs share the next", async () => {
  const ports = memoryPorts()
  const { log, source } = await openWithTable(ports)
  await append(log, [event(1)])
  await source.pin("events")
  ports.counts.reset()
  const pins = Array.from({ length: 50 }, () => source.pin("events"))
  const rows = await Promise.all(pins.map(async pin => (await pin)?.rows))
  expect(new Set(rows)).toEqual(new Set([1]))
  expect(ports.counts.calls.metaGet).toBeLessThanOrEqual(2)
})

test("a missing segment is a loud error", async () => {
  const ports = memoryPorts()
  const { log, source, builder } = await openWithTable(ports)
  await append(log, [event(1)])
  await builder.step("events", 0, true)
  const pin = await source.pin("events")
  await ports.objects.deleteMany([pin!.segments[0]!.id])
  await expect(rowsOf(pin!.segments[0]!)).rejects.toMatchObject({ name: "StorageError", code: "corrupt" })
})
