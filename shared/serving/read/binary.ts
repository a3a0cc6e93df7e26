import { StorageError } from "../../storage/errors.ts"
import { isById, newIds, readIds } from "./ids.ts"
import { type Leaf, PHYSICAL } from "./leaf.ts"
import { ENCODING, type Page } from "./page.ts"

/** Where the values of a page of byte arrays begin and end within it. */
function extents(leaf: Leaf, data: Uint8Array, count: number): Uint32Array {
  const at = new Uint32Array(count * 2)
  let place = 0
  const isFixed = leaf.physical === PHYSICAL.fixed
  for (let index = 0; index < count; index++) {
    let length = leaf.typeLength
    if (!isFixed) {
      length =
        (data[place]! | (data[place + 1]! << 8) | (data[place + 2]! << 16) | (data[place + 3]! << 24)) >>> 0
      place += 4
    }
    at[index * 2] = place
    place += length
    at[index * 2 + 1] = place
    if (!(place <= data.length)) throw new StorageError("corrupt", "a page that ends too early")
  }
  return at
}

/** A decimal's unscaled value from its big-endian bytes. */
export function unscaledOf(bytes: Uint8Array, start = 0, end = bytes.length): bigint {
  let value = 0n
  for (let at = start; at < end; at++) value = (value << 8n) | BigInt(bytes[at]!)
  return BigInt.asIntN((end - start) * 8, value)
}

/** A dictionary page's values, as rows are to give them. */
export function readTexts(
  leaf: Leaf,
  { data, slots }: Page,
): readonly string[] | readonly bigint[] | readonly Uint8Array[] {
  const at = extents(leaf, data, slots)
  const made = <T>(make: (start: number, end: number) => T): T[] =>
    Array.from({ length: slots }, (_, index) => make(at[index * 2]!, at[index * 2 + 1]!))
  if (leaf.type === "decimal") return made((start, end) => unscaledOf(data, start, end))
  if (leaf.type === "bytes") return made((start, end) => data.slice(start, end))
  const text = Buffer.from(data.buffer, data.byteOffset, data.length)
  return made((start, end) => text.toString("utf8", start, end))
}

/** Collects the bytes of values that are not kept as ids. */
export class BinaryBuilder {
  readonly #leaf: Leaf
  readonly #starts: Uint32Array
  readonly #pieces: Uint8Array[] = []
  #slots = 0
  #length = 0
  #dictionary: { readonly data: Uint8Array; readonly at: Uint32Array } | undefined

  constructor(leaf: Leaf, slots: number) {
    this.#leaf = leaf
    this.#starts = new Uint32Array(slots + 1)
  }

  setDictionary({ data, slots }: Page): void {
    this.#dictionary = { data, at: extents(this.#leaf, data, slots) }
  }

  add(page: Page, places: Uint32Array | undefined): void {
    const count = places?.length ?? page.slots
    const { data, at, ids } = this.#valuesOf(page, count)
    let size = 0
    for (let index = 0; index < count; index++) {
      const id = ids === undefined ? index : ids[index]!
      size += at[id * 2 + 1]! - at[id * 2]!
    }
    const piece = new Uint8Array(size)
    let place = 0
    let next = 0
    for (let slot = 0; slot < page.slots; slot++) {
      this.#starts[this.#slots + slot] = this.#length + place
      if (places !== undefined && places[next] !== slot) continue
      const id = ids === undefined ? next : ids[next]!
      const start = at[id * 2]!
      const end = at[id * 2 + 1]!
      for (let byte = start; byte < end; byte++) piece[place++] = data[byte]!
      next++
    }
    this.#pieces.push(piece)
    this.#slots += page.slots
    this.#length += size
  }

  #valuesOf(page: Page, count: number): { data: Uint8Array; at: Uint32Array; ids?: ArrayLike<number> } {
    if (page.encoding === ENCODING.plain)
      return { data: page.data, at: extents(this.#leaf, page.data, count) }
    if (!isById(page) || this.#dictionary === undefined) {
      throw new StorageError(
        "corrupt",
        `a page of encoding ${page.encoding}: expected one that segments have`,
      )
    }
    const ids = newIds(this.#dictionary.at.length / 2, count)
    readIds({ ...page, slots: count }, ids, 0, undefined)
    return { ...this.#dictionary, ids }
  }

  finish(): { readonly data: Uint8Array; readonly starts: Uint32Array } {
    this.#starts[this.#slots] = this.#length
    if (this.#pieces.length === 1) return { data: this.#pieces[0]!, starts: this.#starts }
    return { data: new Uint8Array(Buffer.concat(this.#pieces)), starts: this.#starts }
  }
}
