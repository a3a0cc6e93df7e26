import { isUtf8 } from "node:buffer"
import { RecordCursor, recordHeaders } from "../log/records/index.ts"
import type { FetchedBatch } from "../log/types.ts"
import { ApiError } from "./errors.ts"
import { LONE_RECORD_BYTES_MAX } from "./limits.ts"

/** How keys and values look in JSON; undefined: these bytes cannot be shown so. */
export interface RecordFormat {
  readonly name: string
  /** A key, or a header's value. */
  key(bytes: Buffer): string | undefined
  value(bytes: Buffer): string | undefined
}

/** Text that is exactly these bytes, or undefined. */
function utf8(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8")
  // Only replaced bytes (or a real U+FFFD, which is rare) ask for a second look.
  return text.includes("\ufffd") && !isUtf8(bytes) ? undefined : text
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Values as the JSON text they are, byte for byte; keys as strings, but objects and arrays as what they are. */
export const jsonFormat: RecordFormat = {
  name: "json",
  key(bytes) {
    const text = utf8(bytes)
    if (text === undefined) return undefined
    const structured = text.startsWith("{") || text.startsWith("[")
    return structured && isJson(text) ? text : JSON.stringify(text)
  },
  value(bytes) {
    const text = utf8(bytes)
    return text !== undefined && isJson(text) ? text : undefined
  },
}

/** Keys and values in base64. */
export const binaryFormat: RecordFormat = {
  name: "binary",
  key: bytes => `"${bytes.toString("base64")}"`,
  value: bytes => `"${bytes.toString("base64")}"`,
}

export interface RecordsRequest {
  readonly topic: string
  readonly partition: number
  /** Records below it are left out. */
  readonly offset: number
  readonly format: RecordFormat
  /** Where the text is cut, in bytes; it always holds one record. */
  readonly bytesMax: number
}

export interface RecordsText {
  readonly text: string
  /** Where to go on. */
  readonly nextOffset: number
}

class RecordsWriter {
  text = "["
  bytes = 2
  nextOffset: number
  readonly #request: RecordsRequest
  readonly #before: string
  readonly #after: string

  constructor(request: RecordsRequest) {
    this.#request = request
    this.nextOffset = request.offset
    this.#before = `{"topic":${JSON.stringify(request.topic)},"key":`
    this.#after = `,"partition":${request.partition},"offset":`
  }

  /** Adds a batch's records; false when the text is full. */
  addBatch(batch: FetchedBatch): boolean {
    const cursor = new RecordCursor(batch.bytes)
    if (!cursor.header.control) {
      const { buffer } = cursor
      const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
      while (cursor.next()) {
        if (cursor.offset < this.#request.offset) continue
        if (!this.#addRecord(cursor, bytes)) return false
        this.nextOffset = cursor.offset + 1
      }
    }
    this.nextOffset = Math.max(this.nextOffset, batch.nextOffset)
    return true
  }

  #addRecord(cursor: RecordCursor, bytes: Buffer): boolean {
    const record = this.#record(cursor, bytes)
    if (record === undefined) return false
    const size = Buffer.byteLength(record) + 1
    const first = this.bytes === 2
    if (first && size > LONE_RECORD_BYTES_MAX) throw this.#notRepresentable(cursor.offset, "it is too large")
    if (!first && this.bytes + size > this.#request.bytesMax) return false
    this.text += first ? record : `,${record}`
    this.bytes += size
    return true
  }

  #record(cursor: RecordCursor, bytes: Buffer): string | undefined {
    const { format } = this.#request
    const { keyStart, keyEnd, valueStart, valueEnd } = cursor
    const key = keyStart < 0 ? "null" : format.key(bytes.subarray(keyStart, keyEnd))
    if (key === undefined) return this.#stopAt(cursor, "its key is not UTF-8")
    const value = valueStart < 0 ? "null" : format.value(bytes.subarray(valueStart, valueEnd))
    if (value === undefined) return this.#stopAt(cursor, "its value is not JSON")
    const headers = cursor.headerCount === 0 ? "" : this.#headers(cursor, bytes)
    if (headers === undefined) return this.#stopAt(cursor, "a header is not UTF-8")
    return `${this.#before}${key},"value":${value}${this.#after}${cursor.offset},"timestamp":${cursor.timestamp},"headers":[${headers}]}`
  }

  #headers(cursor: RecordCursor, bytes: Buffer): string | undefined {
    const entries: string[] = []
    for (const { key, value } of recordHeaders(bytes, cursor.headersStart, cursor.headersEnd)) {
      const text = value === null ? "null" : this.#request.format.key(Buffer.from(value))
      if (text === undefined) return undefined
      entries.push(`{"name":${JSON.stringify(key)},"value":${text}}`)
    }
    return entries.join(",")
  }

  /** What stands before such a record is answered first; the next request, which begins at it, is told. */
  #stopAt(cursor: RecordCursor, why: string): undefined {
    if (this.bytes === 2) throw this.#notRepresentable(cursor.offset, why)
  }

  #notRepresentable(offset: number, why: string): ApiError {
    const { topic, partition, format } = this.#request
    const others = format.name === "json" ? "application/vnd.kafka.binary.v2+json or " : ""
    return new ApiError(
      "not_representable",
      `The record at offset ${offset} of ${topic}/${partition} cannot be shown as ${format.name}: ${why}; accept ${others}application/vnd.millrace.batches, or go on at the next offset`,
      { offset },
    )
  }
}

/**
 * Fetched batches as the JSON array of a consume reply.
 * @throws ApiError `not_representable` when the first record cannot be shown; LogError `corrupt_batch`
 */
export function recordsText(batches: readonly FetchedBatch[], request: RecordsRequest): RecordsText {
  const writer = new RecordsWriter(request)
  for (const batch of batches) if (!writer.addBatch(batch)) break
  return { text: `${writer.text}]`, nextOffset: writer.nextOffset }
}
