import { ABORT, CONTROL, type Slot, type SlotEntry, TRANSACTIONAL } from "../slot.ts"
import { CATCH_UP_REGIONS_MAX, MARKERS_KEPT_MAX } from "./limits.ts"

/** A transactional entry whose end is asked for. */
interface Undecided {
  readonly producerId: number
  readonly epoch: number
  readonly offset: number
}

/** Of a marker that ends a transaction by abort. */
const NO_EPOCH = -1

/** The epoch of the transaction that a marker commits: its own is one higher. */
export function committedEpoch({ flags, producer }: SlotEntry): number {
  return (flags & ABORT) !== 0 || producer === undefined ? NO_EPOCH : producer.epoch - 1
}

/** All markers of a stretch of a partition. */
class Region {
  from: number
  to: number
  /** By producer, in the order of their offsets. */
  readonly #markers = new Map<number, { offsets: number[]; committed: number[] }>()
  #count = 0

  constructor(from: number) {
    this.from = from
    this.to = from
  }

  /** Takes the slot at the region's end. */
  add(slot: Slot): void {
    let offset = slot.base
    for (const entry of slot.entries) {
      if ((entry.flags & CONTROL) !== 0 && entry.producer !== undefined) {
        this.#push(entry.producer.id, offset, committedEpoch(entry))
      }
      offset += entry.count
    }
    this.to = slot.next
  }

  #push(producerId: number, offset: number, committed: number): void {
    let markers = this.#markers.get(producerId)
    if (markers === undefined) {
      markers = { offsets: [], committed: [] }
      this.#markers.set(producerId, markers)
    }
    markers.offsets.push(offset)
    markers.committed.push(committed)
    this.#count++
  }

  /** Forgets the older half once there are many, so that the cost of forgetting is small per marker. */
  shrink(): void {
    if (this.#count <= MARKERS_KEPT_MAX) return
    const offsets = [...this.#markers.values()].flatMap(markers => markers.offsets).sort((a, b) => a - b)
    this.from = offsets[offsets.length >> 1] as number
    this.#count = 0
    for (const [producerId, markers] of this.#markers) {
      const kept = firstFrom(markers.offsets, this.from)
      markers.offsets = markers.offsets.slice(kept)
      markers.committed = markers.committed.slice(kept)
      this.#count += markers.offsets.length
      if (markers.offsets.length === 0) this.#markers.delete(producerId)
    }
  }

  /** Whether the producer's first marker from `offset` on does not commit that epoch; undefined: none here. */
  find({ producerId, epoch }: Undecided, offset: number): boolean | undefined {
    const markers = this.#markers.get(producerId)
    const committed = markers?.committed[firstFrom(markers.offsets, offset)]
    return committed === undefined ? undefined : committed !== epoch
  }
}

/** A region's answer, and the tail's where that goes on from it. */
function findThrough(region: Region, tail: Region | undefined, one: Undecided) {
  const found = region.find(one, one.offset)
  if (found !== undefined || tail === undefined || region.to < tail.from) return found
  return tail.find(one, Math.max(one.offset, tail.from))
}

/** The index of the first number that is at least `least`. */
function firstFrom(sorted: readonly number[], least: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as number) < least) low = middle + 1
    else high = middle
  }
  return low
}

/** Tells which entries a reader does not get. */
export type Omits = (entry: SlotEntry, offset: number) => boolean

/** Markers are for nobody. */
export const omitsMarkers: Omits = ({ flags }) => (flags & CONTROL) !== 0

/** Reads on from an offset where a slot begins: the slots from there, at least one. */
export type ReadOn = (from: number) => Promise<readonly Slot[]>

/**
 * How the transactions of one partition ended: its markers tell, the next of a producer for all that it appended before, which is
 * aborted where the marker commits another epoch: it came too late for its own. A view
 * learns them with the slots that it folds; for readers further back they are looked for in the slots after what is read.
 */
export class Outcomes {
  /** From where the view was formed to its end. */
  #tail: Region | undefined
  /** Where readers catch up, the latest last. */
  #regions: Region[] = []

  clear(): void {
    this.#tail = undefined
    this.#regions = []
  }

  /** Takes a slot as it is folded. */
  saw(slot: Slot): void {
    if (this.#tail === undefined || this.#tail.to !== slot.base) this.#tail = new Region(slot.base)
    this.#tail.add(slot)
    this.#tail.shrink()
  }

  /**
   * What a `read_committed` reader of these slots does not get: markers, and what was aborted. All transactions that begin
   * below `end` must be decided (it is the last stable offset, or less): those that are not known are looked for with
   * `readOn`.
   */
  async omitted(slots: readonly Slot[], end: number, readOn: ReadOn): Promise<Omits> {
    const aborted = new Set<number>()
    const unknown: Undecided[] = []
    for (const slot of slots) {
      let offset = slot.base
      for (const { flags, count, producer } of slot.entries) {
        const asked = (flags & TRANSACTIONAL) !== 0 && (flags & CONTROL) === 0 && offset < end
        if (asked && producer !== undefined) {
          const one = { producerId: producer.id, epoch: producer.epoch, offset }
          const found = this.#find(one)
          if (found === true) aborted.add(offset)
          if (found === undefined) unknown.push(one)
        }
        offset += count
      }
    }
    if (unknown.length > 0) await this.#lookFor(unknown, slots, readOn, aborted)
    return ({ flags }, offset) => (flags & CONTROL) !== 0 || aborted.has(offset)
  }

  /** Whether an entry's transaction was aborted; undefined: it is not known here. */
  #find(one: Undecided): boolean | undefined {
    const { offset } = one
    const tail = this.#tail
    if (tail !== undefined && offset >= tail.from) return tail.find(one, offset)
    for (const region of this.#regions) {
      if (offset < region.from || offset >= region.to) continue
      const found = findThrough(region, tail, one)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** What is found stays true, so that it does not matter if the view is formed anew meanwhile. */
  async #lookFor(
    unknown: readonly Undecided[],
    slots: readonly Slot[],
    readOn: ReadOn,
    aborted: Set<number>,
  ): Promise<void> {
    const tail = this.#tail
    const region = this.#regionAt((slots[0] as Slot).base)
    region.shrink()
    for (const slot of slots) if (slot.base === region.to) region.add(slot)
    for (const one of unknown) {
      let found = findThrough(region, tail, one)
      while (found === undefined) {
        for (const slot of await readOn(region.to)) if (slot.base === region.to) region.add(slot)
        found = findThrough(region, tail, one)
      }
      if (found) aborted.add(one.offset)
    }
  }

  /** The region that goes on at a slot's base, or a new one. */
  #regionAt(base: number): Region {
    const found = this.#regions.find(({ from, to }) => from <= base && base <= to) ?? new Region(base)
    const others = this.#regions.filter(region => region !== found)
    this.#regions = [...others.slice(-CATCH_UP_REGIONS_MAX + 1), found]
    return found
  }
}
