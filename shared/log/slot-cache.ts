import type { Slot } from "./slot.ts"

/** Slots that a view keeps for readers near the end. */
const CACHED_SLOTS_MAX = 4_096
/** Bytes of inline payloads that a view keeps. */
const CACHED_BYTES_MAX = 8 * 1024 * 1024

/** The newest slots of one partition, without a gap, oldest first. */
export class SlotCache {
  #slots: Slot[] = []
  #bytes = 0

  /** Adds the slot at the partition's end; one that does not continue the last starts the cache anew. */
  push(slot: Slot): void {
    const last = this.#slots[this.#slots.length - 1]
    if (last !== undefined && last.next !== slot.base) this.clear()
    this.#slots.push(slot)
    this.#bytes += inlineBytes(slot)
    if (this.#slots.length > CACHED_SLOTS_MAX || this.#bytes > CACHED_BYTES_MAX) this.#shrink()
  }

  /** Drops the older half, so that the cost of dropping is small per slot. */
  #shrink(): void {
    const keep = this.#slots.slice(Math.ceil(this.#slots.length / 2))
    this.clear()
    for (const slot of keep) {
      this.#slots.push(slot)
      this.#bytes += inlineBytes(slot)
    }
  }

  clear(): void {
    this.#slots = []
    this.#bytes = 0
  }

  /** The cached slots from the one that holds `offset`; undefined when that one is not cached. */
  from(offset: number): readonly Slot[] | undefined {
    const slots = this.#slots
    if (slots.length === 0 || slots[0].base > offset) return undefined
    let low = 0
    let high = slots.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (slots[middle].next <= offset) low = middle + 1
      else high = middle
    }
    return low === 0 ? slots : slots.slice(low)
  }
}

function inlineBytes(slot: Slot): number {
  return slot.payload.kind === "inline" ? slot.payload.bytes.length : 0
}
