import {
  VARINT_BYTES_MAX,
  VARLONG_BYTES_MAX,
  varintSize,
  varlongSize,
  writeVarint,
  writeVarlong,
} from "../../shared/log/records/varint.ts"
import { type Codec, natives } from "../edge/natives.ts"
import type { Bytes, RecordHeaders } from "../types.ts"
import { type BatchFacts, HEADER_BYTES } from "./batch-format.ts"

/** What a record takes besides key, value and headers: length, attributes, two deltas, three lengths. */
export const RECORD_OVERHEAD_BYTES_MAX = 1 + VARLONG_BYTES_MAX + 5 * VARINT_BYTES_MAX

const CAPACITY_BYTES = 4 * 1024
/** A UTF-16 unit takes at most three bytes of UTF-8. */
const UTF8_BYTES_MAX = 3

const utf8 = new TextEncoder()
const NO_HEADERS: readonly EncodedHeader[] = []

type EncodedHeader = readonly [name: Uint8Array, value: Uint8Array | null]

const asBytes = (text: Bytes): Uint8Array => (typeof text === "string" ? utf8.encode(text) : text)

/** At most the bytes that a record adds to a batch. */
export function recordBytesMax(
  key: Bytes | null,
  value: Bytes | null,
  headers: RecordHeaders | undefined,
): number {
  let bytes = RECORD_OVERHEAD_BYTES_MAX + bytesMax(key) + bytesMax(value)
  if (headers !== undefined)
    for (const [name, each] of pairsOf(headers))
      bytes += 2 * VARINT_BYTES_MAX + bytesMax(name) + bytesMax(each)
  return bytes
}

function bytesMax(text: Bytes | null): number {
  if (text === null) return 0
  return typeof text === "string" ? UTF8_BYTES_MAX * text.length : text.length
}

function pairsOf(headers: RecordHeaders): readonly (readonly [string, Bytes | null])[] {
  return Array.isArray(headers) ? headers : Object.entries(headers)
}

function encodedHeaders(headers: RecordHeaders | undefined): readonly EncodedHeader[] {
  if (headers === undefined) return NO_HEADERS
  return pairsOf(headers).map(([name, value]) => [utf8.encode(name), value === null ? null : asBytes(value)])
}

/**
 * Writes records straight into a growing batch. A text is written once, as if all of it were ASCII; where it is not, the
 * record is written again with its true lengths.
 */
export class BatchEncoder {
  count = 0
  /** Of the batch so far, uncompressed, header included. */
  sizeBytes = HEADER_BYTES
  baseTimestamp = 0
  maxTimestamp = 0
  #bytes: Uint8Array

  /** @param buffer is overwritten; default: a small one that grows */
  constructor(buffer?: Uint8Array) {
    this.#bytes = buffer ?? natives().allocate(CAPACITY_BYTES)
  }

  /** @param timestamp epoch ms */
  add(key: Bytes | null, value: Bytes | null, timestamp: number, headers?: RecordHeaders): void {
    const encoded = headers === undefined ? NO_HEADERS : encodedHeaders(headers)
    this.#ensure(recordBytesMax(key, value, headers))
    if (this.count === 0) {
      this.baseTimestamp = timestamp
      this.maxTimestamp = timestamp
    } else if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    if (!this.#write(key, value, timestamp - this.baseTimestamp, encoded))
      this.#write(
        key === null ? null : asBytes(key),
        value === null ? null : asBytes(value),
        timestamp - this.baseTimestamp,
        encoded,
      )
    this.count++
  }

  /** False where a text was longer than ASCII: then nothing was written. */
  #write(key: Bytes | null, value: Bytes | null, delta: number, headers: readonly EncodedHeader[]): boolean {
    const keyLength = key === null ? -1 : key.length
    const valueLength = value === null ? -1 : value.length
    const size =
      1 +
      varlongSize(delta) +
      varintSize(this.count) +
      varintSize(keyLength) +
      (keyLength > 0 ? keyLength : 0) +
      varintSize(valueLength) +
      (valueLength > 0 ? valueLength : 0) +
      (headers.length === 0 ? 1 : headersSize(headers))
    const bytes = this.#bytes
    let at = writeVarint(bytes, this.sizeBytes, size)
    bytes[at++] = 0
    at = writeVarlong(bytes, at, delta)
    at = writeVarint(bytes, at, this.count)
    at = writeVarint(bytes, at, keyLength)
    if (keyLength > 0) {
      if (!this.#text(key as Bytes, at)) return false
      at += keyLength
    }
    at = writeVarint(bytes, at, valueLength)
    if (valueLength > 0) {
      if (!this.#text(value as Bytes, at)) return false
      at += valueLength
    }
    if (headers.length === 0) bytes[at++] = 0
    else at = writeHeaders(bytes, at, headers)
    this.sizeBytes = at
    return true
  }

  /** False where the text takes more bytes than it has characters. */
  #text(text: Bytes, at: number): boolean {
    if (typeof text === "string") return natives().writeText(this.#bytes, at, text) === text.length
    this.#bytes.set(text, at)
    return true
  }

  #ensure(more: number): void {
    const needed = this.sizeBytes + more
    if (needed <= this.#bytes.length) return
    const grown = natives().allocate(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.sizeBytes))
    this.#bytes = grown
  }

  /** What the records are written to: to be used again once nobody reads them. */
  get buffer(): Uint8Array {
    return this.#bytes
  }

  /** The records with room for the header before them: views of the buffer, which is the caller's from here on. */
  finish(codec: Codec): { readonly bytes: Uint8Array; readonly facts: BatchFacts } {
    const { count, baseTimestamp, maxTimestamp } = this
    const facts = { codec, count, baseTimestamp, maxTimestamp }
    return { bytes: this.#bytes.subarray(0, this.sizeBytes), facts }
  }
}

function headersSize(headers: readonly EncodedHeader[]): number {
  let size = varintSize(headers.length)
  for (const [name, value] of headers) {
    size += varintSize(name.length) + name.length
    size += value === null ? 1 : varintSize(value.length) + value.length
  }
  return size
}

function writeHeaders(bytes: Uint8Array, start: number, headers: readonly EncodedHeader[]): number {
  let at = writeVarint(bytes, start, headers.length)
  for (const [name, value] of headers) {
    at = writeVarint(bytes, at, name.length)
    bytes.set(name, at)
    at = writeVarint(bytes, at + name.length, value === null ? -1 : value.length)
    if (value === null) continue
    bytes.set(value, at)
    at += value.length
  }
  return at
}

/** The whole batch with its records compressed, and room for the header. */
export async function compressed(codec: Codec, batch: Uint8Array): Promise<Uint8Array> {
  if (codec === "none") return batch
  const records = await natives().compress(codec, batch.subarray(HEADER_BYTES))
  const whole = natives().allocate(HEADER_BYTES + records.length)
  whole.set(records, HEADER_BYTES)
  return whole
}
