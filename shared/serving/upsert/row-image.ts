import { StorageError } from "../../storage/errors.ts"

/** A column's value in one row, as `ColumnVector` holds it; a list for a column of lists. */
export type Cell = null | number | bigint | string | boolean | Uint8Array | readonly Cell[]

// An image: the schema version as a varint, then for each of its columns a tag and the value.
const NULL = 0
const NUMBER = 1
const WHOLE = 2
const TEXT = 3
const BYTES = 4
const LIST = 5
const FALSE = 6
const TRUE = 7

const FIRST_BYTES = 1_024
const LOW_BITS = 0x80

/** Writes rows as the runs of a partial upsert keep them. */
export class ImageWriter {
  #bytes = Buffer.alloc(FIRST_BYTES)
  #at = 0

  write(schemaVersion: number, cells: readonly Cell[]): Uint8Array {
    this.#at = 0
    this.#varint(schemaVersion)
    for (const cell of cells) this.#cell(cell)
    return Uint8Array.from(this.#bytes.subarray(0, this.#at))
  }

  #cell(cell: Cell): void {
    if (cell === null) this.#tag(NULL)
    else if (typeof cell === "boolean") this.#tag(cell ? TRUE : FALSE)
    else if (typeof cell === "number") {
      this.#tag(NUMBER)
      this.#at = this.#bytes.writeDoubleLE(cell, this.#at)
    } else if (typeof cell === "bigint") this.#text(WHOLE, cell.toString())
    else if (typeof cell === "string") this.#text(TEXT, cell)
    else if (cell instanceof Uint8Array) {
      this.#tag(BYTES)
      this.#varint(cell.length)
      this.#reserve(cell.length)
      this.#bytes.set(cell, this.#at)
      this.#at += cell.length
    } else {
      this.#tag(LIST)
      this.#varint(cell.length)
      for (const one of cell) this.#cell(one)
    }
  }

  #text(tag: number, text: string): void {
    this.#tag(tag)
    const length = Buffer.byteLength(text)
    this.#varint(length)
    this.#reserve(length)
    this.#at += this.#bytes.write(text, this.#at)
  }

  #tag(tag: number): void {
    this.#reserve(0)
    this.#bytes[this.#at++] = tag
  }

  #varint(value: number): void {
    this.#reserve(0)
    let rest = value
    for (; rest >= LOW_BITS; rest = Math.floor(rest / LOW_BITS))
      this.#bytes[this.#at++] = (rest % LOW_BITS) | LOW_BITS
    this.#bytes[this.#at++] = rest
  }

  /** Room for so many bytes and a tag or number after them. */
  #reserve(more: number): void {
    const needed = this.#at + more + 2 * 8
    if (needed <= this.#bytes.length) return
    const larger = Buffer.alloc(2 * needed)
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
  }
}

export interface RowImage {
  readonly schemaVersion: number
  readonly cells: readonly Cell[]
}

/** Throws `StorageError` (`corrupt`). */
export function readImage(bytes: Uint8Array): RowImage {
  const reader = new ImageReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  const schemaVersion = reader.varint()
  const cells: Cell[] = []
  while (!reader.isAtEnd) cells.push(reader.cell())
  return { schemaVersion, cells }
}

class ImageReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  cell(): Cell {
    const tag = this.#bytes[this.#at++]
    if (tag === NULL) return null
    if (tag === FALSE || tag === TRUE) return tag === TRUE
    if (tag === NUMBER) {
      this.#at += 8
      if (this.#at > this.#bytes.length) unreadable()
      return this.#bytes.readDoubleLE(this.#at - 8)
    }
    const length = this.varint()
    if (length > this.#bytes.length - this.#at) unreadable()
    if (tag === LIST) return Array.from({ length }, () => this.cell())
    const start = this.#at
    this.#at += length
    if (tag === BYTES) return Uint8Array.from(this.#bytes.subarray(start, this.#at))
    const text = this.#bytes.toString("utf8", start, this.#at)
    if (tag === TEXT) return text
    if (tag === WHOLE) return BigInt(text)
    return unreadable()
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= LOW_BITS) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) return unreadable()
      value += (byte % LOW_BITS) * scale
      if (byte < LOW_BITS) return value
    }
  }
}

function unreadable(): never {
  throw new StorageError("corrupt", "a merged row of the key index cannot be read")
}
