import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { LAST_SLOT_KEY, partitionKey, readSlot, type Slot, slotKey } from "../slot.ts"
import { fewAtOnce } from "./few-at-once.ts"
import type { PartitionRef } from "./index-store.ts"
import { ROLL_SLOTS_MAX } from "./life-limits.ts"
import { payloadBytes, undecided } from "./roll-plan.ts"

/** Objects that are read at once. */
const OBJECTS_AT_ONCE = 4

/** How far to read slots: bytes of payloads, slots. */
export interface SlotBounds {
  readonly bytesMax: number
  readonly slotsMax: number
}

/**
 * Slots from `offset` on, in order and without a gap, as many as `bounds` allow and at least a page, or all. Throws
 * `log_damaged`, `StorageError`.
 */
export async function readSlots(
  ports: Pick<Ports, "meta" | "clock">,
  at: PartitionRef,
  offset: number,
  bounds: SlotBounds,
): Promise<{ slots: Slot[]; date: number }> {
  const pk = partitionKey(at.topicId, at.partition)
  const slots: Slot[] = []
  let next = offset
  let bytes = 0
  let date = Number.POSITIVE_INFINITY
  let after: string | undefined
  do {
    const limit = bounds.slotsMax - slots.length
    const query = { pk, from: slotKey(offset), to: LAST_SLOT_KEY, limit }
    const page = await readAgain(ports, () => ports.meta.queryPage("log", query, after))
    date = Math.min(date, page.date)
    for (const item of page.items) {
      const slot = readSlot(item)
      if (slot.base !== next) {
        throw new LogError("log_damaged", `${pk}: slots are missing from ${next} to ${slot.base}`)
      }
      slots.push(slot)
      next = slot.next
      bytes += payloadBytes(slot)
    }
    after = page.next
  } while (after !== undefined && slots.length < bounds.slotsMax && bytes < bounds.bytesMax)
  return { slots, date }
}

/**
 * Reads on until the outcome of every transaction in the first `count` slots is known: its marker stands behind it, since
 * it lies below the last stable offset.
 */
export async function readOutcomes(
  ports: Pick<Ports, "meta" | "clock">,
  at: PartitionRef,
  slots: Slot[],
  count: number,
): Promise<void> {
  while (undecided(slots, count).size > 0) {
    const next = slots[slots.length - 1].next
    const more = await readSlots(ports, at, next, { bytesMax: 0, slotsMax: ROLL_SLOTS_MAX })
    if (more.slots.length === 0) {
      const pk = partitionKey(at.topicId, at.partition)
      throw new LogError("log_damaged", `${pk}: a transaction below the last stable offset has no marker`)
    }
    slots.push(...more.slots)
  }
}

/**
 * The payloads of slots, whichever partitions they are of: each object is read once, from the first byte that is wanted to
 * the last. The bytes are the caller's. Throws `log_damaged`, `StorageError`.
 */
export async function readPayloads(
  ports: Pick<Ports, "objects" | "clock">,
  slots: readonly Slot[],
): Promise<ReadonlyMap<Slot, Uint8Array>> {
  const payloads = new Map<Slot, Uint8Array>()
  const byObject = new Map<string, Slot[]>()
  for (const slot of slots) {
    if (slot.payload.kind === "inline") {
      payloads.set(slot, slot.payload.bytes.slice())
      continue
    }
    const { key } = slot.payload
    const of = byObject.get(key)
    if (of === undefined) byObject.set(key, [slot])
    else of.push(slot)
  }
  await fewAtOnce([...byObject], OBJECTS_AT_ONCE, async ([key, of]) => {
    let [start, end] = [Number.POSITIVE_INFINITY, 0]
    for (const { payload } of of) {
      if (payload.kind !== "object") continue
      start = Math.min(start, payload.offset)
      end = Math.max(end, payload.offset + payload.length)
    }
    const read =
      end === start ? undefined : await readAgain(ports, () => ports.objects.get(key, { start, end }))
    if (end > start && read?.body.length !== end - start) {
      throw new LogError("log_damaged", `object ${key} is missing, or shorter than ${end} bytes`)
    }
    for (const slot of of) {
      if (slot.payload.kind !== "object") continue
      const from = slot.payload.offset - start
      payloads.set(slot, read?.body.subarray(from, from + slot.payload.length) ?? new Uint8Array())
    }
  })
  return payloads
}
