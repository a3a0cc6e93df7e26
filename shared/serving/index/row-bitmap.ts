import type { RowSet } from "./row-set.ts"

// Rows as Roaring bitmaps have them: 65,536 at a time, as a list where they are few and as bits where they are many.
// "Better bitmap performance with Roaring bitmaps", Chambi, Lemire, Kaser, Godin, 2016.

export const CONTAINER_ROWS = 65_536
/** Up to here a list takes no more than bits. */
export const ARRAY_ROWS_MAX = 4_096
export const CONTAINER_WORDS = CONTAINER_ROWS / 32

/** The rows that share their upper 16 bits, by their lower ones; never empty. */
export type Container =
  | { readonly kind: "array"; readonly values: Uint16Array }
  | { readonly kind: "bits"; readonly words: Uint32Array; readonly count: number }

const sizeOf = (container: Container): number =>
  container.kind === "array" ? container.values.length : container.count

function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Bits as a container of the kind that their number asks for; undefined for none. */
export function containerOf(words: Uint32Array): Container | undefined {
  let count = 0
  for (let at = 0; at < CONTAINER_WORDS; at++) count += bitCount(words[at]!)
  if (count === 0) return undefined
  if (count > ARRAY_ROWS_MAX) return { kind: "bits", words, count }
  const values = new Uint16Array(count)
  let next = 0
  for (let at = 0; at < CONTAINER_WORDS; at++) {
    for (let word = words[at]!; word !== 0; word &= word - 1) {
      values[next++] = at * 32 + (31 - Math.clz32(word & -word))
    }
  }
  return { kind: "array", values }
}

function wordsOf(container: Container): Uint32Array {
  if (container.kind === "bits") return container.words
  const words = new Uint32Array(CONTAINER_WORDS)
  for (const value of container.values) words[value >>> 5]! |= 1 << (value & 31)
  return words
}

/** Sets the bits from `first` up to, not including, `end`. */
export function setBits(words: Uint32Array, first: number, end: number): void {
  if (first >= end) return
  const from = first >>> 5
  const to = (end - 1) >>> 5
  const head = -1 << (first & 31)
  const tail = -1 >>> (31 - ((end - 1) & 31))
  if (from === to) {
    words[from]! |= head & tail
    return
  }
  words[from]! |= head
  words.fill(0xffffffff, from + 1, to)
  words[to]! |= tail
}

function holds(container: Container, low: number): boolean {
  if (container.kind === "bits") return ((container.words[low >>> 5]! >>> (low & 31)) & 1) === 1
  const { values } = container
  let from = 0
  let to = values.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (values[middle]! < low) from = middle + 1
    else to = middle
  }
  return values[from] === low
}

function intersected(a: Container, b: Container): Container | undefined {
  if (a.kind === "array" || b.kind === "array") {
    const [few, other] = a.kind === "array" ? [a.values, b] : [(b as { values: Uint16Array }).values, a]
    const kept = few.filter(value => holds(other, value))
    return kept.length === 0 ? undefined : { kind: "array", values: kept }
  }
  const words = new Uint32Array(CONTAINER_WORDS)
  for (let at = 0; at < CONTAINER_WORDS; at++) words[at] = a.words[at]! & b.words[at]!
  return containerOf(words)
}

/** Rows of one segment, as a Roaring bitmap. Never changed once made. */
export class RowBitmap implements RowSet {
  /** By the rows' upper 16 bits. */
  readonly containers: ReadonlyMap<number, Container>
  readonly size: number
  readonly #keys: readonly number[]

  constructor(containers: ReadonlyMap<number, Container>) {
    this.containers = containers
    this.#keys = [...containers.keys()].sort((a, b) => a - b)
    let size = 0
    for (const container of containers.values()) size += sizeOf(container)
    this.size = size
  }

  static readonly empty = new RowBitmap(new Map())

  /** @param rows ascending, no two equal */
  static ofRows(rows: ArrayLike<number>): RowBitmap {
    const containers = new Map<number, Container>()
    for (let from = 0; from < rows.length; ) {
      const key = rows[from]! >>> 16
      let to = from
      while (to < rows.length && rows[to]! >>> 16 === key) to++
      const values = new Uint16Array(to - from)
      for (let at = from; at < to; at++) values[at - from] = rows[at]!
      if (values.length <= ARRAY_ROWS_MAX) containers.set(key, { kind: "array", values })
      else {
        const words = wordsOf({ kind: "array", values })
        containers.set(key, { kind: "bits", words, count: values.length })
      }
      from = to
    }
    return new RowBitmap(containers)
  }

  /** The rows from `first` up to, not including, `end`. */
  static ofRange(first: number, end: number): RowBitmap {
    const containers = new Map<number, Container>()
    for (let from = first; from < end; ) {
      const key = from >>> 16
      const to = Math.min(end, (key + 1) * CONTAINER_ROWS)
      const words = new Uint32Array(CONTAINER_WORDS)
      setBits(words, from - key * CONTAINER_ROWS, to - key * CONTAINER_ROWS)
      const container = containerOf(words)
      if (container !== undefined) containers.set(key, container)
      from = to
    }
    return new RowBitmap(containers)
  }

  /** Rows that are in any of the sets. */
  static union(sets: readonly RowBitmap[]): RowBitmap {
    const [first, ...rest] = sets
    if (first === undefined) return RowBitmap.empty
    if (rest.length === 0) return first
    const byKey = new Map<number, Container[]>()
    for (const { containers } of sets) {
      for (const [key, container] of containers) {
        const held = byKey.get(key)
        if (held === undefined) byKey.set(key, [container])
        else held.push(container)
      }
    }
    const joined = new Map<number, Container>()
    for (const [key, containers] of byKey) joined.set(key, unionOf(containers))
    return new RowBitmap(joined)
  }

  and(other: RowBitmap): RowBitmap {
    const kept = new Map<number, Container>()
    for (const [key, container] of this.containers) {
      const theirs = other.containers.get(key)
      const both = theirs === undefined ? undefined : intersected(container, theirs)
      if (both !== undefined) kept.set(key, both)
    }
    return new RowBitmap(kept)
  }

  /** The rows below `rows` that are not in the set. */
  not(rows: number): RowBitmap {
    const others = new Map<number, Container>()
    for (let key = 0; key * CONTAINER_ROWS < rows; key++) {
      const mine = this.containers.get(key)
      const words = new Uint32Array(CONTAINER_WORDS)
      setBits(words, 0, Math.min(CONTAINER_ROWS, rows - key * CONTAINER_ROWS))
      const held = mine === undefined ? undefined : wordsOf(mine)
      if (held !== undefined) for (let at = 0; at < CONTAINER_WORDS; at++) words[at]! &= ~held[at]!
      const container = containerOf(words)
      if (container !== undefined) others.set(key, container)
    }
    return new RowBitmap(others)
  }

  has(row: number): boolean {
    const container = this.containers.get(row >>> 16)
    return container !== undefined && holds(container, row & 0xffff)
  }

  forEachRange(each: (first: number, end: number) => void): void {
    let first = -1
    let end = -1
    const add = (from: number, to: number): void => {
      if (from === end) {
        end = to
        return
      }
      if (first >= 0) each(first, end)
      first = from
      end = to
    }
    for (const key of this.#keys) {
      rangesOf(this.containers.get(key)!, (from, to) =>
        add(key * CONTAINER_ROWS + from, key * CONTAINER_ROWS + to),
      )
    }
    if (first >= 0) each(first, end)
  }

  rowsBetween(first: number, end: number): Uint32Array {
    const rows = new Uint32Array(Math.min(this.size, Math.max(0, end - first)))
    let next = 0
    for (let key = first >>> 16; key * CONTAINER_ROWS < end; key++) {
      const container = this.containers.get(key)
      if (container === undefined) continue
      const base = key * CONTAINER_ROWS
      rangesOf(container, (from, to) => {
        for (let row = Math.max(base + from, first); row < Math.min(base + to, end); row++)
          rows[next++] = row - first
      })
    }
    return rows.subarray(0, next)
  }
}

function unionOf(containers: readonly Container[]): Container {
  const [only, ...rest] = containers
  if (rest.length === 0) return only!
  const words = new Uint32Array(CONTAINER_WORDS)
  for (const container of containers) {
    if (container.kind === "bits") {
      for (let at = 0; at < CONTAINER_WORDS; at++) words[at]! |= container.words[at]!
    } else for (const value of container.values) words[value >>> 5]! |= 1 << (value & 31)
  }
  return containerOf(words)!
}

/** Runs of a container's values, ascending. */
export function rangesOf(container: Container, each: (first: number, end: number) => void): void {
  if (container.kind === "array") {
    const { values } = container
    for (let at = 0; at < values.length; ) {
      const first = values[at]!
      let end = first + 1
      at++
      while (values[at] === end) {
        end++
        at++
      }
      each(first, end)
    }
    return
  }
  let first = -1
  for (let at = 0; at < CONTAINER_WORDS; at++) {
    const word = container.words[at]!
    if (word === 0 || word === 0xffffffff) {
      const row = at * 32
      if (word === 0 && first >= 0) {
        each(first, row)
        first = -1
      } else if (word !== 0 && first < 0) first = row
      continue
    }
    for (let bit = 0; bit < 32; bit++) {
      const isSet = ((word >>> bit) & 1) === 1
      if (isSet && first < 0) first = at * 32 + bit
      else if (!isSet && first >= 0) {
        each(first, at * 32 + bit)
        first = -1
      }
    }
  }
  if (first >= 0) each(first, CONTAINER_ROWS)
}
