import { corruptBatch } from "./batch-header.ts"

// LZ4 frame format 1.6 and block format, as public specifications. The native library allocates what a frame declares
// and cannot be told a limit, so frames are decoded here: one pass adds up the exact length, the next one fills it.

const FRAME_MAGIC = 0x184d2204
const FLAGS_VERSION = 0xc0
const VERSION_1 = 0x40
const FLAG_INDEPENDENT_BLOCKS = 0x20
const FLAG_BLOCK_CHECKSUM = 0x10
const FLAG_CONTENT_SIZE = 0x08
const FLAG_CONTENT_CHECKSUM = 0x04
const FLAG_DICTIONARY = 0x01
const BLOCK_STORED = 0x80000000
const CHECKSUM_BYTES = 4
const MATCH_BYTES_MIN = 4

const fault = (expected: string, found: string | number) => corruptBatch("lz4 frame", expected, found)

/** Walks a frame's blocks; none may decode to more than `blockMax` bytes. */
type BlockVisitor = (start: number, end: number, stored: boolean, blockMax: number) => void

function forEachBlock(bytes: Uint8Array, block: BlockVisitor): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 7 || view.getUint32(0, true) !== FRAME_MAGIC)
    throw fault("its magic number and header", `${bytes.length} bytes of something else`)
  const flags = bytes[4]!
  if ((flags & FLAGS_VERSION) !== VERSION_1) throw fault("version 1", flags >> 6)
  if ((flags & FLAG_DICTIONARY) !== 0) throw fault("no dictionary", "a dictionary id")
  // Kafka's Java client refuses linked blocks, so a log that took them would stop its consumers.
  if ((flags & FLAG_INDEPENDENT_BLOCKS) === 0) throw fault("independent blocks", "linked ones")
  const sizeCode = (bytes[5]! >> 4) & 7
  if (sizeCode < 4) throw fault("block size code 4 to 7", sizeCode)
  const blockMax = 2 ** (8 + 2 * sizeCode)
  // Magic, flags, block descriptor, content size, header checksum. Checksums are not checked: the batch's CRC32C
  // covers the same bytes.
  let at = 6 + ((flags & FLAG_CONTENT_SIZE) !== 0 ? 8 : 0) + 1
  const trailer = (flags & FLAG_BLOCK_CHECKSUM) !== 0 ? CHECKSUM_BYTES : 0
  for (;;) {
    if (at + 4 > bytes.length) throw fault("an end mark", "the end of the bytes")
    const word = view.getUint32(at, true)
    at += 4
    if (word === 0) break
    const stored = word >= BLOCK_STORED
    const end = at + (stored ? word - BLOCK_STORED : word)
    if (end + trailer > bytes.length) throw fault(`a block of ${end - at} bytes`, bytes.length - at)
    block(at, end, stored, blockMax)
    at = end + trailer
  }
  at += (flags & FLAG_CONTENT_CHECKSUM) !== 0 ? CHECKSUM_BYTES : 0
  if (at !== bytes.length) throw fault(`${at} bytes`, bytes.length)
}

/** Bytes that the frame holds decoded, found without decoding. Stops as soon as they pass `limit`. */
function decodedLength(bytes: Uint8Array, limit: number): number {
  let total = 0
  forEachBlock(bytes, (start, end, stored, blockMax) => {
    const length = stored ? end - start : blockLength(bytes, start, end)
    if (length > blockMax) throw fault(`at most ${blockMax} bytes a block`, length)
    total += length
    if (total > limit) throw fault(`at most ${limit} bytes decoded`, "more")
  })
  return total
}

function blockLength(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  let total = 0
  while (at < end) {
    const token = bytes[at++]!
    let literals = token >> 4
    if (literals === 15) {
      let more = 255
      while (more === 255 && at < end) {
        more = bytes[at++]!
        literals += more
      }
    }
    at += literals
    total += literals
    if (at === end) return total
    at += 2
    let match = token & 15
    if (match === 15) {
      let more = 255
      while (more === 255 && at < end) {
        more = bytes[at++]!
        match += more
      }
    }
    total += match + MATCH_BYTES_MIN
  }
  throw fault("a block that ends with literals", "its end within a sequence")
}

/** Decodes a block whose length was measured; returns the index after what it wrote. */
function decodeBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outStart: number,
): number {
  let at = start
  let to = outStart
  for (;;) {
    const token = bytes[at++]!
    let literals = token >> 4
    if (literals === 15) {
      let more = 255
      while (more === 255) {
        more = bytes[at++]!
        literals += more
      }
    }
    if (literals > 32) {
      out.set(bytes.subarray(at, at + literals), to)
      at += literals
      to += literals
    } else for (let i = 0; i < literals; i++) out[to++] = bytes[at++]!
    if (at >= end) return to
    const distance = bytes[at]! | (bytes[at + 1]! << 8)
    at += 2
    if (distance === 0 || distance > to - outStart)
      throw fault(`a match 1 to ${to - outStart} bytes back`, distance)
    let match = token & 15
    if (match === 15) {
      let more = 255
      while (more === 255) {
        more = bytes[at++]!
        match += more
      }
    }
    to = copyMatch(out, to, distance, match + MATCH_BYTES_MIN)
  }
}

/** Repeats `length` bytes from `distance` back; they may overlap what is being written. */
function copyMatch(out: Uint8Array, to: number, distance: number, length: number): number {
  const end = to + length
  if (length <= 32) {
    for (let i = to; i < end; i++) out[i] = out[i - distance]!
    return end
  }
  // Each round doubles what can be copied without overlap.
  let from = to - distance
  let at = to
  let span = distance
  while (at < end) {
    const step = Math.min(span, end - at)
    out.copyWithin(at, from, from + step)
    at += step
    from = to - distance
    span += step
  }
  return end
}

/** Decodes an LZ4 frame. Throws `corrupt_batch` before it allocates where more than `limit` bytes would result. */
export function unlz4Frame(bytes: Uint8Array, limit: number): Uint8Array {
  const out = new Uint8Array(decodedLength(bytes, limit))
  let at = 0
  forEachBlock(bytes, (start, end, stored) => {
    if (stored) {
      out.set(bytes.subarray(start, end), at)
      at += end - start
    } else at = decodeBlock(bytes, start, end, out, at)
  })
  return out
}
