import { CONTROL, type Slot, type SlotEntry, TRANSACTIONAL } from "../slot.ts"
import { committedEpoch } from "../transactions/outcomes.ts"
import { ROLL_AGE_MS, ROLL_COMPANY_AGE_MS, ROLL_SLOTS_DUE, SEGMENT_BYTES_MIN } from "./life-limits.ts"

/** What of a partition is not rolled up, as far as a look tells. */
export interface Pending {
  /** Payload bytes in the slots that were looked at. */
  readonly bytes: number
  readonly slots: number
  /** Commit time of the first slot, epoch ms. */
  readonly oldest: number
}

/**
 * Which partitions to roll up: what makes a segment, or is very many slots, and what is a day old whatever its size; with the latter what is half
 * as old, so that flush objects that they share are read once. Pure.
 * @param date store time, epoch ms
 */
export function duePartitions(pending: readonly (Pending | undefined)[], date: number): boolean[] {
  const ages = pending.map(one => (one === undefined ? -1 : date - one.oldest))
  const ageMin = ages.some(age => age >= ROLL_AGE_MS) ? ROLL_COMPANY_AGE_MS : ROLL_AGE_MS
  return pending.map((one, at) => one !== undefined && (isMuch(one) || ages[at] >= ageMin))
}

/** Whether it is worth a segment, whatever its age. */
export function isMuch({ bytes, slots }: Pick<Pending, "bytes" | "slots">): boolean {
  return bytes >= SEGMENT_BYTES_MIN || slots >= ROLL_SLOTS_DUE
}

export function payloadBytes({ entries }: Pick<Slot, "entries">): number {
  let bytes = 0
  for (const { length } of entries) bytes += length
  return bytes
}

/**
 * The slots that one roll-up takes: whole ones up to the last stable offset, at most `bytesMax` but always one. Pure.
 * @returns how many of `slots`
 */
export function slotsToRoll(slots: readonly Slot[], lastStable: number, bytesMax: number): number {
  let bytes = 0
  let count = 0
  for (const slot of slots) {
    if (slot.next > lastStable || slot.next === slot.base) break
    bytes += payloadBytes(slot)
    if (count > 0 && bytes > bytesMax) break
    count++
  }
  return count
}

/** Producers of transactional entries of the first `count` slots whose markers are not among `slots`. */
export function undecided(slots: readonly Slot[], count: number): Set<number> {
  const open = new Set<number>()
  for (const [at, { entries }] of slots.entries()) {
    for (const { flags, producer } of entries) {
      if (producer === undefined) continue
      if ((flags & CONTROL) !== 0) open.delete(producer.id)
      else if ((flags & TRANSACTIONAL) !== 0 && at < count) open.add(producer.id)
    }
  }
  return open
}

/**
 * The entries that go into a segment: those with a batch, of no aborted transaction, and no markers. A transaction's
 * outcome is its producer's next marker, of its epoch and one; what another ends came too late. Pure.
 * @param slots those to roll up, and after them as many as it takes to find all markers
 */
export function keptEntries(slots: readonly Slot[], count: number): ReadonlySet<SlotEntry> {
  const kept = new Set<SlotEntry>()
  const committed = new Map<number, number>()
  for (let at = slots.length - 1; at >= 0; at--) {
    const { entries } = slots[at]
    for (let index = entries.length - 1; index >= 0; index--) {
      const entry = entries[index]
      const { flags, producer, length } = entry
      if ((flags & CONTROL) !== 0) {
        if (producer !== undefined) committed.set(producer.id, committedEpoch(entry))
        continue
      }
      const ended = (flags & TRANSACTIONAL) !== 0 && producer !== undefined
      const isAborted = ended && committed.get(producer.id) !== producer.epoch
      if (at < count && length > 0 && !isAborted) kept.add(entry)
    }
  }
  return kept
}
