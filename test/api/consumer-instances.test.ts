import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { decodeInstance, encodeInstance, type Instance } from "../../shared/api/consumers/instance.ts"
import { InstanceStore } from "../../shared/api/consumers/instance-store.ts"
import { RestConsumers } from "../../shared/api/consumers/rest-consumers.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { Fault, StoreCall } from "../../shared/storage/memory/faults.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { openApi } from "./support.ts"

const golden = JSON.parse(
  readFileSync(new URL("../golden/api/consumer-instance-v1.json", import.meta.url), "utf8"),
)

test("an instance stored by any version is understood for ever, one of a newer format refused", async () => {
  const { instance, item } = golden
  const expected = instance.positions.map((at: object) => ({ offset: undefined, ...at }))
  expect(decodeInstance(item)).toEqual({ ...instance, positions: expected })
  expect(encodeInstance(decodeInstance(item))).toBe(item.fields.state)
  expect(() => decodeInstance({ ...item, fields: { ...item.fields, v: 2 } })).toThrow(
    "consumer instance a%2Fb#one: format 2, expected 1",
  )
})

test("the most that an instance reads fits its item", () => {
  const positions = Array.from({ length: 5_000 }, (_, at) => ({
    topic: "t".repeat(100),
    topicId: `${at % 50}`.padStart(32, "0"),
    partition: 9_999,
    offset: Number.MAX_SAFE_INTEGER,
    isAhead: true,
  }))
  const text = encodeInstance({ ...(golden.instance as Instance), positions })
  expect(text.length).toBeLessThan(300_000)
})

test("of two changes at once none is lost", async () => {
  const ports = memoryPorts()
  const store = new InstanceStore(ports)
  const id = { group: "g", name: "one" }
  await store.create({ ...(golden.instance as Instance), ...id, epoch: 0 })
  const count = () =>
    store.change(id, async instance => ({ instance: { ...instance, epoch: instance.epoch + 1 }, value: 0 }))
  await Promise.all(Array.from({ length: 6 }, count))
  expect(await store.change(id, async instance => ({ instance, value: instance.epoch }))).toBe(6)
})

const kinds = ["timeout-before", "timeout-after", "conflict", "hidden-retry"] as const

test.each(kinds)("each record is given once, and commits stand, whatever writes come to: %s", async kind => {
  const ports = memoryPorts()
  let writes = 0
  const before = async ({ write }: StoreCall): Promise<Fault | undefined> =>
    write && ++writes % 3 === 0 ? { kind } : undefined
  const failing = memoryPorts({ stores: ports.stores, seed: 1, faults: { before } })
  const log = openLog(ports)
  await log.createTopic({ name: "events", partitions: 2, owner: "http" })
  const { produce } = openApi({ log })
  const failingLog = openLog(failing)
  const { call } = openApi({ log: failingLog, consumers: new RestConsumers(failing, failingLog) })
  const body = { name: "one", format: "json", "auto.offset.reset": "earliest", "auto.commit.enable": "false" }
  expect((await call("POST /consumers/g", { body })).status).toBe(200)
  const at = "/consumers/g/instances/one"
  await call(`POST ${at}/subscription`, { body: { topics: ["events"] } })
  const given: number[] = []
  for (let round = 0; round < 4; round++) {
    for (const partition of [0, 1])
      await produce(`/topics/events/partitions/${partition}`, [`${given.length}`])
    for (let polls = 0; polls < 10 && given.length < 2 * (round + 1); polls++) {
      const { json, status } = await call(`GET ${at}/records?timeout=100`)
      expect(status).toBe(200)
      given.push(
        ...json.map(({ partition, offset }: { partition: number; offset: number }) => 2 * offset + partition),
      )
    }
    expect((await call(`POST ${at}/offsets`)).status).toBe(200)
  }
  expect(given.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect((await log.groups.committed("g")).map(({ offset }) => offset)).toEqual([4, 4])
})
