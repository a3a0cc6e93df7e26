import { LogError } from "../errors.ts"
import { crc32c } from "./native.ts"
import { readInt64, writeInt64 } from "./varint.ts"

/** Bytes of a RecordBatch v2 before its records. */
export const BATCH_HEADER_BYTES = 61
/** What the length field does not count: base offset and the length itself. */
const LENGTH_FIELD_END = 12
/** Base offset, length, leader epoch, magic and CRC lie before the bytes that the CRC covers. */
const CRC_COVERS_FROM = 21
const MAGIC = 2

export const NO_PRODUCER_ID = -1
/** The record's own time stands in each record; the alternative, the time of the append, is the broker's to set. */
const ATTRIBUTE_CODEC = 0x07
const ATTRIBUTE_LOG_APPEND_TIME = 0x08
export const ATTRIBUTE_TRANSACTIONAL = 0x10
export const ATTRIBUTE_CONTROL = 0x20
/** Bit 6 marks a delete horizon, which only Kafka's own compaction writes; the others are unassigned. */
const ATTRIBUTES_KNOWN =
  ATTRIBUTE_CODEC | ATTRIBUTE_LOG_APPEND_TIME | ATTRIBUTE_TRANSACTIONAL | ATTRIBUTE_CONTROL

/** Compression codecs in the order of their numbers in a batch's attributes. */
export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const
export type BatchCodec = (typeof CODECS)[number]

/** The header of a RecordBatch v2. Times are epoch ms. */
export interface BatchHeader {
  readonly baseOffset: number
  /** Bytes of the whole batch, header included. */
  readonly sizeBytes: number
  readonly leaderEpoch: number
  /** CRC32C of everything from the attributes on. */
  readonly crc: number
  readonly codec: BatchCodec
  /** The records' times are all `maxTimestamp`. */
  readonly logAppendTime: boolean
  readonly transactional: boolean
  readonly control: boolean
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  /** `NO_PRODUCER_ID` where the batch has none; epoch and sequence then mean nothing. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly count: number
}

/** `corrupt_batch`, saying where, what was expected and what was found. */
export const corruptBatch = (
  where: string,
  expected: string,
  found: string | number,
  cause?: unknown,
): LogError => new LogError("corrupt_batch", `${where}: expected ${expected}, found ${found}`, { cause })

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function int64(view: DataView, at: number, field: string): number {
  const value = readInt64(view, at)
  if (Number.isNaN(value))
    throw corruptBatch(`batch ${field}`, "an integer up to 2^53 - 1", view.getBigInt64(at).toString())
  return value
}

/** Checks the framing of the batch at `at` and returns its size. */
function batchSize(view: DataView, at: number): number {
  const left = view.byteLength - at
  if (left < BATCH_HEADER_BYTES)
    throw corruptBatch("batch header", `${BATCH_HEADER_BYTES} bytes at byte ${at}`, left)
  const magic = view.getInt8(at + 16)
  if (magic !== MAGIC) throw corruptBatch("batch magic", `${MAGIC}`, magic)
  const size = view.getInt32(at + 8) + LENGTH_FIELD_END
  if (size < BATCH_HEADER_BYTES || size > left)
    throw corruptBatch(
      "batch length",
      `${BATCH_HEADER_BYTES - LENGTH_FIELD_END} to ${left - LENGTH_FIELD_END}`,
      size - LENGTH_FIELD_END,
    )
  return size
}

/**
 * Reads the header of the RecordBatch at byte `at`. Throws `corrupt_batch` where magic, length, attributes or an
 * int64 above 2^53 − 1 make it unreadable; CRC and records are not looked at.
 */
export function readBatchHeader(bytes: Uint8Array, at = 0): BatchHeader {
  const view = viewOf(bytes)
  const sizeBytes = batchSize(view, at)
  const attributes = view.getUint16(at + 21)
  if ((attributes & ~ATTRIBUTES_KNOWN) !== 0)
    throw corruptBatch("batch attributes", "bits 0 to 5", `0x${attributes.toString(16)}`)
  const codec = CODECS[attributes & ATTRIBUTE_CODEC]
  if (codec === undefined) throw corruptBatch("batch codec", "0 to 4", attributes & ATTRIBUTE_CODEC)
  return {
    baseOffset: int64(view, at, "base offset"),
    sizeBytes,
    leaderEpoch: view.getInt32(at + 12),
    crc: view.getUint32(at + 17),
    codec,
    logAppendTime: (attributes & ATTRIBUTE_LOG_APPEND_TIME) !== 0,
    transactional: (attributes & ATTRIBUTE_TRANSACTIONAL) !== 0,
    control: (attributes & ATTRIBUTE_CONTROL) !== 0,
    lastOffsetDelta: view.getInt32(at + 23),
    baseTimestamp: int64(view, at + 27, "base timestamp"),
    maxTimestamp: int64(view, at + 35, "max timestamp"),
    producerId: int64(view, at + 43, "producer id"),
    producerEpoch: view.getInt16(at + 51),
    baseSequence: view.getInt32(at + 53),
    count: view.getInt32(at + 57),
  }
}

/**
 * Checks framing and CRC32C of the batch at byte `at`, as for bytes that come back from a store, and returns its
 * header. Throws `corrupt_batch`.
 */
export function checkBatchCrc(bytes: Uint8Array, at = 0): BatchHeader {
  const header = readBatchHeader(bytes, at)
  const crc = crc32c(bytes.subarray(at + CRC_COVERS_FROM, at + header.sizeBytes))
  if (crc !== header.crc)
    throw corruptBatch(
      "batch CRC32C",
      `0x${header.crc.toString(16)} as its header says`,
      `0x${crc.toString(16)}`,
    )
  return header
}

/** What `writeBatchHeader` is given: a header without what follows from the bytes. */
export type BatchHeaderFields = Omit<BatchHeader, "sizeBytes" | "crc" | "logAppendTime" | "lastOffsetDelta">

/** Writes the header in front of the records that stand in `batch` from byte 61 on, CRC included. */
export function writeBatchHeader(batch: Uint8Array, fields: BatchHeaderFields): void {
  const view = viewOf(batch)
  writeInt64(view, 0, fields.baseOffset)
  view.setInt32(8, batch.byteLength - LENGTH_FIELD_END)
  view.setInt32(12, fields.leaderEpoch)
  view.setInt8(16, MAGIC)
  view.setInt16(
    21,
    CODECS.indexOf(fields.codec) |
      (fields.transactional ? ATTRIBUTE_TRANSACTIONAL : 0) |
      (fields.control ? ATTRIBUTE_CONTROL : 0),
  )
  view.setInt32(23, fields.count - 1)
  writeInt64(view, 27, fields.baseTimestamp)
  writeInt64(view, 35, fields.maxTimestamp)
  writeInt64(view, 43, fields.producerId)
  view.setInt16(51, fields.producerEpoch)
  view.setInt32(53, fields.baseSequence)
  view.setInt32(57, fields.count)
  view.setUint32(17, crc32c(batch.subarray(CRC_COVERS_FROM)))
}

/** Puts the batch's length, its record count, its greatest time and its CRC right, after records were left out. */
export function sealBatch(
  batch: Uint8Array,
  { count, maxTimestamp }: Pick<BatchHeader, "count" | "maxTimestamp">,
): void {
  const view = viewOf(batch)
  view.setInt32(8, batch.byteLength - LENGTH_FIELD_END)
  writeInt64(view, 35, maxTimestamp)
  view.setInt32(57, count)
  view.setUint32(17, crc32c(batch.subarray(CRC_COVERS_FROM)))
}

/**
 * Sets the base offset, and the leader epoch where one is given, of the batch at byte `at`. Both lie outside the CRC.
 * The bytes are changed in place: give a copy of what is stored.
 */
export function patchBaseOffset(copy: Uint8Array, offset: number, at = 0, leaderEpoch?: number): void {
  const view = viewOf(copy)
  writeInt64(view, at, offset)
  if (leaderEpoch !== undefined) view.setInt32(at + 12, leaderEpoch)
}

/** The batches that stand one after the other in `bytes`, as views of it. Throws `corrupt_batch`. */
export function splitBatches(bytes: Uint8Array): Uint8Array[] {
  const view = viewOf(bytes)
  const batches: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const size = batchSize(view, at)
    batches.push(bytes.subarray(at, at + size))
    at += size
  }
  return batches
}
