import { StorageError } from "../../storage/errors.ts"
import { unpack } from "./hybrid.ts"

/**
 * Integers as Parquet's DELTA_BINARY_PACKED has them: the first one, then differences in blocks, each block with its
 * least difference and miniblocks of as many bits as they need.
 * @param into filled from `from` on with `count` numbers, exact below 2^53
 */
export function readDelta(
  bytes: Uint8Array,
  into: Float64Array | BigInt64Array,
  from: number,
  count: number,
): void {
  const cursor = new Cursor(bytes)
  const blockSize = Number(cursor.varint())
  const miniblocks = Number(cursor.varint())
  const total = Number(cursor.varint())
  if (total !== count || miniblocks === 0) {
    throw new StorageError("corrupt", `a page of ${total} differences; expected ${count}`)
  }
  const size = blockSize / miniblocks
  const first = cursor.zigzag()
  if (count > 0) into[from] = into instanceof Float64Array ? Number(first) : first
  const scratch = new Uint32Array(size)
  let next = from + 1
  const last = from + count
  while (next < last) {
    const least = cursor.zigzag()
    const widths = bytes.subarray(cursor.at, cursor.at + miniblocks)
    cursor.at += miniblocks
    for (let index = 0; index < miniblocks && next < last; index++) {
      const bits = widths[index]!
      const values = Math.min(last - next, size)
      if (into instanceof Float64Array && bits <= NUMBER_BITS) {
        unpack(bytes, cursor.at, bits, scratch, 0, values)
        addNumbers(into, next, Number(least), scratch, values)
      } else {
        for (let at = 0; at < values; at++) {
          const step = least + (bits === 0 ? 0n : bitsAt(bytes, cursor.at, at * bits, bits))
          const value = BigInt.asIntN(64, BigInt(into[next + at - 1]!) + step)
          into[next + at] = into instanceof Float64Array ? Number(value) : value
        }
      }
      next += values
      cursor.at += (bits * size) / 8
    }
  }
}

/** Differences of more bits are rare, and too many for a shift. */
const NUMBER_BITS = 24

function addNumbers(
  into: Float64Array,
  from: number,
  least: number,
  steps: Uint32Array,
  count: number,
): void {
  let value = into[from - 1]!
  for (let at = 0; at < count; at++) {
    value += least + steps[at]!
    into[from + at] = value
  }
}

function bitsAt(bytes: Uint8Array, start: number, from: number, bits: number): bigint {
  let value = 0n
  let place = start + (from >>> 3)
  let shift = -(from & 7)
  while (shift < bits) {
    const byte = BigInt(bytes[place++]!)
    value |= shift < 0 ? byte >> BigInt(-shift) : byte << BigInt(shift)
    shift += 8
  }
  return value & ((1n << BigInt(bits)) - 1n)
}

class Cursor {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) throw new StorageError("corrupt", "a page that ends too early")
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  zigzag(): bigint {
    const value = this.varint()
    return (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n)
  }
}
