/**
 * The native pieces of the record codec: checksum, compressors, UTF-8 check. They are synchronous, and what they
 * return never exceeds the limit they are given. Everything else in this room is plain TypeScript, so that a home
 * without them (a browser) replaces this file alone.
 */
import { isUtf8 as isUtf8Native } from "node:buffer"
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { crc32c as crc32cNative } from "@node-rs/crc32"
import { compressFrameSync } from "lz4-napi"
import { compressSync, uncompressSync } from "snappy"

/**
 * zstd allocates a frame's declared window before it decodes a byte: 2^25 = 32 MiB is what a batch may hold decoded,
 * so no honest frame needs more.
 */
const ZSTD_WINDOW_LOG_MAX = 25
/** zlib hands its output over in pieces, allocated beforehand: few calls for large batches, little memory for small. */
const OUTPUT_CHUNK_BYTES_MAX = 256 * 1024
const OUTPUT_CHUNK_BYTES_MIN = 4 * 1024
/** About what JSON shrinks by. */
const RATIO_GUESS = 8
/** Fast level: the log trades some space for the writer's time. */
const GZIP_LEVEL = 1

/** Libraries return Buffers, whose `subarray` is slower and whose equality is not an array's. */
const plain = (buffer: Uint8Array): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

/** CRC32C (Castagnoli) as an unsigned 32-bit number. */
export const crc32c = (bytes: Uint8Array): number => crc32cNative(bytes)

/** Whether `bytes` are well-formed UTF-8. */
export const isUtf8 = (bytes: Uint8Array): boolean => isUtf8Native(bytes)

/** Reads pieces of a buffer that are ASCII. */
export function asciiReader(bytes: Uint8Array): (start: number, end: number) => string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (start, end) => view.toString("latin1", start, end)
}

/** A new array of `size` bytes whose content is whatever the memory held. */
export const allocate = (size: number): Uint8Array => plain(Buffer.allocUnsafeSlow(size))

/** Copies `from[start, end)` to `to` at `at`. */
export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  to.set(from.subarray(start, end), at)
}

const chunkSize = (compressed: Uint8Array): number =>
  Math.min(OUTPUT_CHUNK_BYTES_MAX, Math.max(OUTPUT_CHUNK_BYTES_MIN, RATIO_GUESS * compressed.length))

export const gzip = (bytes: Uint8Array): Uint8Array => plain(gzipSync(bytes, { level: GZIP_LEVEL }))

/** Throws when the input is malformed or its content longer than `limit` bytes. */
export const gunzip = (bytes: Uint8Array, limit: number): Uint8Array =>
  plain(gunzipSync(bytes, { maxOutputLength: limit, chunkSize: chunkSize(bytes) }))

export const zstd = (bytes: Uint8Array): Uint8Array => plain(zstdCompressSync(bytes))

/** Throws when the input is malformed or its content longer than `limit` bytes. Reads one frame. */
export const unzstd = (bytes: Uint8Array, limit: number): Uint8Array =>
  plain(
    zstdDecompressSync(bytes, {
      maxOutputLength: limit,
      chunkSize: chunkSize(bytes),
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
    }),
  )

/** One raw snappy block. */
export const snappyBlock = (bytes: Uint8Array): Uint8Array => plain(compressSync(bytes))

/** Allocates the length that the block declares: the caller bounds it first. Throws when malformed. */
export const unsnappyBlock = (bytes: Uint8Array): Uint8Array => plain(uncompressSync(bytes) as Buffer)

/** One LZ4 frame of independent blocks, the only kind that Kafka's Java client reads. */
export const lz4Frame = (bytes: Uint8Array): Uint8Array =>
  plain(compressFrameSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
