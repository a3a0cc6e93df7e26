import { allocate } from "./native.ts"

/** Most keys that have escapes are short. */
const CAPACITY_BYTES = 4096

/**
 * Text that stands nowhere in the body as it is meant: unescaped keys, decoded base64. Its bytes count as lying
 * behind the body's, so that one buffer and one kind of range does for both.
 */
export class TextStore {
  bytes = allocate(CAPACITY_BYTES)
  size = 0
  readonly #body: Uint8Array

  constructor(body: Uint8Array) {
    this.#body = body
  }

  /** Makes room for `length` more bytes, to be written at `size`. */
  reserve(length: number): void {
    if (this.size + length <= this.bytes.length) return
    const grown = allocate(Math.max(this.size + length, 2 * this.bytes.length))
    grown.set(this.bytes.subarray(0, this.size))
    this.bytes = grown
  }

  /** Where the next byte will lie in `buffer()`. */
  get next(): number {
    return this.#body.length + this.size
  }

  /** The body, and behind it the text. */
  buffer(): Uint8Array {
    if (this.size === 0) return this.#body
    const joined = allocate(this.next)
    joined.set(this.#body)
    joined.set(this.bytes.subarray(0, this.size), this.#body.length)
    return joined
  }
}
