import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { fewAtOnce } from "../few-at-once.ts"
import { LAST_SLOT_KEY, partitionKey, readSlot, type Slot, slotKey } from "../slot.ts"
import type { PartitionRef } from "./index-store.ts"
import { ROLL_SLOTS_MAX } from "./life-limits.ts"
import { payloadBytes, undecided } from "./roll-plan.ts"

/** Objects that are read at once. */
const OBJECTS_AT_ONCE = 4

/** Bytes between two payloads that are read in vain rather than asking twice: as long as a request's answer takes to begin. */
const GAP_READ_BYTES_MAX = 1024 * 1024

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
 * The payloads of slots, whichever partitions they are of: of each object all that is wanted comes by one read, but for what lies
 * far apart. The bytes are the caller's. Throws `log_damaged`, `StorageError`.
 */
export async function readPayloads(
  ports: Pick<Ports, "objects" | "clock">,
  slots: readonly Slot[],
): Promise<ReadonlyMap<Slot, Uint8Array>> {
  const payloads = new Map<Slot, Uint8Array>()
  const byObject = new Map<string, InObject[]>()
  for (const slot of slots) {
    const { payload } = slot
    if (payload.kind === "inline") {
      payloads.set(slot, payload.bytes.slice())
      continue
    }
    const part = { slot, start: payload.offset, end: payload.offset + payload.length }
    const of = byObject.get(payload.key)
    if (of === undefined) byObject.set(payload.key, [part])
    else of.push(part)
  }
  const runs = [...byObject].flatMap(([key, parts]) => runsOf(parts).map(run => ({ key, run })))
  await fewAtOnce(runs, OBJECTS_AT_ONCE, async ({ key, run }) => {
    const [start, end] = [run[0].start, run[run.length - 1].end]
    const read =
      end === start ? undefined : await readAgain(ports, () => ports.objects.get(key, { start, end }))
    if (end > start && read?.body.length !== end - start) {
      throw new LogError("log_damaged", `object ${key} is missing, or shorter than ${end} bytes`)
    }
    const wanted = run.reduce((sum, part) => sum + part.end - part.start, 0)
    for (const part of run) {
      const bytes = read?.body.subarray(part.start - start, part.end - start) ?? new Uint8Array()
      // What is not wanted is not kept in memory by what is.
      payloads.set(part.slot, wanted * 2 < end - start ? bytes.slice() : bytes)
    }
  })
  return payloads
}

/** Where a slot's payload lies in its object. */
interface InObject {
  readonly slot: Slot
  readonly start: number
  readonly end: number
}

/** What comes by one read each, in the order of bytes. */
function runsOf(parts: readonly InObject[]): InObject[][] {
  const runs: InObject[][] = []
  for (const part of [...parts].sort((left, right) => left.start - right.start || left.end - right.end)) {
    const run = runs[runs.length - 1]
    if (run !== undefined && part.start - run[run.length - 1].end <= GAP_READ_BYTES_MAX) run.push(part)
    else runs.push([part])
  }
  return runs
}
