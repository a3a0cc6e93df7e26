import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import type { OffsetSet } from "./offset-set.ts"

export const DEAD_VECTOR_FORMAT = 1

const CRC_BYTES = 4
/** A safe integer takes 53 bits, seven to a byte. */
const VARINT_BYTES_MAX = 8
const LOW_BITS = 0x80

/**
 * A vector's object: the format's version, then, as unsigned varints, how many offsets there are, the first one, and
 * for each other one how many lie between it and the one before; at the end the CRC32C of all that, little-endian. Rows that
 * die together lie close together: most take a byte.
 */
export function encodeDeadVector({ offsets }: OffsetSet): Uint8Array {
  const bytes = new Uint8Array(1 + (offsets.length + 1) * VARINT_BYTES_MAX + CRC_BYTES)
  bytes[0] = DEAD_VECTOR_FORMAT
  let at = putVarint(bytes, 1, offsets.length)
  let before = -1
  for (const offset of offsets) {
    at = putVarint(bytes, at, offset - before - 1)
    before = offset
  }
  new DataView(bytes.buffer).setUint32(at, crc32c(bytes.subarray(0, at)), true)
  return bytes.slice(0, at + CRC_BYTES)
}

/** Throws `StorageError` (`unknown_format`, `corrupt`). */
export function decodeDeadVector(bytes: Uint8Array): OffsetSet {
  if (bytes[0] !== DEAD_VECTOR_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `a deletion vector has format ${bytes[0]}; expected ${DEAD_VECTOR_FORMAT}`,
    )
  }
  const end = bytes.length - CRC_BYTES
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (end < 1 || view.getUint32(end, true) !== crc32c(bytes.subarray(0, end))) throw corrupt("is damaged")
  const reader = { bytes, at: 1, end }
  const count = readVarint(reader)
  // An offset takes a byte at least: a damaged count must not take the memory.
  if (count > end - reader.at) throw corrupt(`says ${count} offsets in ${end - reader.at} bytes`)
  const offsets = new Float64Array(count)
  let before = -1
  for (let index = 0; index < count; index++) {
    before += readVarint(reader) + 1
    offsets[index] = before
  }
  if (reader.at !== end) throw corrupt("is longer than its offsets")
  return { offsets }
}

const corrupt = (what: string) => new StorageError("corrupt", `a deletion vector ${what}`)

/** By division: shifts hold 32 bits only. */
function putVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest >= LOW_BITS) {
    bytes[at++] = (rest % LOW_BITS) + LOW_BITS
    rest = Math.floor(rest / LOW_BITS)
  }
  bytes[at++] = rest
  return at
}

function readVarint(reader: { readonly bytes: Uint8Array; at: number; readonly end: number }): number {
  let value = 0
  let scale = 1
  for (let read = 0; read < VARINT_BYTES_MAX && reader.at < reader.end; read++) {
    const byte = reader.bytes[reader.at++]!
    value += (byte % LOW_BITS) * scale
    if (byte < LOW_BITS) {
      if (!Number.isSafeInteger(value)) break
      return value
    }
    scale *= LOW_BITS
  }
  throw corrupt("holds no offset where one is expected")
}
