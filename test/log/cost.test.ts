import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { append, openWithTopic, readAll, records } from "./support.ts"

test("a flush of k appends to p partitions: at most one object, p slots, no transaction", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports, 4)
  for (let partition = 0; partition < 4; partition++) await append(log, ["warm"], { partition })
  ports.counts.reset()
  const large = "x".repeat(20_000)
  const appends = Array.from({ length: 24 }, (_, index) => append(log, [large], { partition: index % 4 }))
  await Promise.all(appends)
  expect(ports.counts.calls).toMatchObject({
    objectPut: 1,
    metaPut: 4,
    metaTransact: 0,
    metaGet: 0,
    metaQuery: 0,
  })

  ports.counts.reset()
  await Promise.all(Array.from({ length: 8 }, (_, index) => append(log, ["small"], { partition: index % 4 })))
  expect(ports.counts.calls).toMatchObject({ objectPut: 0, metaPut: 4, metaTransact: 0 })
})

test("what comes to more than two full slots lies in one object, however small each partition's share", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports, 16)
  const to = (partitions: number) =>
    Promise.all(
      Array.from({ length: partitions }, (_, partition) => append(log, ["x".repeat(6_000)], { partition })),
    )
  await to(16)
  ports.counts.reset()
  await to(2)
  expect(ports.counts.calls).toMatchObject({ objectPut: 0, metaPut: 2 })
  ports.counts.reset()
  await to(16)
  expect(ports.counts.calls).toMatchObject({ objectPut: 1, metaPut: 16 })
  expect(ports.counts.bytes.itemsWritten).toBeLessThan(16 * 1024)
})

test("adjacent batches of one object come by one ranged get", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports, 2)
  const producers = Array.from({ length: 10 }, (_, index) => `p${index}`)
  await append(log, ["warm"])
  for (const name of producers)
    await append(log, ["first"], { producer: { id: name, epoch: 0, sequence: 0 } })
  await Promise.all(
    producers.map(name =>
      append(log, ["x".repeat(2_000)], { producer: { id: name, epoch: 0, sequence: 1 } }),
    ),
  )
  const other = memoryPorts({ stores: ports.stores, seed: 1 })
  const reader = openLog(other)
  await reader.offsets(id, 0)
  other.counts.reset()
  const fetched = await reader.fetch(id, 0, { offset: 11, maxBytes: 1_000_000 })
  expect(fetched.batches).toHaveLength(10)
  expect(other.counts.calls).toMatchObject({ objectGet: 1, metaGet: 0, metaQuery: 1 })
})

test("a cold writer reads at most one snapshot and two pages, however long the partition", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  for (let index = 0; index < 700; index++) await append(log, [`${index}:${"x".repeat(4_000)}`])
  const other = memoryPorts({ stores: ports.stores, seed: 1 })
  const cold = openLog(other)
  await cold.topic("events")
  other.counts.reset()
  await append(cold, ["next"])
  expect(other.counts.calls.metaGet).toBe(0)
  expect(other.counts.calls.metaQuery).toBeLessThanOrEqual(3)
  expect(other.counts.calls.metaPut).toBeLessThanOrEqual(2)
  expect(await readAll(cold, id)).toHaveLength(701)
})

test("a warm writer reads nothing", async () => {
  const ports = memoryPorts()
  const { log } = await openWithTopic(ports)
  await append(log, ["warm"])
  ports.counts.reset()
  for (let index = 0; index < 100; index++) {
    await log.append({ topic: "events", parts: [{ partition: 0, records: records(`v${index}`) }] })
  }
  expect(ports.counts.calls).toMatchObject({ metaGet: 0, metaQuery: 0, metaPut: 100, objectGet: 0 })
})
