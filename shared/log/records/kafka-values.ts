import { base64BytesMax, decodeBase64 } from "./base64.ts"
import { type JsonScanner, QUOTE } from "./json-scanner.ts"
import { hasEscape, unescapeString } from "./json-text.ts"
import { TextStore } from "./text-store.ts"

/** How a body spells keys and values: as JSON, or as base64 of their bytes. */
export type RecordFormat = "json" | "binary"

const NULL_FIRST_BYTE = 110
/** 2^53 − 1 has 16 digits. */
const DIGITS_MAX = 16
const NOTHING = new Uint8Array(0)
const decoder = new TextDecoder()

/**
 * What scanned JSON values mean as bytes of a record. After a call that returns true, `start` and `end` are a range of
 * `buffer()`; −1 is null.
 */
export class KafkaValues {
  start = -1
  end = -1
  readonly #body: Uint8Array
  readonly #binary: boolean
  readonly #texts: TextStore

  constructor(scanner: JsonScanner, format: RecordFormat) {
    this.#body = scanner.bytes
    this.#binary = format === "binary"
    // Of a binary body no byte is stored as it stands.
    this.#texts = new TextStore(this.#binary ? NOTHING : this.#body)
  }

  /** What the last call that returned false would have taken. */
  get expected(): string {
    return this.#binary ? "a base64 string, or null" : "a value, or null"
  }

  buffer(): Uint8Array {
    return this.#texts.buffer()
  }

  isNull(start: number): boolean {
    return this.#body[start] === NULL_FIRST_BYTE
  }

  /** A key or a header's value. */
  text(start: number, end: number): boolean {
    if (this.#binary || this.isNull(start)) return this.value(start, end)
    if (this.#body[start] !== QUOTE) return this.#range(start, end)
    if (!hasEscape(this.#body, start + 1, end - 1)) return this.#range(start + 1, end - 1)
    const texts = this.#texts
    const from = texts.next
    this.#unescape(start, end)
    return this.#range(from, texts.next)
  }

  /** A record's value. */
  value(start: number, end: number): boolean {
    if (this.isNull(start)) return this.#range(-1, -1)
    return this.#binary ? this.#base64(start, end) : this.#range(start, end)
  }

  /** A whole number from 0, or NaN. */
  integer(start: number, end: number): number {
    if (end - start > DIGITS_MAX) return Number.NaN
    let value = 0
    for (let i = start; i < end; i++) {
      const digit = this.#body[i]! - 48
      if (digit < 0 || digit > 9) return Number.NaN
      value = value * 10 + digit
    }
    return value
  }

  /** A JSON string as text; `undefined` where it is none. */
  name(start: number, end: number): string | undefined {
    if (this.#body[start] !== QUOTE) return undefined
    return JSON.parse(decoder.decode(this.#body.subarray(start, end)))
  }

  /** The bytes of the last range, on their own. */
  copy(): Uint8Array | null {
    if (this.start < 0) return null
    const inBody = this.#binary ? 0 : this.#body.length
    if (this.start >= inBody) return this.#texts.bytes.slice(this.start - inBody, this.end - inBody)
    return this.#body.slice(this.start, this.end)
  }

  #base64(start: number, end: number): boolean {
    const body = this.#body
    if (body[start] !== QUOTE) return false
    const texts = this.#texts
    const from = texts.size
    // Some encoders write a slash as "\/".
    if (hasEscape(body, start + 1, end - 1)) {
      this.#unescape(start, end)
      texts.size = decodeBase64(texts.bytes, from, texts.size, texts.bytes, from)
    } else {
      texts.reserve(base64BytesMax(end - start))
      texts.size = decodeBase64(body, start + 1, end - 1, texts.bytes, from)
    }
    return texts.size >= 0 && this.#range(from, texts.size)
  }

  #unescape(start: number, end: number): void {
    const texts = this.#texts
    texts.reserve(end - start)
    texts.size = unescapeString(this.#body, start + 1, end - 1, texts.bytes, texts.size)
  }

  #range(start: number, end: number): boolean {
    this.start = start
    this.end = end
    return true
  }
}
