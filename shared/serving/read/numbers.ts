import { StorageError } from "../../storage/errors.ts"
import { readDelta } from "./delta.ts"
import { readHybrid } from "./hybrid.ts"
import { isById, readIds } from "./ids.ts"
import { type Leaf, PHYSICAL } from "./leaf.ts"
import { ENCODING, type Page } from "./page.ts"

type Numbers = Int32Array | Float64Array | BigInt64Array | Uint8Array

/** Collects the numbers of a chunk's pages. Longs are collected as doubles until one is too large. */
export class NumberBuilder {
  readonly #leaf: Leaf
  readonly #values: Int32Array | Float64Array | BigInt64Array | Uint8Array
  #dictionary: Numbers | undefined

  constructor(leaf: Leaf, slots: number) {
    this.#leaf = leaf
    this.#values = arrayFor(leaf, slots)
  }

  setDictionary({ data, slots }: Page): void {
    const dictionary = arrayFor(this.#leaf, slots)
    readPlain(this.#leaf, data, dictionary, 0, slots)
    this.#dictionary = dictionary
  }

  /** @param places the slots of the page that hold a value; undefined: all */
  add(page: Page, at: number, places: Uint32Array | undefined): void {
    const count = places?.length ?? page.slots
    if (places === undefined) {
      this.#read(page, this.#values, at, count)
      return
    }
    const dense = arrayFor(this.#leaf, count)
    this.#read(page, dense, 0, count)
    const [from, to] = [comparable(dense), comparable(this.#values)]
    const width = to.length / Math.max(1, this.#values.length)
    for (let index = 0; index < count; index++) {
      const target = (at + places[index]!) * width
      to[target] = from[index * width]!
      if (width === 2) to[target + 1] = from[index * 2 + 1]!
    }
  }

  #read(page: Page, into: Numbers, at: number, count: number): void {
    const { data, encoding } = page
    if (isById(page)) {
      const dictionary = this.#dictionary
      if (dictionary === undefined) throw new StorageError("corrupt", "ids without a dictionary")
      const ids = new Uint32Array(count)
      readIds({ ...page, slots: count }, ids, 0, undefined)
      gather(dictionary, ids, into, at)
    } else if (encoding === ENCODING.plain) readPlain(this.#leaf, data, into, at, count)
    else if (encoding === ENCODING.rle && into instanceof Uint8Array) {
      readHybrid(data, 4, data.length, 1, into, at, count)
    } else if (encoding === ENCODING.delta && into instanceof BigInt64Array) readLongs(data, into, at, count)
    else throw new StorageError("corrupt", `a page of encoding ${encoding}: expected one that segments have`)
  }

  finish(): Numbers {
    return this.#values
  }
}

function arrayFor({ physical }: Leaf, slots: number): Numbers {
  switch (physical) {
    case PHYSICAL.int32:
      return new Int32Array(slots)
    case PHYSICAL.int64:
      return new BigInt64Array(slots)
    case PHYSICAL.boolean:
      return new Uint8Array(slots)
    default:
      return new Float64Array(slots)
  }
}

function readPlain({ physical }: Leaf, data: Uint8Array, into: Numbers, at: number, count: number): void {
  if (physical === PHYSICAL.boolean) {
    for (let index = 0; index < count; index++) into[at + index] = (data[index >>> 3]! >>> (index & 7)) & 1
    return
  }
  const width = physical === PHYSICAL.int32 || physical === PHYSICAL.float ? 4 : 8
  if (data.length < count * width) throw new StorageError("corrupt", "a page that ends too early")
  // Typed arrays begin at multiples of their width, pages anywhere.
  const bytes = data.slice(0, count * width)
  if (physical === PHYSICAL.float) into.set(new Float32Array(bytes.buffer) as never, at)
  else new Uint8Array(into.buffer, into.byteOffset + at * width, bytes.length).set(bytes)
}

/** Longs as pairs of words, which are moved without a bigint for each; anything else as it is. */
function comparable(values: Numbers): Int32Array | Float64Array | Uint8Array {
  return values instanceof BigInt64Array
    ? new Int32Array(values.buffer, values.byteOffset, values.length * 2)
    : values
}

function gather(dictionary: Numbers, ids: Uint32Array, into: Numbers, at: number): void {
  const from = comparable(dictionary)
  const to = comparable(into)
  if (!(into instanceof BigInt64Array)) {
    for (let index = 0; index < ids.length; index++) to[at + index] = from[ids[index]!]!
    return
  }
  for (let index = 0; index < ids.length; index++) {
    const id = ids[index]! * 2
    to[(at + index) * 2] = from[id]!
    to[(at + index) * 2 + 1] = from[id + 1]!
  }
}

/** Differences are added as doubles, and once more as bigints where that was not exact. */
function readLongs(data: Uint8Array, into: BigInt64Array, at: number, count: number): void {
  const numbers = new Float64Array(count)
  readDelta(data, numbers, 0, count)
  if (!numbers.every(Number.isSafeInteger)) {
    readDelta(data, into, at, count)
    return
  }
  const words = comparable(into)
  for (let index = 0; index < count; index++) {
    const value = numbers[index]!
    words[(at + index) * 2] = value % 0x100000000
    words[(at + index) * 2 + 1] = Math.floor(value / 0x100000000)
  }
}

/** The high word from which on a long may be no safe integer. */
const SAFE_HIGH = 2 ** 21

/** Longs as doubles; undefined where one is no safe integer. */
export function safeLongs(values: BigInt64Array): Float64Array | undefined {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const numbers = new Float64Array(values.length)
  for (let index = 0; index < numbers.length; index++) {
    const high = words[index * 2 + 1]!
    if (high >= SAFE_HIGH || high <= -SAFE_HIGH) return undefined
    numbers[index] = high * 0x100000000 + (words[index * 2]! >>> 0)
  }
  return numbers
}

/** Longs as doubles where all are safe integers; other numbers as they are. */
export const narrowedLongs = (values: Numbers): Numbers =>
  values instanceof BigInt64Array ? (safeLongs(values) ?? values) : values
