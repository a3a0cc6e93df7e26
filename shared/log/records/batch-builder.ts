import { LogError } from "../errors.ts"
import { BATCH_HEADER_BYTES, type BatchCodec, NO_PRODUCER_ID, writeBatchHeader } from "./batch-header.ts"
import { compress, DECODED_BYTES_MAX } from "./compression.ts"
import { allocate, copyBytes } from "./native.ts"
import {
  VARINT_BYTES_MAX,
  VARLONG_BYTES_MAX,
  varintSize,
  varlongSize,
  writeVarint,
  writeVarlong,
} from "./varint.ts"

/** A record's header: key as text, value as bytes or null. */
export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

/**
 * Writes records, one after the other, into the RecordBatch under construction. Keys and values are given as ranges
 * of a buffer so that no object is made per record; a range with `start` −1 is null.
 */
export interface BatchBuilder {
  /** Records written so far. */
  readonly count: number
  /** Bytes of the batch so far, uncompressed, header included. */
  readonly sizeBytes: number
  add(
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    timestamp: number,
    headers?: readonly RecordHeader[],
  ): void
}

/** What a finished batch says of itself besides its records. */
export interface FinishOptions {
  readonly codec?: BatchCodec
  /** Without one, the batch has no producer. */
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly transactional?: boolean
  readonly control?: boolean
  /** Default 0: it is patched where the batch is read. */
  readonly baseOffset?: number
}

/** A batch that is done. Times are epoch ms. */
export interface FinishedBatch {
  readonly bytes: Uint8Array
  readonly count: number
  readonly minTimestamp: number
  readonly maxTimestamp: number
}

/** A `BatchBuilder` with its end: one batch after the other, each from `reset` (or the start) to `finish`. */
export interface RecordBatchBuilder extends BatchBuilder {
  /** The lowest and highest timestamp so far, epoch ms; 0 while there is no record. */
  readonly minTimestamp: number
  readonly maxTimestamp: number
  /**
   * Ends the batch. The bytes are the caller's: the builder lets go of them and takes no more records until `reset`.
   */
  finish(options?: FinishOptions): FinishedBatch
  /** Starts the next batch, in `buffer` where one is handed back (its bytes are overwritten). */
  reset(buffer?: Uint8Array): void
}

/** What a record takes besides key, value and headers: length, attributes, two deltas, three lengths. */
export const RECORD_OVERHEAD_BYTES_MAX = 1 + VARLONG_BYTES_MAX + 5 * VARINT_BYTES_MAX

/** Holds a few small requests; larger flushes say what they need. */
const CAPACITY_BYTES_DEFAULT = 16 * 1024
/** Above this a call of the native copy costs less than the loop. */
const NATIVE_COPY_BYTES_MIN = 256
const NO_HEADERS: readonly RecordHeader[] = []
const utf8 = new TextEncoder()

/** The bytes that a record's headers take at most. */
export function headersBytesMax(headers: readonly RecordHeader[]): number {
  let size = 0
  // A UTF-16 unit becomes at most three bytes of UTF-8.
  for (const { key, value } of headers)
    size += 2 * VARINT_BYTES_MAX + 3 * key.length + (value === null ? 0 : value.length)
  return size
}

const timesTooFarApart = (first: number, timestamp: number): LogError =>
  new LogError(
    "invalid_record",
    `timestamp: expected at most 2^53 - 1 ms from the batch's first, ${first}; found ${timestamp}`,
    { detail: { path: "timestamp" } },
  )

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

class Builder implements RecordBatchBuilder {
  count = 0
  sizeBytes = BATCH_HEADER_BYTES
  minTimestamp = 0
  maxTimestamp = 0
  #baseTimestamp = 0
  #bytes: Uint8Array
  #view: DataView
  #source: Uint8Array
  #sourceView: DataView
  #finished = false

  constructor(capacityBytes: number) {
    this.#bytes = allocate(Math.max(BATCH_HEADER_BYTES, capacityBytes))
    this.#view = viewOf(this.#bytes)
    this.#source = this.#bytes
    this.#sourceView = this.#view
  }

  add(
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    timestamp: number,
    headers: readonly RecordHeader[] = NO_HEADERS,
  ): void {
    if (this.#finished) throw new Error("a finished batch takes no records before reset()")
    if (source !== this.#source) {
      this.#source = source
      this.#sourceView = viewOf(source)
    }
    if (this.count === 0) this.#begin(timestamp)
    const delta = timestamp - this.#baseTimestamp
    if (Math.abs(delta) > Number.MAX_SAFE_INTEGER) throw timesTooFarApart(this.#baseTimestamp, timestamp)
    const keyLength = keyStart < 0 ? -1 : keyEnd - keyStart
    const valueLength = valueStart < 0 ? -1 : valueEnd - valueStart
    const headersSize = headers.length === 0 ? 1 : this.#headersSize(headers)
    const size =
      1 +
      varlongSize(delta) +
      varintSize(this.count) +
      varintSize(keyLength) +
      (keyLength > 0 ? keyLength : 0) +
      varintSize(valueLength) +
      (valueLength > 0 ? valueLength : 0) +
      headersSize
    const needed = this.sizeBytes + size + VARINT_BYTES_MAX
    if (needed > this.#bytes.length) this.#grow(needed)

    const bytes = this.#bytes
    let at = writeVarint(bytes, this.sizeBytes, size)
    bytes[at++] = 0
    at = writeVarlong(bytes, at, delta)
    at = writeVarint(bytes, at, this.count)
    at = writeVarint(bytes, at, keyLength)
    if (keyLength > 0) at = this.#copy(keyStart, keyEnd, at)
    at = writeVarint(bytes, at, valueLength)
    if (valueLength > 0) at = this.#copy(valueStart, valueEnd, at)
    if (headers.length === 0) bytes[at++] = 0
    else at = this.#writeHeaders(headers, at)

    this.sizeBytes = at
    this.count++
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    else if (timestamp < this.minTimestamp) this.minTimestamp = timestamp
  }

  finish(options: FinishOptions = {}): FinishedBatch {
    if (this.#finished || this.count === 0) throw new Error("a batch that ends needs at least one record")
    const codec = options.codec ?? "none"
    let batch = this.#bytes.subarray(0, this.sizeBytes)
    if (codec !== "none") {
      const records = compress(codec, batch.subarray(BATCH_HEADER_BYTES))
      batch = allocate(BATCH_HEADER_BYTES + records.length)
      batch.set(records, BATCH_HEADER_BYTES)
    }
    writeBatchHeader(batch, {
      baseOffset: options.baseOffset ?? 0,
      leaderEpoch: 0,
      codec,
      transactional: options.transactional ?? false,
      control: options.control ?? false,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.maxTimestamp,
      producerId: options.producerId ?? NO_PRODUCER_ID,
      producerEpoch: options.producerEpoch ?? -1,
      baseSequence: options.baseSequence ?? -1,
      count: this.count,
    })
    this.#finished = true
    return {
      bytes: batch,
      count: this.count,
      minTimestamp: this.minTimestamp,
      maxTimestamp: this.maxTimestamp,
    }
  }

  reset(buffer?: Uint8Array): void {
    if (buffer !== undefined && buffer.length >= BATCH_HEADER_BYTES) this.#use(buffer)
    else if (this.#finished) this.#use(allocate(this.#bytes.length))
    this.#finished = false
    this.count = 0
    this.sizeBytes = BATCH_HEADER_BYTES
    this.minTimestamp = 0
    this.maxTimestamp = 0
  }

  #begin(timestamp: number): void {
    this.#baseTimestamp = timestamp
    this.minTimestamp = timestamp
    this.maxTimestamp = timestamp
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }

  #grow(needed: number): void {
    if (needed > DECODED_BYTES_MAX)
      throw new LogError(
        "record_too_large",
        `batch: expected at most ${DECODED_BYTES_MAX} bytes, found ${needed}`,
      )
    const bytes = allocate(Math.min(DECODED_BYTES_MAX, Math.max(needed, 2 * this.#bytes.length)))
    bytes.set(this.#bytes.subarray(0, this.sizeBytes))
    this.#use(bytes)
  }

  /** Copies a range of the source to `at` and returns the index after it. */
  #copy(start: number, end: number, at: number): number {
    const length = end - start
    if (length >= NATIVE_COPY_BYTES_MIN) {
      copyBytes(this.#source, start, end, this.#bytes, at)
      return at + length
    }
    const from = this.#sourceView
    const to = this.#view
    let read = start
    let write = at
    for (const last = end - 8; read <= last; read += 8, write += 8)
      to.setBigInt64(write, from.getBigInt64(read, true), true)
    const source = this.#source
    const bytes = this.#bytes
    while (read < end) bytes[write++] = source[read++]!
    return write
  }

  #headersSize(headers: readonly RecordHeader[]): number {
    let size = varintSize(headers.length)
    for (const { key, value } of headers) {
      const keyLength = utf8.encode(key).length
      size += varintSize(keyLength) + keyLength
      size += value === null ? 1 : varintSize(value.length) + value.length
    }
    return size
  }

  #writeHeaders(headers: readonly RecordHeader[], start: number): number {
    const bytes = this.#bytes
    let at = writeVarint(bytes, start, headers.length)
    for (const { key, value } of headers) {
      const encoded = utf8.encode(key)
      at = writeVarint(bytes, at, encoded.length)
      bytes.set(encoded, at)
      at = writeVarint(bytes, at + encoded.length, value === null ? -1 : value.length)
      if (value === null) continue
      bytes.set(value, at)
      at += value.length
    }
    return at
  }
}

/**
 * A builder of RecordBatch v2. `capacityBytes` is what it allocates at first; it grows up to `DECODED_BYTES_MAX`,
 * beyond which `add` throws `record_too_large`.
 */
export const createBatchBuilder = (options: { readonly capacityBytes?: number } = {}): RecordBatchBuilder =>
  new Builder(Math.min(options.capacityBytes ?? CAPACITY_BYTES_DEFAULT, DECODED_BYTES_MAX))
