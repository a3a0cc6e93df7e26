import type { FileHandle } from "node:fs/promises"
import { crc32 } from "node:zlib"
import { StorageError } from "../errors.ts"
import { JOURNAL_RECORD_BYTES_MAX } from "../journal.ts"

/**
 * A journal's file: a header, then records one after the other.
 *
 *     header: magic "MRJOURN" (7), format (1), id of the journal (16, hexadecimal digits)
 *     record: bytes of data (4, little-endian), CRC-32 of those four and the data (4), data
 *
 * The name is the sequence of its first record in 20 digits, so that names are in order.
 */
const MAGIC = "MRJOURN"
export const JOURNAL_FILE_FORMAT = 1
const ID_CHARS = 16
export const JOURNAL_HEADER_BYTES = MAGIC.length + 1 + ID_CHARS
export const RECORD_HEADER_BYTES = 8

const SUFFIX = ".journal"
const NAME = /^\d{20}\.journal$/

export function journalFileName(first: number): string {
  return String(first).padStart(20, "0") + SUFFIX
}

/** The sequence that a file's name tells; undefined: no file of a journal. */
export function firstOf(name: string): number | undefined {
  return NAME.test(name) ? Number(name.slice(0, -SUFFIX.length)) : undefined
}

export function encodeHeader(id: string): Buffer {
  const header = Buffer.alloc(JOURNAL_HEADER_BYTES)
  header.write(MAGIC, 0, "latin1")
  header[MAGIC.length] = JOURNAL_FILE_FORMAT
  header.write(id, MAGIC.length + 1, "latin1")
  return header
}

/** The journal's id. Throws `StorageError` (`corrupt`, `unknown_format`). */
export function decodeHeader(bytes: Buffer, path: string): string {
  if (bytes.length < JOURNAL_HEADER_BYTES || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new StorageError("corrupt", `${path}: no journal's file`)
  }
  const format = bytes[MAGIC.length]
  if (format !== JOURNAL_FILE_FORMAT) {
    throw new StorageError("unknown_format", `${path}: format ${format}, expected ${JOURNAL_FILE_FORMAT}`)
  }
  return bytes.toString("latin1", MAGIC.length + 1, JOURNAL_HEADER_BYTES)
}

/** All records, as the file holds them. */
export function encodeRecords(datas: readonly Uint8Array[]): Buffer {
  let size = 0
  for (const data of datas) size += RECORD_HEADER_BYTES + data.length
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const data of datas) {
    bytes.writeUInt32LE(data.length, at)
    bytes.set(data, at + RECORD_HEADER_BYTES)
    bytes.writeUInt32LE(checksum(bytes, at, data.length), at + 4)
    at += RECORD_HEADER_BYTES + data.length
  }
  return bytes
}

function checksum(bytes: Buffer, at: number, length: number): number {
  const data = bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length)
  return crc32(data, crc32(bytes.subarray(at, at + 4)))
}

/** The whole records that `bytes` begins with, as views, and the bytes that they take. */
export function decodeRecords(bytes: Buffer): { readonly datas: Buffer[]; readonly size: number } {
  const datas: Buffer[] = []
  let at = 0
  while (at + RECORD_HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at)
    const end = at + RECORD_HEADER_BYTES + length
    if (length > JOURNAL_RECORD_BYTES_MAX || end > bytes.length) break
    if (bytes.readUInt32LE(at + 4) !== checksum(bytes, at, length)) break
    datas.push(bytes.subarray(at + RECORD_HEADER_BYTES, end))
    at = end
  }
  return { datas, size: at }
}

/** What a failed call of the file system is told as. */
export function failure(path: string, cause: unknown): StorageError {
  return new StorageError("unavailable", `${path}: ${(cause as Error).message}`, { cause })
}

export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}

export async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) throw new Error(`ends after ${position + done} bytes`)
    done += bytesRead
  }
  return bytes
}
