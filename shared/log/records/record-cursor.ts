import type { RecordHeader } from "./batch-builder.ts"
import { BATCH_HEADER_BYTES, type BatchHeader, corruptBatch, readBatchHeader } from "./batch-header.ts"
import { DECODED_BYTES_MAX, decompress } from "./compression.ts"
import { VarintReader } from "./varint.ts"

/**
 * Steps through a batch's records without making an object per record: after each `next()` the fields describe the
 * record as ranges of `buffer`.
 */
export class RecordCursor {
  readonly header: BatchHeader
  /** The decoded records: the batch itself where it is not compressed. */
  readonly buffer: Uint8Array
  /** The record's offset: the header's base offset plus its delta. */
  offset = -1
  /** Epoch ms. */
  timestamp = -1
  /** −1 where the key is null. */
  keyStart = -1
  keyEnd = -1
  /** −1 where the value is null. */
  valueStart = -1
  valueEnd = -1
  headerCount = 0
  /** The first header's bytes; `recordHeaders` reads them. */
  headersStart = 0
  headersEnd = 0
  /** Of the record, its length included. */
  start = 0
  end = 0
  /** Records passed so far, this one included. */
  passed = 0
  readonly #end: number
  readonly #varint = new VarintReader()
  /** The last record's; compaction leaves some out. */
  #delta = -1
  #at: number

  /** Throws `corrupt_batch` where the header or the compressed data cannot be read. */
  constructor(batch: Uint8Array, header: BatchHeader = readBatchHeader(batch)) {
    this.header = header
    if (header.codec === "none") {
      this.buffer = batch
      this.#at = BATCH_HEADER_BYTES
      this.#end = header.sizeBytes
    } else {
      const compressed = batch.subarray(BATCH_HEADER_BYTES, header.sizeBytes)
      this.buffer = decompress(header.codec, compressed, DECODED_BYTES_MAX)
      this.#at = 0
      this.#end = this.buffer.length
    }
  }

  /** Goes to the next record; false after the last. Throws `corrupt_batch`. */
  next(): boolean {
    if (this.passed >= this.header.count) {
      if (this.#at !== this.#end) throw this.#fault("no bytes after the last record", this.#end - this.#at)
      return false
    }
    const { buffer } = this
    let at = this.#int32(this.#at, this.#end, "length")
    const length = this.#varint.value
    const end = at + length
    if (length < 0 || end > this.#end) throw this.#fault(`a length of 0 to ${this.#end - at}`, length)
    if (at < end && buffer[at] !== 0) throw this.#fault("attributes 0", buffer[at]!)
    at = this.#int53(at + 1, end, "timestamp")
    const timestamp = this.header.baseTimestamp + this.#varint.value
    at = this.#int32(at, end, "offset")
    const delta = this.#varint.value
    if (delta <= this.#delta || delta > this.header.lastOffsetDelta) throw this.#offsetFault(delta)
    this.#delta = delta

    at = this.#int32(at, end, "key length")
    const keyLength = this.#varint.value
    this.keyStart = keyLength < 0 ? -1 : at
    if (keyLength > 0) at += keyLength
    this.keyEnd = keyLength < 0 ? -1 : at
    at = this.#int32(at, end, "value length")
    const valueLength = this.#varint.value
    this.valueStart = valueLength < 0 ? -1 : at
    if (valueLength > 0) at += valueLength
    this.valueEnd = valueLength < 0 ? -1 : at
    if (keyLength < -1 || valueLength < -1 || at > end)
      throw this.#fault(`key and value within ${length} bytes`, `lengths ${keyLength} and ${valueLength}`)

    at = this.#int32(at, end, "header count")
    this.headerCount = this.#varint.value
    this.headersStart = at
    if (this.headerCount !== 0) at = this.#skipHeaders(at, end)
    if (at !== end) throw this.#fault(`a record of ${length} bytes`, `${end - at} bytes left over`)
    this.headersEnd = end
    this.start = this.#at
    this.end = end
    this.timestamp = this.header.logAppendTime ? this.header.maxTimestamp : timestamp
    this.offset = this.header.baseOffset + delta
    this.passed++
    this.#at = end
    return true
  }

  #int32(at: number, end: number, field: string): number {
    const byte = at < end ? this.buffer[at]! : 0x80
    if (byte < 0x80) {
      this.#varint.value = (byte >>> 1) ^ -(byte & 1)
      return at + 1
    }
    const next = this.#varint.int32(this.buffer, at, end)
    if (next < 0) throw this.#fault(`a varint as ${field}`, `none at byte ${at}`)
    return next
  }

  #int53(at: number, end: number, field: string): number {
    const next = this.#varint.int53(this.buffer, at, end)
    if (next < 0) throw this.#fault(`a varint of at most 2^53 - 1 as ${field}`, `none at byte ${at}`)
    return next
  }

  #skipHeaders(start: number, end: number): number {
    if (this.headerCount < 0) throw this.#fault("a header count of 0 or more", this.headerCount)
    let at = start
    for (let i = 0; i < this.headerCount; i++) {
      at = this.#int32(at, end, "header key length")
      if (this.#varint.value < 0) throw this.#fault("a header key", "null")
      at = this.#int32(at + this.#varint.value, end, "header value length")
      if (this.#varint.value < -1) throw this.#fault("a header value length", this.#varint.value)
      if (this.#varint.value > 0) at += this.#varint.value
    }
    return at
  }

  #offsetFault(found: number) {
    const { lastOffsetDelta, count } = this.header
    const first = this.#delta + 1
    const expected = lastOffsetDelta === count - 1 ? `${first}` : `${first} to ${lastOffsetDelta}`
    return this.#fault(`offset delta ${expected}`, found)
  }

  #fault(expected: string, found: string | number) {
    return corruptBatch(`record ${this.passed} of ${this.header.count}`, expected, found)
  }
}

/** Called once a record; ranges are of `buffer`, a start of −1 is null. Times are epoch ms. */
export type RecordVisitor = (
  buffer: Uint8Array,
  offset: number,
  timestamp: number,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
  headersStart: number,
  headersEnd: number,
) => void

/** Calls `visit` for every record of a batch. Throws `corrupt_batch`. */
export function forEachRecord(batch: Uint8Array, visit: RecordVisitor): void {
  const cursor = new RecordCursor(batch)
  while (cursor.next())
    visit(
      cursor.buffer,
      cursor.offset,
      cursor.timestamp,
      cursor.keyStart,
      cursor.keyEnd,
      cursor.valueStart,
      cursor.valueEnd,
      cursor.headersStart,
      cursor.headersEnd,
    )
}

const text = new TextDecoder()

/** The headers in a range that a cursor gave, as objects. */
export function recordHeaders(buffer: Uint8Array, start: number, end: number): RecordHeader[] {
  const headers: RecordHeader[] = []
  const varint = new VarintReader()
  for (let at = start; at < end; ) {
    at = varint.int32(buffer, at, end)
    const key = text.decode(buffer.subarray(at, at + varint.value))
    at = varint.int32(buffer, at + varint.value, end)
    const length = varint.value
    headers.push({ key, value: length < 0 ? null : buffer.subarray(at, at + length) })
    if (length > 0) at += length
  }
  return headers
}

/** A record as an object; its bytes are views of the decoded batch. */
export interface DecodedRecord {
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

const NO_HEADERS: readonly RecordHeader[] = []

/** A batch's records as objects, for replies and tests; hot paths use the cursor. Throws `corrupt_batch`. */
export function decodeRecords(batch: Uint8Array): DecodedRecord[] {
  const cursor = new RecordCursor(batch)
  const { buffer } = cursor
  const records: DecodedRecord[] = []
  while (cursor.next())
    records.push({
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      key: cursor.keyStart < 0 ? null : buffer.subarray(cursor.keyStart, cursor.keyEnd),
      value: cursor.valueStart < 0 ? null : buffer.subarray(cursor.valueStart, cursor.valueEnd),
      headers:
        cursor.headerCount === 0 ? NO_HEADERS : recordHeaders(buffer, cursor.headersStart, cursor.headersEnd),
    })
  return records
}
