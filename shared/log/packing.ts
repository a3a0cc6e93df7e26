const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** Above this a native copy costs less than a loop. */
const SHORT_COPY_BYTES_MAX = 64

/** Writes the compact integers and texts of stored formats: LEB128 varints (zigzag where signed), counted UTF-8. */
export class ByteWriter {
  #buffer: Uint8Array
  #size = 0

  constructor(capacityBytes = 256) {
    this.#buffer = new Uint8Array(capacityBytes)
  }

  #room(bytes: number): void {
    if (this.#size + bytes <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#size + bytes))
    grown.set(this.#buffer.subarray(0, this.#size))
    this.#buffer = grown
  }

  byte(value: number): void {
    this.#room(1)
    this.#buffer[this.#size++] = value
  }

  /** A whole number from 0 to 2^53 − 1. */
  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned integer: ${value}`)
    this.#varint(value)
  }

  /** A whole number from −2^52 to 2^53 − 1: twice the latter is still exact, being even. */
  signed(value: number): void {
    if (!Number.isSafeInteger(value) || value < -(2 ** 52)) {
      throw new RangeError(`not a signed integer: ${value}`)
    }
    const zigzag = value >= 0 ? value * 2 : -value * 2 - 1
    this.#varint(zigzag)
  }

  #varint(value: number): void {
    this.#room(8)
    let rest = value
    while (rest >= 128) {
      this.#buffer[this.#size++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#size++] = rest
  }

  text(value: string): void {
    const bytes = encoder.encode(value)
    this.unsigned(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#buffer.set(bytes, this.#size)
    this.#size += bytes.length
  }

  /** Part of `bytes`, copied without making an object for it where it is short. */
  range(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length > SHORT_COPY_BYTES_MAX) {
      this.raw(bytes.subarray(start, end))
      return
    }
    this.#room(length)
    const buffer = this.#buffer
    let at = this.#size
    for (let from = start; from < end; from++) buffer[at++] = bytes[from] as number
    this.#size = at
  }

  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#size)
  }

  /** As `bytes`, without a copy: the last call to the writer. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#size)
  }
}

/** Reads what `ByteWriter` wrote; throws `RangeError` past the end or on a number that is too large. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw new RangeError("the bytes end too early")
    return this.#bytes[this.#at++]
  }

  unsigned(): number {
    const value = this.#varint()
    if (!Number.isSafeInteger(value)) throw new RangeError("a number above 2^53 - 1")
    return value
  }

  #varint(): number {
    let value = 0
    let unit = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 127) * unit
      if (byte < 128) break
      unit *= 128
      if (unit > 2 ** 49) throw new RangeError("a number of more than eight bytes")
    }
    return value
  }

  signed(): number {
    const zigzag = this.#varint()
    const value = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    if (!Number.isSafeInteger(value)) throw new RangeError("a number above 2^53 - 1")
    return value
  }

  text(): string {
    return decoder.decode(this.raw(this.unsigned()))
  }

  raw(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RangeError("the bytes end too early")
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return bytes
  }

  /** Whatever is left, as a view. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at)
  }
}
