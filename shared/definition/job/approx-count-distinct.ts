import type { Aggregator } from "./aggregators.ts"

/** Registers: 2^12. The standard error is 1.04 / √registers, 1.6 %; they take 4 KB. */
const PRECISION = 12
const REGISTERS = 2 ** PRECISION
/** Bits of a hash beside those that choose its register. */
const RANK_BITS = 40
/** Up to here the hashes themselves are kept: exact but for two of them being equal, and smaller than registers. */
const EXACT_MAX = 256

/** Few values: their hashes. Many: a HyperLogLog's registers. */
type Sketch = Set<number> | Uint8Array

/**
 * How many distinct values there are, about: exact up to 256, then with a standard error of 1.6 % (two of three results
 * are closer than that, 997 of 1,000 closer than 4.9 %). It takes 4 KB at most, however many there are.
 *
 * HyperLogLog (Flajolet et al. 2007) with Ertl's estimator (New cardinality estimation algorithms, 2017), which needs no
 * correction for small numbers. The number 1 and the text "1" are two values.
 */
export function approxCountDistinct<T, V extends string | number | boolean>(
  of: (record: T) => V,
): Aggregator<T, number, Set<number> | Uint8Array> {
  return Object.freeze<Aggregator<T, number, Sketch>>({
    kind: "approxCountDistinct",
    of,
    create: () => new Set<number>(),
    add: (sketch, record) => withHash(sketch, hashOf(of(record))),
    merge: merged,
    result: sketch => (sketch instanceof Set ? sketch.size : Math.round(estimate(sketch))),
  })
}

function withHash(sketch: Sketch, hash: number): Sketch {
  if (!(sketch instanceof Set)) {
    count(sketch, hash)
    return sketch
  }
  sketch.add(hash)
  return sketch.size > EXACT_MAX ? registersOf(sketch) : sketch
}

function registersOf(hashes: Iterable<number>): Uint8Array {
  const registers = new Uint8Array(REGISTERS)
  for (const hash of hashes) count(registers, hash)
  return registers
}

function merged(left: Sketch, right: Sketch): Sketch {
  if (right instanceof Set) {
    let both = left
    for (const hash of right) both = withHash(both, hash)
    return both
  }
  if (left instanceof Set) return merged(right, left)
  for (let at = 0; at < REGISTERS; at++) left[at] = Math.max(left[at] as number, right[at] as number)
  return left
}

/** Raises the register of a hash to where the first 1 of its other bits stands. */
function count(registers: Uint8Array, hash: number): void {
  const register = hash % REGISTERS
  const rest = Math.floor(hash / REGISTERS)
  // From 1 on; without a 1 it is one more than there are bits.
  const rank = rest === 0 ? RANK_BITS + 1 : RANK_BITS - Math.floor(Math.log2(rest))
  if (rank > (registers[register] as number)) registers[register] = rank
}

function estimate(registers: Uint8Array): number {
  const counts = new Float64Array(RANK_BITS + 2)
  for (const rank of registers) counts[rank] = (counts[rank] as number) + 1
  let sum = REGISTERS * tau(1 - (counts[RANK_BITS + 1] as number) / REGISTERS)
  for (let rank = RANK_BITS; rank >= 1; rank--) sum = 0.5 * (sum + (counts[rank] as number))
  sum += REGISTERS * sigma((counts[0] as number) / REGISTERS)
  return REGISTERS ** 2 / (2 * Math.LN2 * sum)
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY
  let sum = share
  let power = share
  for (let factor = 1, last = -1; sum !== last; factor *= 2) {
    power *= power
    last = sum
    sum += power * factor
  }
  return sum
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let sum = 1 - share
  let root = share
  for (let factor = 0.5, last = -1; sum !== last; factor *= 0.5) {
    root = Math.sqrt(root)
    last = sum
    sum -= (1 - root) ** 2 * factor
  }
  return sum / 3
}

/**
 * 52 bits of a value. Two multiplicative hashes over the UTF-16 units, mixed as murmur3 ends (cyrb53, public domain,
 * bryc). It is in stored state: it never changes.
 */
function hashOf(value: string | number | boolean): number {
  const text = typeof value === "string" ? value : `${typeof value} ${value}`
  let a = typeof value === "string" ? 0xdeadbeef : 0x5eed1e55
  let b = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 2 ** 32 * (b & 0xfffff) + (a >>> 0)
}
