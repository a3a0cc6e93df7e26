/**
 * Zigzag varints of Kafka's record format (the encoding of Protocol Buffers' sint32 and sint64), over plain numbers:
 * whole numbers up to 2^53 − 1 either way.
 */

/** A varint of an int32 takes at most 5 bytes. */
export const VARINT_BYTES_MAX = 5
/** A varint of an int64 takes at most 10 bytes. */
export const VARLONG_BYTES_MAX = 10

const INT32_MAX = 0x7fffffff
const INT32_MIN = -0x80000000
const TWO_POW_28 = 0x10000000
const TWO_POW_32 = 0x100000000

/** Bytes that the zigzag varint of an int32 takes. */
export function varintSize(value: number): number {
  const zigzag = (value << 1) ^ (value >> 31)
  // Seven bits a byte: the number of leading zeros tells the size without a loop.
  return ((38 - Math.clz32(zigzag | 1)) / 7) | 0
}

/** Writes an int32 and returns the index after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let zigzag = (value << 1) ^ (value >> 31)
  let next = at
  while ((zigzag & ~0x7f) !== 0) {
    bytes[next++] = (zigzag & 0x7f) | 0x80
    zigzag >>>= 7
  }
  bytes[next++] = zigzag
  return next
}

/** Bytes that the zigzag varint of a whole number takes. */
export function varlongSize(value: number): number {
  if (value <= INT32_MAX && value >= INT32_MIN) return varintSize(value)
  let magnitude = value < 0 ? -(value + 1) : value
  // The lowest byte holds the sign and six bits, each further one seven.
  let size = 1
  magnitude = Math.floor(magnitude / 64)
  while (magnitude > 0) {
    magnitude = Math.floor(magnitude / 128)
    size++
  }
  return size
}

/** Writes a whole number and returns the index after it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value <= INT32_MAX && value >= INT32_MIN) return writeVarint(bytes, at, value)
  const sign = value < 0 ? 1 : 0
  const magnitude = sign === 1 ? -(value + 1) : value
  let next = at
  let rest = Math.floor(magnitude / 64)
  bytes[next++] = ((magnitude % 64) << 1) | sign | (rest > 0 ? 0x80 : 0)
  while (rest > 0) {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes[next++] = low | (rest > 0 ? 0x80 : 0)
  }
  return next
}

/** Reads varints one after the other; `value` is the last one read. No object is made per number. */
export class VarintReader {
  value = 0

  /**
   * Reads an int32 at `at` into `value` and returns the index after it, or −1 where it does not end below `end` or
   * is longer than 32 bits.
   */
  int32(bytes: Uint8Array, at: number, end: number): number {
    let next = at
    let zigzag = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (next >= end) return -1
      const byte = bytes[next++]!
      if (shift === 28 && byte > 0x0f) return -1
      zigzag |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.value = (zigzag >>> 1) ^ -(zigzag & 1)
        return next
      }
    }
    return -1
  }

  /** As `int32`, for whole numbers up to 2^53 − 1 either way; −1 beyond them too. */
  int53(bytes: Uint8Array, at: number, end: number): number {
    let next = at
    let low = 0
    let shift = 0
    let byte = 0
    do {
      if (next >= end) return -1
      byte = bytes[next++]!
      low |= (byte & 0x7f) << shift
      shift += 7
    } while (byte >= 0x80 && shift < 28)
    let high = 0
    for (let scale = 1; byte >= 0x80; scale *= 128) {
      if (next >= end || next - at >= VARLONG_BYTES_MAX) return -1
      byte = bytes[next++]!
      high += (byte & 0x7f) * scale
    }
    // The sign is the lowest bit: taken off before the halves are joined, so that nothing passes 2^53.
    const magnitude = high * (TWO_POW_28 / 2) + (low >>> 1)
    this.value = (low & 1) === 0 ? magnitude : -magnitude - 1
    return Number.isSafeInteger(this.value) ? next : -1
  }
}

/** Reads a big-endian int64; what a number cannot hold exactly becomes NaN. */
export function readInt64(view: DataView, at: number): number {
  const value = view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4)
  return Number.isSafeInteger(value) ? value : Number.NaN
}

/** Writes a whole number as a big-endian int64. */
export function writeInt64(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / TWO_POW_32))
  view.setUint32(at + 4, value - Math.floor(value / TWO_POW_32) * TWO_POW_32)
}
