import { readInt64, writeInt64 } from "../../shared/log/records/varint.ts"
import { CODECS, type Codec, natives } from "../edge/natives.ts"
import { ClientError } from "../errors.ts"

// The 61 bytes before the records of Kafka's RecordBatch v2:
//   base offset i64, length i32, leader epoch i32, magic i8 = 2, CRC32C u32 (of all that follows), attributes i16 (bits 0-2
//   codec, 3 time of append, 4 transactional, 5 control), last offset delta i32, first and max timestamp i64, producer id
//   i64, producer epoch i16, base sequence i32, count i32

export const HEADER_BYTES = 61
/** Base offset and length are not counted by the length. */
const LENGTH_END = 12
const CRC_AT = 17
const CRC_COVERS_FROM = 21
const MAGIC = 2
const TRANSACTIONAL = 0x10
const CODEC_BITS = 0x07

/** Who appends a batch, and as its how manieth records on the partition. */
export interface BatchStamp {
  /** −1: nobody; epoch and sequence are then −1 too. */
  readonly producerId: number
  readonly epoch: number
  readonly sequence: number
  readonly transactional: boolean
}

export const NO_STAMP: BatchStamp = { producerId: -1, epoch: -1, sequence: -1, transactional: false }

/** What of a batch is known before it is sent. Times are epoch ms. */
export interface BatchFacts {
  readonly codec: Codec
  readonly count: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Writes the header before the records that stand in `batch` from byte 61 on, the checksum last. */
export function writeHeader(batch: Uint8Array, facts: BatchFacts, stamp: BatchStamp): void {
  const view = viewOf(batch)
  writeInt64(view, 0, 0)
  view.setInt32(8, batch.length - LENGTH_END)
  view.setInt32(12, 0)
  view.setInt8(16, MAGIC)
  view.setInt16(21, CODECS.indexOf(facts.codec) | (stamp.transactional ? TRANSACTIONAL : 0))
  view.setInt32(23, facts.count - 1)
  writeInt64(view, 27, facts.baseTimestamp)
  writeInt64(view, 35, facts.maxTimestamp)
  writeInt64(view, 43, stamp.producerId)
  view.setInt16(51, stamp.epoch)
  view.setInt32(53, stamp.sequence)
  view.setInt32(57, facts.count)
  view.setUint32(CRC_AT, natives().crc32c(batch, CRC_COVERS_FROM))
}

/** What a reader needs of a header. */
export interface ReadHeader {
  readonly baseOffset: number
  readonly codec: Codec
  readonly lastOffset: number
  readonly baseTimestamp: number
  readonly count: number
}

/** Reads a fetched batch's header and checks the CRC32C of what follows. Throws `corrupt_reply`. */
export function readHeader(batch: Uint8Array): ReadHeader {
  const view = viewOf(batch)
  if (batch.length < HEADER_BYTES || view.getInt32(8) !== batch.length - LENGTH_END)
    throw corrupt(`expected a batch of ${batch.length} bytes`)
  if (view.getInt8(16) !== MAGIC) throw corrupt(`expected a RecordBatch of version ${MAGIC}`)
  if (view.getUint32(CRC_AT) !== natives().crc32c(batch, CRC_COVERS_FROM))
    throw corrupt("its CRC32C is wrong")
  const codec = CODECS[view.getInt16(21) & CODEC_BITS]
  const baseOffset = readInt64(view, 0)
  const baseTimestamp = readInt64(view, 27)
  if (codec === undefined || Number.isNaN(baseOffset + baseTimestamp)) throw corrupt("its header is none")
  return {
    baseOffset,
    codec,
    lastOffset: baseOffset + view.getInt32(23),
    baseTimestamp,
    count: view.getInt32(57),
  }
}

export const corrupt = (why: string): ClientError =>
  new ClientError("corrupt_reply", `a fetched batch is damaged: ${why}; fetch it again`, { retriable: true })
