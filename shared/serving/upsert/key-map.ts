import {
  COMPARE_AT,
  ENTRY_LANES,
  FLAGS_AT,
  flagsAt,
  isNewer,
  KNOWN,
  OFFSET_AT,
  UNCHANGED_MASK,
} from "./entry.ts"
import { imagesWeight, indexWeight } from "./weight.ts"

const FIRST_ENTRIES = 64
/** More keys than places at this share would make probes long. */
const FULL = 0.6
/** Entries are many megabytes: growing by less than double keeps what is allocated and empty small. */
const GROWTH = 1.5

/**
 * Entries by their key's hash: open addressing in typed arrays. Entries lie one after the other in the order of their
 * coming and keep their number; a place holds a part of the hash, so that most probes look at one cache line.
 */
export class KeyMap {
  /** `ENTRY_LANES` numbers for each entry. */
  lanes = new Uint32Array(FIRST_ENTRIES * ENTRY_LANES)
  size = 0
  readonly #images: (Uint8Array | undefined)[] = []
  #imageCount = 0
  #imageBytes = 0
  /** Two numbers a place: the hash's second, and the entry's number + 1. */
  #places = new Uint32Array(4 * FIRST_ENTRIES)
  #mask = 2 * FIRST_ENTRIES - 1

  /** The number of the entry whose hash stands at `hashes[at]`, or −1. */
  find(hashes: Uint32Array, at: number): number {
    const places = this.#places
    const h1 = hashes[at + 1]!
    for (let place = hashes[at]! & this.#mask; ; place = (place + 1) & this.#mask) {
      const number = places[2 * place + 1]!
      if (number === 0) return -1
      if (places[2 * place] === h1 && this.#isAt(number - 1, hashes, at)) return number - 1
    }
  }

  /** The same; an entry that is not there is added, with nothing but its hash. */
  findOrAdd(hashes: Uint32Array, at: number): number {
    const found = this.find(hashes, at)
    if (found >= 0) return found
    const number = this.size++
    const start = number * ENTRY_LANES
    if (start === this.lanes.length) this.#growLanes()
    const { lanes } = this
    lanes[start] = hashes[at]!
    lanes[start + 1] = hashes[at + 1]!
    lanes[start + 2] = hashes[at + 2]!
    lanes[start + 3] = hashes[at + 3]!
    if (this.size > (this.#mask + 1) * FULL) this.#rehash(2 * (this.#mask + 1))
    else this.#place(number)
    return number
  }

  /** Makes the entry `number` what another of its key says, unless that is older. */
  take(number: number, lanes: Uint32Array, at: number, image: Uint8Array | undefined): void {
    const own = this.lanes
    const to = number * ENTRY_LANES
    if ((flagsAt(own, to) & KNOWN) !== 0 && !isNewer(lanes, at, own, to)) return
    own[to + COMPARE_AT] = lanes[at + COMPARE_AT]!
    own[to + COMPARE_AT + 1] = lanes[at + COMPARE_AT + 1]!
    own[to + OFFSET_AT] = lanes[at + OFFSET_AT]!
    own[to + FLAGS_AT] = lanes[at + FLAGS_AT]! & UNCHANGED_MASK
    this.setImage(number, image)
  }

  /** Makes room for so many entries in all. */
  reserve(entries: number): void {
    let places = this.#mask + 1
    while (entries > places * FULL) places *= 2
    if (entries * ENTRY_LANES > this.lanes.length) this.#growLanes(entries)
    if (places > this.#mask + 1) this.#rehash(places)
  }

  get bytes(): number {
    return this.lanes.byteLength + this.#places.byteLength + imagesWeight(this.#imageCount, this.#imageBytes)
  }

  /** See `indexWeight`. */
  get weight(): number {
    return indexWeight(this.size, this.#imageCount, this.#imageBytes)
  }

  /** Of a partial upsert, by the entry's number: its merged row as runs hold it. */
  image(number: number): Uint8Array | undefined {
    return this.#images[number]
  }

  setImage(number: number, image: Uint8Array | undefined): void {
    const before = this.#images[number]
    if (before === image) return
    this.#imageCount += Number(image !== undefined) - Number(before !== undefined)
    this.#imageBytes += (image?.length ?? 0) - (before?.length ?? 0)
    this.#images[number] = image
  }

  #isAt(number: number, hashes: Uint32Array, at: number): boolean {
    const start = number * ENTRY_LANES
    const { lanes } = this
    return (
      lanes[start] === hashes[at] &&
      lanes[start + 1] === hashes[at + 1] &&
      lanes[start + 2] === hashes[at + 2] &&
      lanes[start + 3] === hashes[at + 3]
    )
  }

  #place(number: number): void {
    const start = number * ENTRY_LANES
    const places = this.#places
    let place = this.lanes[start]! & this.#mask
    while (places[2 * place + 1] !== 0) place = (place + 1) & this.#mask
    places[2 * place] = this.lanes[start + 1]!
    places[2 * place + 1] = number + 1
  }

  #rehash(places: number): void {
    this.#places = new Uint32Array(2 * places)
    this.#mask = places - 1
    for (let number = 0; number < this.size; number++) this.#place(number)
  }

  #growLanes(entries: number = Math.ceil((this.lanes.length / ENTRY_LANES) * GROWTH)): void {
    const larger = new Uint32Array(entries * ENTRY_LANES)
    larger.set(this.lanes)
    this.lanes = larger
  }
}
