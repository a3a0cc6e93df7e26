import { textBuffer } from "../text-buffer.ts"
import { packState } from "./packing.ts"

const CAPACITY_BYTES = 4 * 1024
const ARRAY_SHORT_MAX = 15
/** Bytes of UTF-8 that a UTF-16 unit takes at most. */
const UTF8_PER_UNIT_MAX = 3
const COUNT_BYTES = 4
const UINT8_MAX = 0xff
const UINT16_MAX = 0xffff
const UINT32_MAX = 0xffffffff
const POSITIVE_FIXINT_MAX = 0x7f

/**
 * Writes entries of state into one buffer that it uses again and again, values as MessagePack that `unpackState` reads:
 * for what is written so often that objects made for it would cost more than the writing.
 */
export class ValueWriter {
  #bytes = textBuffer(CAPACITY_BYTES)
  #at = 0

  /** Begins anew: what was written is overwritten. */
  clear(): void {
    this.#at = 0
  }

  /** Bytes written since `clear`: those that `bytes` begins with. */
  get size(): number {
    return this.#at
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Its elements come next. */
  array(length: number): void {
    if (length <= ARRAY_SHORT_MAX) {
      const at = this.#room(1)
      this.#bytes[at] = 0x90 | length
    } else if (length <= UINT16_MAX) {
      const at = this.#room(3)
      this.#bytes[at] = 0xdc
      this.#bytes.writeUInt16BE(length, at + 1)
    } else {
      const at = this.#room(5)
      this.#bytes[at] = 0xdd
      this.#bytes.writeUInt32BE(length, at + 1)
    }
  }

  /** So many names and values come next, in turns; it is read as a Map. */
  map(size: number): void {
    if (size <= ARRAY_SHORT_MAX) {
      const at = this.#room(1)
      this.#bytes[at] = 0x80 | size
    } else {
      const at = this.#room(5)
      this.#bytes[at] = 0xdf
      this.#bytes.writeUInt32BE(size, at + 1)
    }
  }

  number(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value <= UINT32_MAX && !Object.is(value, -0)) {
      this.#unsigned(value)
      return
    }
    const at = this.#room(9)
    this.#bytes[at] = 0xcb
    this.#bytes.writeDoubleBE(value, at + 1)
  }

  #unsigned(value: number): void {
    if (value <= POSITIVE_FIXINT_MAX) {
      const at = this.#room(1)
      this.#bytes[at] = value
    } else if (value <= UINT16_MAX) {
      const at = this.#room(3)
      this.#bytes[at] = 0xcd
      this.#bytes.writeUInt16BE(value, at + 1)
    } else {
      const at = this.#room(5)
      this.#bytes[at] = 0xce
      this.#bytes.writeUInt32BE(value, at + 1)
    }
  }

  /** Bytes, given as a character each. */
  binary(text: string): void {
    const { length } = text
    const head = length <= UINT8_MAX ? 2 : length <= UINT16_MAX ? 3 : 5
    const at = this.#room(head + length)
    const bytes = this.#bytes
    if (head === 2) bytes.writeUInt16BE(0xc400 | length, at)
    else if (head === 3) {
      bytes[at] = 0xc5
      bytes.writeUInt16BE(length, at + 1)
    } else {
      bytes[at] = 0xc6
      bytes.writeUInt32BE(length, at + 1)
    }
    bytes.latin1Write(text, at + head)
  }

  /** Whatever else state may hold. */
  any(value: unknown): void {
    if (typeof value === "number") this.number(value)
    else this.raw(packState(value))
  }

  raw(bytes: Uint8Array): void {
    // Room first: it may make the buffer anew.
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** UTF-8 without a length; returns how many bytes it takes. */
  utf8(text: string): number {
    const at = this.#room(text.length * UTF8_PER_UNIT_MAX)
    const written = this.#bytes.utf8Write(text, at)
    this.#at = at + written
    return written
  }

  /** UTF-8 after its length in four bytes. */
  counted(text: string): void {
    const at = this.#room(COUNT_BYTES)
    const length = this.utf8(text)
    this.#bytes.writeUInt32BE(length, at)
  }

  #room(bytes: number): number {
    const at = this.#at
    const needed = at + bytes
    if (needed > this.#bytes.length) {
      const grown = textBuffer(needed * 2)
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
    }
    this.#at = needed
    return at
  }
}
