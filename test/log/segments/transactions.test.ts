import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { append } from "../support.ts"
import { Producer, read, values } from "../transactions/support.ts"
import { DAY_MS, HOUR_MS, keep } from "./support.ts"

test("roll-up takes what is committed, and stops where a transaction is open: readers notice nothing", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  const [one, two] = [await new Producer(log, "one").init(), await new Producer(log, "two").init()]
  await one.append(["a"])
  await append(log, ["plain"])
  await two.append(["gone"])
  await one.append(["b"])
  await two.abort()
  await one.commit()
  await two.append(["c"])
  await two.commit()
  ports.advance(DAY_MS)
  // Its record lies above what is a day old, and holds the stable offset back.
  const open = await new Producer(log, "open").init()
  await open.append(["later"])
  await append(log, ["behind it"])
  const before = await read(log, id)
  expect(before.values).toEqual(["a", "plain", "b", "c"])
  ports.advance(30_000)
  expect(await keep(ports)).toMatchObject({ rolled: 1 })
  const fresh = () => openLog(memoryPorts({ stores: ports.stores, seed: 9 }))
  expect(await read(fresh(), id)).toEqual(before)
  expect(await read(log, id)).toEqual(before)
  // What is in a segment is committed; what is not rolled up yet is as it was.
  expect(await values(fresh(), id, 0, "read_uncommitted")).toBe("aplainbclaterbehind it")
  await open.commit()
  const after = await read(log, id)
  expect(after.values).toEqual([...before.values, "later", "behind it"])
  for (let day = 0; day < 3; day++) {
    ports.advance(DAY_MS + HOUR_MS)
    await keep(ports)
  }
  expect([...ports.stores.items("log")]).toHaveLength(1)
  expect(await read(fresh(), id)).toEqual({ ...after, next: after.next })
  expect(await read(log, id)).toEqual(after)
})

test("a marker far behind the slots that are rolled up is found", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  const producer = await new Producer(log).init(900_000)
  await producer.append(["dropped"])
  for (let index = 0; index < 40; index++) await append(log, [`${index} `.padEnd(300, "x")])
  await producer.abort()
  ports.advance(DAY_MS + HOUR_MS)
  // Slots are taken a few at a time.
  expect(await keep(ports, { rollBytesMax: 1 })).toMatchObject({ rolled: 1 })
  const { offsets, next } = await read(openLog(ports), id)
  expect(offsets).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  expect(next).toBe(42)
})
