import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { emptyState } from "../../shared/log/fold.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { readSlot, type Slot, slotItem } from "../../shared/log/slot.ts"
import { packState, unpackState } from "../../shared/log/snapshot.ts"
import type { Item } from "../../shared/storage/meta-store.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { append, batch, openWithTopic, readAll } from "./support.ts"

// Golden files: what version 1 of each stored format looks like, for as long as it may lie in somebody's bucket.
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "../golden/log/formats-v1.json"), "utf8"))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"))

function revive(stored: Item): Item {
  const fields = Object.entries(stored.fields).map(([name, value]) => [
    name,
    typeof value === "string" && value.startsWith("hex:") ? unhex(value.slice(4)) : value,
  ])
  return { ...stored, fields: Object.fromEntries(fields) }
}

function freeze(item: Item): unknown {
  const fields = Object.entries(item.fields).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? `hex:${hex(value)}` : value,
  ])
  return { ...item, fields: Object.fromEntries(fields) }
}

const slots: Record<string, Slot> = {
  inline: {
    base: 41,
    next: 43,
    commitId: "0123456789abcdef0123456789abcdef",
    commitTime: 1_767_225_600_123,
    minTimestamp: 1_000,
    maxTimestamp: 2_000,
    entries: [
      {
        length: batch(["x", "y"]).length,
        count: 2,
        maxTimestamp: 2_000,
        flags: 0,
        producer: { id: 2 ** 52 - 1, epoch: 32_767, firstSequence: 2 ** 31 - 1, lastSequence: 0 },
        source: undefined,
      },
    ],
    payload: { kind: "inline", bytes: batch(["x", "y"]) },
  },
  object: {
    base: 0,
    next: 4,
    commitId: "fedcba9876543210fedcba9876543210",
    commitTime: 1,
    minTimestamp: -1,
    maxTimestamp: 2 ** 45,
    entries: [
      { length: 10, count: 3, maxTimestamp: -1, flags: 1, producer: undefined, source: undefined },
      {
        length: 0,
        count: 1,
        maxTimestamp: 2 ** 45,
        flags: 8,
        producer: { id: 2 ** 53 - 1, epoch: 0, firstSequence: 0, lastSequence: 0 },
        source: {
          shard: "shardId-000000000000",
          sequence: "49590338271490256608559692538361571095921575989136588898",
          index: 499,
        },
      },
    ],
    payload: { kind: "object", key: "wal/f/2026-01-01T00/fedc", offset: 123_456, length: 10 },
  },
}

test("slots are written and read as version 1 says", () => {
  for (const [name, slot] of Object.entries(slots)) {
    expect(freeze(slotItem("topic#0", slot)), name).toEqual(golden.slots[name])
    expect(readSlot(revive(golden.slots[name])), name).toEqual(slot)
  }
})

test("snapshots are written and read as version 1 says", () => {
  const state = emptyState()
  Object.assign(state, { end: 99, commitTime: 1_767_225_600_123, closed: false })
  state.producers.set(7, { epoch: 2, time: 5, openSince: 90, appends: [{ first: 0, last: 9, offset: 80 }] })
  state.reserved.set(2 ** 52, { epoch: 0, time: 6, openSince: -1, appends: [] })
  state.tombstones.set(2 ** 52 + 1, 4)
  state.sources.set("shardId-000000000000", { sequence: "4959", index: 3 })
  expect(hex(packState(state))).toBe(golden.snapshot)
  expect(unpackState(unhex(golden.snapshot), "golden")).toEqual(state)
})

test("unknown versions and contradictions are refused loudly", () => {
  const item = slotItem("topic#0", slots.inline)
  const changed = (fields: object) => () => readSlot({ ...item, fields: { ...item.fields, ...fields } })
  expect(changed({ v: 2 })).toThrow(/slot topic#0 s#0+41: format 2, expected 1/)
  expect(changed({ n: 44 })).toThrow(/entries hold 2 offsets, the slot 41 to 44/)
  expect(changed({ p: new Uint8Array(3) })).toThrow(/the payload 3/)
  expect(changed({ e: new Uint8Array([200, 1]) })).toThrow(/200 entries/)
  expect(() => unpackState(new Uint8Array([9]), "snapshot t#0")).toThrow(/snapshot t#0: format 9, expected 1/)
  expect(() => unpackState(unhex(golden.snapshot).slice(0, 9), "snapshot t#0")).toThrow(/end too early/)
})

test("damage is never answered with fewer records: a missing slot, a missing object, flipped bits", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  for (const value of ["a", "b", "c"]) await append(log, [value])
  await append(log, ["x".repeat(20_000)])
  const fresh = () => openLog(memoryPorts({ stores: ports.stores, seed: 9 }))
  const key = ports.stores.objectKeys().find(name => name.startsWith("wal/"))!
  const body = ports.stores.objectBody(key)!
  await ports.objects.put(key, body.with(500, body[500] ^ 4))
  await expect(readAll(fresh(), id)).rejects.toMatchObject({ code: "log_damaged", message: /crc/i })
  await ports.objects.deleteMany([key])
  await expect(readAll(fresh(), id)).rejects.toMatchObject({ code: "log_damaged", message: /is missing/ })
  await ports.objects.put(key, body)
  expect(await readAll(fresh(), id)).toHaveLength(4)
  await ports.meta.delete("log", { pk: `${id}#0`, sk: `s#${"1".padStart(20, "0")}` })
  await expect(readAll(fresh(), id)).rejects.toMatchObject({
    code: "log_damaged",
    message: /missing from 1 to 2/,
  })
})
