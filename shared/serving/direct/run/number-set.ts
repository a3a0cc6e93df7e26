const FIRST_SLOTS = 1_024

/** Whole numbers below 2^53, not negative: open addressing with linear steps, at most half full. */
export class NumberSet {
  // 0 stands for no number: what is kept is one more.
  #slots = new Float64Array(FIRST_SLOTS)
  #mask = FIRST_SLOTS - 1
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Whether it was not there. */
  add(value: number): boolean {
    const kept = value + 1
    let at = hashOf(value) & this.#mask
    for (let found = this.#slots[at]!; found !== 0; found = this.#slots[at]!) {
      if (found === kept) return false
      at = (at + 1) & this.#mask
    }
    this.#slots[at] = kept
    this.#size++
    if (this.#size * 2 > this.#mask) this.#grow()
    return true
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Float64Array(old.length * 2)
    this.#mask = this.#slots.length - 1
    for (const kept of old) {
      if (kept === 0) continue
      let at = hashOf(kept - 1) & this.#mask
      while (this.#slots[at] !== 0) at = (at + 1) & this.#mask
      this.#slots[at] = kept
    }
  }
}

/** Murmur3's finalizer over both halves. */
export function hashOf(value: number): number {
  let hash = (value | 0) ^ Math.imul((value / 4_294_967_296) | 0, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
