import { expect, test } from "vitest"
import { readPayloads } from "../../../shared/log/segments/roll-read.ts"
import type { Slot } from "../../../shared/log/slot.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

const MB = 1024 * 1024

function slotAt(key: string, offset: number, length: number): Slot {
  return {
    base: 0,
    next: 1,
    commitId: "0".repeat(32),
    commitTime: 0,
    minTimestamp: 0,
    maxTimestamp: 0,
    entries: [],
    payload: { kind: "object", key, offset, length },
  }
}

test("what partitions have at both ends of objects is read without what lies between", async () => {
  const ports = memoryPorts()
  const body = new Uint8Array(4 * MB).map((_, index) => index % 251)
  const slots: Slot[] = []
  for (const key of ["wal/a", "wal/b"]) {
    await ports.objects.put(key, [body])
    slots.push(slotAt(key, 4 * MB - 10, 10), slotAt(key, 0, 10), slotAt(key, 600_000, 10))
  }
  const payloads = await readPayloads(ports, slots)
  for (const slot of slots) {
    const { offset, length } = slot.payload as { offset: number; length: number }
    expect(payloads.get(slot)).toEqual(body.slice(offset, offset + length))
  }
  // Of each object one read for the two near each other, one for the third.
  expect(ports.counts.calls.objectGet).toBe(4)
  const held = new Set([...payloads.values()].map(({ buffer }) => buffer))
  expect([...held].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(MB)
})

test("neighbours in an object come by one read, without a copy", async () => {
  const ports = memoryPorts()
  await ports.objects.put("wal/a", [new Uint8Array(100).map((_, index) => index)])
  const slots = [slotAt("wal/a", 60, 40), slotAt("wal/a", 0, 0), slotAt("wal/a", 0, 60)]
  const payloads = await readPayloads(ports, slots)
  expect(slots.map(slot => payloads.get(slot)?.length)).toEqual([40, 0, 60])
  expect(payloads.get(slots[0])?.[0]).toBe(60)
  expect(ports.counts.calls.objectGet).toBe(1)
})
