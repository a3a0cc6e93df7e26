import { recordBytes } from "../record.ts"
import type { RecordTexts } from "../records/record-texts.ts"
import { type TextBuffer, textBuffer } from "../text-buffer.ts"
import { NUMBER_BYTES_MAX, writeAscii, writeNumber } from "./number-text.ts"

const CAPACITY_BYTES = 4 * 1024
/** Bytes of UTF-8 that a UTF-16 unit takes at most. */
const UTF8_PER_UNIT_MAX = 3
/** A shorter text is copied character by character. */
const SHORT_TEXT_MAX = 24
const QUOTE = 34
const BACKSLASH = 92
const BRACE_OPEN = 123
const BRACE_CLOSE = 125
const DELETE = 127
const SPACE = 32

const WORD_BYTES = 8

/** A field's name as JSON, with the comma before and the colon behind it. */
interface Head {
  readonly name: string
  readonly bytes: Uint8Array
  /** The same by eights, filled up with zeros; none where it is not all ASCII. */
  readonly words: Float64Array
  readonly size: number
}

/**
 * Writes results as JSON, as JSON.stringify does, with what is copied unchanged from the record at hand as its bytes came.
 * Plain objects are written field by field; what is rare is left to JSON.stringify.
 */
export class RowEncoder {
  buffer: TextBuffer = textBuffer(CAPACITY_BYTES)
  /** Where the last thing written ends. */
  end = 0
  readonly #texts: RecordTexts
  #view = viewOf(this.buffer)
  /** The fields of the last row, most probably those of the next. */
  readonly #heads: Head[] = []

  constructor(texts: RecordTexts) {
    this.#texts = texts
  }

  /** Makes room, behind what is written, for a text of so many units. */
  room(bytes: number): void {
    const needed = this.end + bytes
    if (needed <= this.buffer.length) return
    const grown = textBuffer(needed * 2)
    grown.set(this.buffer.subarray(0, this.end))
    this.buffer = grown
    this.#view = viewOf(grown)
  }

  /** Appends text in UTF-8. */
  text(text: string): void {
    this.room(text.length * UTF8_PER_UNIT_MAX)
    this.end += this.buffer.utf8Write(text, this.end)
  }

  /** Appends the JSON of a record; false: it has none. */
  record(record: unknown): boolean {
    const start = this.end
    if (typeof record === "object" && record !== null && isPlain(record)) {
      if (this.#object(record as Readonly<Record<string, unknown>>)) return true
      this.end = start
    }
    const text = JSON.stringify(record)
    if (text === undefined) return false
    this.text(text)
    return true
  }

  /** False: something in it is for JSON.stringify to say. */
  #object(record: Readonly<Record<string, unknown>>): boolean {
    const start = this.end
    let place = 0
    for (const name in record) {
      const value = record[name]
      if (value === undefined) continue
      const known = this.#heads[place]
      const { bytes, words, size } = known?.name === name ? known : this.#learn(place, name)
      this.room(size + WORD_BYTES + NUMBER_BYTES_MAX)
      const view = this.#view
      const at = this.end
      // What the last word has too much is overwritten.
      for (let word = 0; word < words.length; word++)
        view.setFloat64(at + WORD_BYTES * word, words[word] as number, true)
      if (words.length === 0) this.buffer.set(bytes, at)
      this.end = at + size
      if (typeof value === "number") this.end = writeNumber(this.buffer, this.end, value)
      else if (typeof value === "string") this.#string(value)
      else if (!this.#other(value)) return false
      place++
    }
    this.room(2)
    if (place === 0) this.end++
    // Each head begins with a comma.
    this.buffer[start] = BRACE_OPEN
    this.buffer[this.end++] = BRACE_CLOSE
    return true
  }

  #learn(place: number, name: string): Head {
    const bytes = Uint8Array.from(Buffer.from(`,${JSON.stringify(name)}:`))
    const size = bytes.length
    // With characters beyond ASCII eight bytes may be NaN, which could change on its way.
    const isAscii = bytes.every(byte => byte < DELETE)
    const words = new Float64Array(isAscii ? Math.ceil(size / WORD_BYTES) : 0)
    if (isAscii) new Uint8Array(words.buffer).set(bytes)
    const head = { name, bytes, words, size }
    this.#heads[place] = head
    return head
  }

  #string(value: string): void {
    const { length } = value
    if (length <= SHORT_TEXT_MAX && this.#short(value)) return
    const texts = this.#texts
    const known = texts.find(value)
    if (known < 0) {
      this.text(JSON.stringify(value))
      return
    }
    this.#copy(texts.buffer, texts.starts[known] as number, texts.ends[known] as number)
  }

  /** False, and nothing written: it takes more than its characters. */
  #short(value: string): boolean {
    const { length } = value
    this.room(length + 2)
    const { buffer } = this
    let at = this.end
    buffer[at++] = QUOTE
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index)
      if (unit < SPACE || unit >= DELETE || unit === QUOTE || unit === BACKSLASH) return false
      buffer[at++] = unit
    }
    buffer[at++] = QUOTE
    this.end = at
    return true
  }

  #copy(from: Uint8Array, start: number, end: number): void {
    this.room(end - start)
    this.buffer.set(from.subarray(start, end), this.end)
    this.end += end - start
  }

  #other(value: unknown): boolean {
    if (typeof value === "boolean" || value === null) {
      this.end = writeAscii(this.buffer, this.end, String(value))
      return true
    }
    if (typeof value !== "object") return false
    const bytes = recordBytes(value)
    if (bytes !== undefined) {
      this.#copy(bytes.buffer, bytes.start, bytes.end)
      return true
    }
    // It may ask for the field's name.
    if ("toJSON" in value) return false
    const text = JSON.stringify(value)
    this.text(text)
    return true
  }
}

/** An object that is written by its own fields, no view. */
function isPlain(record: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(record)
  if (prototype !== Object.prototype && prototype !== null) return false
  return !("toJSON" in record) && !Array.isArray(record)
}

function viewOf(buffer: Uint8Array): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
