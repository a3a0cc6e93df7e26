/** Mixes text into 128 bits of state. Source: Bob Jenkins' one-at-a-time hash, run four times with other starts. */
function seedWords(text: string): [number, number, number, number] {
  const words = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667].map(start => {
    let hash = start
    for (let at = 0; at < text.length; at++) {
      hash = (hash + text.charCodeAt(at)) | 0
      hash = (hash + (hash << 10)) | 0
      hash ^= hash >>> 6
    }
    hash = (hash + (hash << 3)) | 0
    hash ^= hash >>> 11
    return (hash + (hash << 15)) | 0
  })
  return words as [number, number, number, number]
}

const TWO_TO_32 = 2 ** 32
const TWO_TO_53 = 2 ** 53
/** What the generator needs to forget its seed, as its author recommends. */
const WARM_UP_ROUNDS = 12

/** Numbers that depend on a seed alone. Source: sfc32 of Chris Doty-Humphrey's PractRand. */
export class Prng {
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(seed: string) {
    this.#seed = seed
    ;[this.#a, this.#b, this.#c, this.#counter] = seedWords(seed)
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.word()
  }

  /** A generator of its own for one part of the world, so that the parts do not disturb each other's numbers. */
  fork(name: string): Prng {
    return new Prng(`${this.#seed}/${name}`)
  }

  /** 32 bits. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }

  /** 0 ≤ number < 1. */
  fraction(): number {
    return this.word() / TWO_TO_32
  }

  /** An integer, 0 to `below` − 1; `below` ≤ 2^53. */
  integer(below: number): number {
    if (!Number.isSafeInteger(below - 1) || below < 1) {
      throw new RangeError(`below: expected 1 to 2^53, got ${below}`)
    }
    if (below <= TWO_TO_32) return Math.floor(this.fraction() * below)
    const drawn = (this.word() & 0x1fffff) * TWO_TO_32 + this.word()
    return Math.floor((drawn / TWO_TO_53) * below)
  }

  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability
  }

  /** Exponentially distributed: mostly small, now and then several times the mean. */
  around(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean
  }

  /** Evenly over the orders of magnitude from `least` to `most`: milliseconds as likely as hours. */
  magnitude(least: number, most: number): number {
    return least * (most / least) ** this.fraction()
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(choices.length)]!
  }

  hex(digits: number): string {
    let text = ""
    while (text.length < digits) text += this.word().toString(16).padStart(8, "0")
    return text.slice(0, digits)
  }
}
