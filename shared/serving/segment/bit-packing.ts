// Parquet's packing of small numbers. https://parquet.apache.org/docs/file-format/data-pages/encodings/

/** A varint takes at most ten bytes. */
const VARINT_BYTES_MAX = 10
/** Of a packed run: it is counted in groups of eight values. */
const GROUP = 8

/** Packs numbers of `width` bits (0 to 32), the lowest bits first, into `out` from the byte `at` on. */
export function packBits(
  numbers: ArrayLike<number>,
  from: number,
  to: number,
  width: number,
  out: Uint8Array,
  at: number,
): void {
  let byte = at
  let used = 0
  for (let index = from; index < to; index++) {
    let rest = numbers[index]!
    for (let left = width; left > 0; ) {
      const take = Math.min(8 - used, left)
      out[byte]! |= (rest & ((1 << take) - 1)) << used
      rest >>>= take
      left -= take
      used += take
      if (used === 8) {
        used = 0
        byte++
      }
    }
  }
}

/** Bits that a number below `count` takes. */
export const bitsFor = (count: number): number => (count <= 1 ? 0 : 32 - Math.clz32(count - 1))

/** All numbers as one packed run of the hybrid of runs and packing. */
export function packedRun(numbers: ArrayLike<number>, width: number): Uint8Array {
  const groups = Math.ceil(numbers.length / GROUP)
  const out = new Uint8Array(VARINT_BYTES_MAX + groups * width)
  const at = putVarint(out, 0, groups * 2 + 1)
  packBits(numbers, 0, numbers.length, width, out, at)
  return out.subarray(0, at + groups * width)
}

/** `count` times one number of a width of up to 8 bits, as a run of the same hybrid. */
export function repeatedRun(number: number, count: number): Uint8Array {
  const out = new Uint8Array(VARINT_BYTES_MAX + 1)
  const at = putVarint(out, 0, count * 2)
  out[at] = number
  return out.subarray(0, at + 1)
}

/** Writes an unsigned varint and gives the place after it. */
export function putVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value
  let to = at
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[to++] = (rest % 0x80) | 0x80
  out[to++] = rest
  return to
}

const BLOCK = 128
const MINIBLOCK = 32

/**
 * Whole numbers by their differences (DELTA_BINARY_PACKED), which of offsets that follow each other takes next to
 * nothing; undefined where differences are too far apart for 32 bits.
 */
export function deltaPacked(numbers: Float64Array): Uint8Array | undefined {
  const out = new Uint8Array(64 + Math.ceil(numbers.length / BLOCK) * (16 + BLOCK * 4))
  let at = putVarint(out, 0, BLOCK)
  at = putVarint(out, at, BLOCK / MINIBLOCK)
  at = putVarint(out, at, numbers.length)
  at = putZigzag(out, at, numbers[0] ?? 0)
  const deltas = new Uint32Array(BLOCK)
  for (let start = 1; start < numbers.length; start += BLOCK) {
    const count = Math.min(BLOCK, numbers.length - start)
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    for (let index = start; index < start + count; index++) {
      const delta = numbers[index]! - numbers[index - 1]!
      if (delta < least) least = delta
      if (delta > most) most = delta
    }
    if (most - least >= 2 ** 32) return undefined
    deltas.fill(0)
    for (let index = 0; index < count; index++) {
      deltas[index] = numbers[start + index]! - numbers[start + index - 1]! - least
    }
    at = putBlock(out, putZigzag(out, at, least), deltas, count)
  }
  return out.subarray(0, at)
}

function putBlock(out: Uint8Array, at: number, deltas: Uint32Array, count: number): number {
  let end = at + BLOCK / MINIBLOCK
  for (let mini = 0; mini < BLOCK / MINIBLOCK; mini++) {
    const from = mini * MINIBLOCK
    let all = 0
    for (let index = from; index < from + MINIBLOCK; index++) all |= deltas[index]!
    const width = from >= count ? 0 : 32 - Math.clz32(all)
    out[at + mini] = width
    packBits(deltas, from, from + MINIBLOCK, width, out, end)
    end += (MINIBLOCK * width) / 8
  }
  return end
}

/** Twice a safe integer may be none. */
function putZigzag(out: Uint8Array, at: number, value: number): number {
  let rest = BigInt(value) * 2n
  if (value < 0) rest = -rest - 1n
  let to = at
  for (; rest >= 0x80n; rest >>= 7n) out[to++] = Number(rest & 0x7fn) | 0x80
  out[to++] = Number(rest)
  return to
}
