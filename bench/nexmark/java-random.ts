// java.util.Random, whose algorithm its documentation fixes: a linear congruential generator of 48 bits. The state is
// kept as two halves of 24 bits, so that every product is a whole number that a double holds.

const HALF = 2 ** 24
const MULTIPLIER_HIGH = 0x5de
const MULTIPLIER_LOW = 0xece66d
const ADDEND = 0xb

/** Gives the numbers that `new java.util.Random(seed)` gives. */
export class JavaRandom {
  #high = 0
  #low = 0

  /** @param seed a whole number from 0 to 2^48 − 1 */
  constructor(seed: number) {
    this.seed(seed)
  }

  seed(seed: number): void {
    this.#high = (Math.floor(seed / HALF) ^ MULTIPLIER_HIGH) & (HALF - 1)
    this.#low = ((seed % HALF) ^ MULTIPLIER_LOW) & (HALF - 1)
  }

  /** The next 32 bits, signed. */
  #next32(): number {
    const low = this.#low * MULTIPLIER_LOW + ADDEND
    const high = this.#high * MULTIPLIER_LOW + this.#low * MULTIPLIER_HIGH + Math.floor(low / HALF)
    this.#low = low % HALF
    this.#high = high % HALF
    return (this.#high << 8) | (this.#low >>> 16)
  }

  /** `nextInt()`: −2^31 to 2^31 − 1. */
  int(): number {
    return this.#next32()
  }

  /** `nextInt(bound)`: 0 to `bound` − 1. */
  intBelow(bound: number): number {
    let bits = this.#next32() >>> 1
    if ((bound & (bound - 1)) === 0) return Math.floor((bound * bits) / 2 ** 31)
    // Numbers of the last, incomplete round would make low results more likely: they are drawn again.
    for (;;) {
      const value = bits % bound
      if (bits - value + (bound - 1) < 2 ** 31) return value
      bits = this.#next32() >>> 1
    }
  }

  /** `nextDouble()`: 0 to 1, 1 not included. */
  double(): number {
    const high = this.#next32() >>> 6
    const low = this.#next32() >>> 5
    return (high * 2 ** 27 + low) / 2 ** 53
  }
}
