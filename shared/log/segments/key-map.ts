import { createKeyHash } from "./key-hash.ts"

/** Places at the start: a run of a few keys must not cost megabytes. */
const PLACES_MIN = 1_024
/** Above this share of full places looking one up grows long. */
const LOAD_MAX = 0.75
const WORDS = 4

/**
 * The newest offset of each key in a run of records: 24 bytes a key, whatever its length. Keys are known by 128 bits of hash
 * alone, as in Kafka's `SkimpyOffsetMap`.
 */
export class KeyMap {
  #places = PLACES_MIN
  #words = new Uint32Array(PLACES_MIN * WORDS)
  /** −1: the place is free. */
  #offsets = new Float64Array(PLACES_MIN).fill(-1)
  readonly #hash = createKeyHash()
  size = 0

  /** Notes a key at an offset above all that were noted before. */
  put(bytes: Uint8Array, start: number, end: number, offset: number): void {
    if (this.size + 1 > this.#places * LOAD_MAX) this.#grow()
    this.#hash.of(bytes, start, end)
    const at = this.#find(this.#hash.words, 0)
    if (this.#offsets[at] < 0) {
      this.size++
      this.#words.set(this.#hash.words, at * WORDS)
    }
    this.#offsets[at] = offset
  }

  /** The newest offset of a key; −1: it is not in the run. */
  newest(bytes: Uint8Array, start: number, end: number): number {
    if (this.size === 0) return -1
    this.#hash.of(bytes, start, end)
    return this.#offsets[this.#find(this.#hash.words, 0)]
  }

  /** The place of the hash at `from` of `words`, or the free one where it would be. */
  #find(words: Uint32Array, from: number): number {
    const mask = this.#places - 1
    const held = this.#words
    for (let at = words[from] & mask; ; at = (at + 1) & mask) {
      if (this.#offsets[at] < 0) return at
      const place = at * WORDS
      if (
        held[place] === words[from] &&
        held[place + 1] === words[from + 1] &&
        held[place + 2] === words[from + 2] &&
        held[place + 3] === words[from + 3]
      ) {
        return at
      }
    }
  }

  #grow(): void {
    const [words, offsets] = [this.#words, this.#offsets]
    this.#places *= 2
    this.#words = new Uint32Array(this.#places * WORDS)
    this.#offsets = new Float64Array(this.#places).fill(-1)
    for (let place = 0; place < offsets.length; place++) {
      if (offsets[place] < 0) continue
      const at = this.#find(words, place * WORDS)
      this.#offsets[at] = offsets[place]
      this.#words.set(words.subarray(place * WORDS, place * WORDS + WORDS), at * WORDS)
    }
  }
}
