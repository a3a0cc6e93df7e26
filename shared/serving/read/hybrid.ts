/** Where numbers of a few bits each are unpacked to. */
export type Unpacked = Uint8Array | Uint16Array | Uint32Array

/**
 * Parquet's RLE and bit-packing hybrid: runs of one value, and groups of eight values side by side.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/
 * @param bytes what holds it, from `at` up to `end`
 * @param bits of each number, 0 to 32
 * @param into filled from `from` on with `count` numbers
 */
export function readHybrid(
  bytes: Uint8Array,
  at: number,
  end: number,
  bits: number,
  into: Unpacked,
  from: number,
  count: number,
): void {
  const last = from + count
  let place = at
  let next = from
  while (next < last && place < end) {
    let head = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[place++]!
      head |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    if ((head & 1) === 0) {
      let value = 0
      for (let shift = 0; shift < bits; shift += 8) value |= bytes[place++]! << shift
      const stop = Math.min(last, next + (head >>> 1))
      into.fill(value >>> 0, next, stop)
      next = stop
    } else {
      const groups = head >>> 1
      const values = Math.min(last - next, groups * 8)
      unpack(bytes, place, bits, into, next, values)
      place += groups * bits
      next += values
    }
  }
  if (next < last) into.fill(0, next, last)
}

/** Numbers side by side, the lowest bits first. */
export function unpack(
  bytes: Uint8Array,
  at: number,
  bits: number,
  into: Unpacked,
  from: number,
  count: number,
): void {
  if (bits === 8) {
    for (let index = 0; index < count; index++) into[from + index] = bytes[at + index]!
    return
  }
  if (bits > 24) {
    unpackWide(bytes, at, bits, into, from, count)
    return
  }
  // A buffer of up to 31 bits: a number of 24 and what is left of the byte before it.
  const mask = (1 << bits) - 1
  let buffer = 0
  let held = 0
  let place = at
  const last = from + count
  for (let index = from; index < last; index++) {
    while (held < bits) {
      buffer |= bytes[place++]! << held
      held += 8
    }
    into[index] = buffer & mask
    buffer >>>= bits
    held -= bits
  }
}

function unpackWide(
  bytes: Uint8Array,
  at: number,
  bits: number,
  into: Unpacked,
  from: number,
  count: number,
): void {
  for (let index = 0; index < count; index++) {
    let value = 0
    const start = index * bits
    for (let bit = 0; bit < bits; bit++) {
      const place = start + bit
      if ((bytes[at + (place >>> 3)]! >>> (place & 7)) & 1) value += 2 ** bit
    }
    into[from + index] = value
  }
}
