import { type BatchCodec, corruptBatch } from "./batch-header.ts"
import { unlz4Frame } from "./lz4.ts"
import { gunzip, gzip, lz4Frame, snappyBlock, unsnappyBlock, unzstd, zstd } from "./native.ts"

/**
 * A batch holds at most 32 MiB of records, decoded: eight times the largest request, and little enough that a
 * request that inflates costs one process no more than that.
 */
export const DECODED_BYTES_MAX = 32 * 1024 * 1024

// Kafka's snappy is snappy-java's stream: a magic of 8 bytes, two versions, then blocks, each after its length.
const XERIAL_MAGIC = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00)
const XERIAL_HEADER_BYTES = 16
/** snappy-java's block size: what Kafka's Java client writes and sizes its buffers for. */
const XERIAL_BLOCK_BYTES = 32 * 1024

/** Compresses a batch's records as Kafka frames them. `none` gives the bytes back. */
export function compress(codec: BatchCodec, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case "none":
      return bytes
    case "gzip":
      return gzip(bytes)
    case "snappy":
      return xerial(bytes)
    case "lz4":
      return lz4Frame(bytes)
    case "zstd":
      return zstd(bytes)
  }
}

/**
 * Decodes a batch's records; never allocates for more than `limit` bytes. Throws `corrupt_batch` where the bytes are
 * malformed or hold more.
 */
export function decompress(codec: BatchCodec, bytes: Uint8Array, limit = DECODED_BYTES_MAX): Uint8Array {
  switch (codec) {
    case "none":
      return bytes
    case "gzip":
      return bounded(gunzip, codec, bytes, limit)
    case "snappy":
      return unsnappy(bytes, limit)
    case "lz4":
      return unlz4Frame(bytes, limit)
    case "zstd":
      return bounded(unzstd, codec, bytes, limit)
  }
}

type BoundedDecoder = (bytes: Uint8Array, limit: number) => Uint8Array

function bounded(decode: BoundedDecoder, codec: BatchCodec, bytes: Uint8Array, limit: number): Uint8Array {
  try {
    return decode(bytes, limit)
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE")
      throw corruptBatch(`${codec} data`, `at most ${limit} bytes decoded`, "more", cause)
    throw corruptBatch(
      `${codec} data`,
      "a complete stream",
      cause instanceof Error ? cause.message : "a fault",
      cause,
    )
  }
}

function xerial(bytes: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = []
  let size = XERIAL_HEADER_BYTES
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK_BYTES) {
    const block = snappyBlock(bytes.subarray(at, Math.min(at + XERIAL_BLOCK_BYTES, bytes.length)))
    blocks.push(block)
    size += 4 + block.length
  }
  const out = new Uint8Array(size)
  const view = new DataView(out.buffer)
  out.set(XERIAL_MAGIC)
  view.setInt32(8, 1)
  view.setInt32(12, 1)
  let at = XERIAL_HEADER_BYTES
  for (const block of blocks) {
    view.setInt32(at, block.length)
    out.set(block, at + 4)
    at += 4 + block.length
  }
  return out
}

/** Clients other than Java's write one raw block; both are read, as Java's does. */
function unsnappy(bytes: Uint8Array, limit: number): Uint8Array {
  const framed = bytes.length >= XERIAL_HEADER_BYTES && XERIAL_MAGIC.every((byte, i) => bytes[i] === byte)
  if (!framed) return unsnappyBlockWithin(bytes, limit)
  const ranges = xerialBlocks(bytes)
  let size = 0
  for (const { start, end } of ranges) size += snappyLength(bytes.subarray(start, end))
  if (size > limit) throw corruptBatch("snappy data", `at most ${limit} bytes decoded`, size)
  const out = new Uint8Array(size)
  let at = 0
  for (const { start, end } of ranges) {
    const block = unsnappyBlockWithin(bytes.subarray(start, end), limit)
    out.set(block, at)
    at += block.length
  }
  return out
}

function xerialBlocks(bytes: Uint8Array): { start: number; end: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const ranges: { start: number; end: number }[] = []
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const left = bytes.length - at - 4
    const length = left < 0 ? -1 : view.getInt32(at)
    if (length < 1 || length > left) throw corruptBatch("snappy block length", `1 to ${left}`, length)
    ranges.push({ start: at + 4, end: at + 4 + length })
    at += 4 + length
  }
  return ranges
}

function unsnappyBlockWithin(bytes: Uint8Array, limit: number): Uint8Array {
  const declared = snappyLength(bytes)
  if (declared > limit) throw corruptBatch("snappy data", `at most ${limit} bytes decoded`, declared)
  return bounded(unsnappyBlock, "snappy", bytes, limit)
}

/** The decoded length that a raw block declares: a varint of up to 5 bytes, which the decoder believes. */
function snappyLength(bytes: Uint8Array): number {
  let length = 0
  for (let i = 0; i < Math.min(5, bytes.length); i++) {
    length += (bytes[i]! & 0x7f) * 2 ** (7 * i)
    if (bytes[i]! < 0x80) return length
  }
  throw corruptBatch("snappy data", "its length first", `${bytes.length} bytes without one`)
}
