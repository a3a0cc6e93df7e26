import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { fewAtOnce } from "../few-at-once.ts"
import { lastStableOffset } from "../fold.ts"
import { WRITE_AFTER_READ_MS } from "../limits.ts"
import type { LogOptions } from "../options.ts"
import { checkBatchCrc, patchBaseOffset } from "../records/index.ts"
import { Rivals } from "../rivals.ts"
import { partitionKey, type Slot } from "../slot.ts"
import { uploadObject } from "../upload.ts"
import { PartitionView } from "../view.ts"
import { cutIndex } from "./cut.ts"
import type { IndexRead, PartitionRef, SegmentIndexes } from "./index-store.ts"
import { READS_AT_ONCE, ROLL_SLOTS_MAX, SLOT_GRACE_MS } from "./life-limits.ts"
import { addMark } from "./marks.ts"
import { keptEntries, slotsToRoll } from "./roll-plan.ts"
import { readOutcomes, readPayloads, readSlots } from "./roll-read.ts"
import { emptySegment, type Segment, segmentKey } from "./segment.ts"
import { type BuiltSegment, SegmentBuilder } from "./segment-builder.ts"
import type { SegmentIndex } from "./segment-index.ts"
import { offsetAfter } from "./segment-reader.ts"

/** Store ports and options of whoever keeps the log in shape. */
export interface KeepContext {
  readonly ports: Ports
  readonly options: LogOptions
  readonly indexes: SegmentIndexes
}

/** What of one partition is to go into a segment. */
interface Roll {
  readonly at: PartitionRef
  readonly read: IndexRead
  /** Those to roll up, and after them what tells the outcome of their transactions. */
  readonly slots: readonly Slot[]
  readonly count: number
  /** Store time of the oldest read, epoch ms. */
  readonly date: number
}

export interface RolledUp {
  readonly at: PartitionRef
  readonly outcome: "rolled" | "nothing" | "lost"
  readonly slots: number
  readonly sizeBytes: number
}

/**
 * Rolls up several partitions, each by one conditional put of its index: its slots up to `bytesMax` become a segment. A flush
 * object that they share is read once. Throws `log_damaged`, `StorageError`; then some may have been rolled up.
 */
export async function rollUp(
  context: KeepContext,
  partitions: readonly { readonly at: PartitionRef; readonly read: IndexRead }[],
  bytesMax: number,
): Promise<RolledUp[]> {
  const rolls = await fewAtOnce(partitions, READS_AT_ONCE, one =>
    prepare(context, one.at, one.read, bytesMax),
  )
  const slots = rolls.flatMap(roll => roll?.slots.slice(0, roll.count) ?? [])
  const payloads = await readPayloads(context.ports, slots)
  return fewAtOnce(rolls, READS_AT_ONCE, async (roll, index) => {
    if (roll === undefined) {
      return { at: partitions[index].at, outcome: "nothing" as const, slots: 0, sizeBytes: 0 }
    }
    const built = buildSegment(roll, payloads, context.ports.random.id())
    const outcome = await commit(context, roll, built)
    return { at: roll.at, outcome, slots: roll.count, sizeBytes: built.segment.sizeBytes }
  })
}

/** What can be rolled up, with a snapshot at or above it: whoever folds the partition begins there. */
async function prepare(
  { ports, options }: KeepContext,
  at: PartitionRef,
  read: IndexRead,
  bytesMax: number,
): Promise<Roll | undefined> {
  let tickets = 0
  const rivals = new Rivals(ports, "", 0)
  const view = new PartitionView(ports, options, at.topicId, at.partition, rivals, () => ++tickets)
  await view.catchUp()
  if (view.state === undefined) throw new LogError("overloaded", `${view.pk}: try again`)
  const stable = lastStableOffset(view.state)
  if (stable <= read.index.end) return undefined
  await view.snapshot()
  const found = await readSlots(ports, at, read.index.end, { bytesMax, slotsMax: ROLL_SLOTS_MAX })
  const { slots } = found
  const count = slotsToRoll(slots, stable, bytesMax)
  if (count === 0) return undefined
  await readOutcomes(ports, at, slots, count)
  return { at, read, slots, count, date: Math.min(found.date, view.asOf) }
}

function buildSegment(roll: Roll, payloads: ReadonlyMap<Slot, Uint8Array>, id: string): BuiltSegment {
  const { read, slots, count } = roll
  const { start, end } = read.index
  const kept = keptEntries(slots, count)
  const builder = new SegmentBuilder(end)
  for (const slot of slots.slice(0, count)) {
    const payload = payloads.get(slot)!
    let base = slot.base
    let position = 0
    for (const entry of slot.entries) {
      const next = base + entry.count
      if (kept.has(entry) && next > start) {
        const bytes = payload.subarray(position, position + entry.length)
        const records = checkedBatch(roll.at, bytes, base, next)
        const { maxTimestamp } = entry
        builder.add({
          bytes,
          baseOffset: base,
          nextOffset: next,
          records,
          minTimestamp: slot.minTimestamp,
          maxTimestamp,
          tombstones: 0,
        })
      }
      base = next
      position += entry.length
    }
  }
  return builder.finish(slots[count - 1].next, id)
}

/** Puts the base offset in place; returns how many records there are. Damage is never carried into a segment. */
function checkedBatch({ topicId, partition }: PartitionRef, bytes: Uint8Array, base: number, next: number) {
  try {
    const header = checkBatchCrc(bytes)
    const offsets = offsetAfter(header) - header.baseOffset
    if (offsets !== next - base) throw new RangeError(`${offsets} offsets, expected ${next - base}`)
    patchBaseOffset(bytes, base)
    return header.count
  } catch (cause) {
    const where = `${partitionKey(topicId, partition)}: the batch at ${base}`
    throw new LogError("log_damaged", `${where}: ${(cause as Error).message}`, { cause })
  }
}

async function commit(
  { ports, indexes }: KeepContext,
  { at, read, date }: Roll,
  { segment, pieces }: BuiltSegment,
): Promise<"rolled" | "lost"> {
  const uploads: number[] = []
  if (pieces.length > 0) {
    uploads.push(await uploadObject(ports, segmentKey(at.topicId, at.partition, segment), pieces))
  }
  const next = withSegment(read.index, segment, read.date)
  return (await indexes.replace(at, read, next, uploads, date)) === "committed" ? "rolled" : "lost"
}

/** The index with one more segment at its end. Pure. @param date store time of the read that it rests on, epoch ms */
export function withSegment(index: SegmentIndex, segment: Segment, date: number): SegmentIndex {
  const segments = [...index.segments]
  const last = segments[segments.length - 1]
  if (last !== undefined && last.id === "" && segment.id === "") {
    segments[segments.length - 1] = emptySegment(last.base, segment.next)
  } else segments.push(segment)
  // By then the put is applied, or never will be.
  const mark = { offset: segment.next, date: date + WRITE_AFTER_READ_MS }
  const next = { ...index, end: segment.next, segments, rolled: addMark(index.rolled, mark, SLOT_GRACE_MS) }
  // What was deleted before it was rolled up is left out at once.
  return cutIndex({ ...next, start: 0 }, index.start)
}
