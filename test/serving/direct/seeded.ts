/** Numbers that are the same for the same seed: xorshift of 32 bits. */
export class Seeded {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 0 || 1
  }

  below(limit: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return (state >>> 0) % limit
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  /** True once in `of` times. */
  once(of: number): boolean {
    return this.below(of) === 0
  }
}
