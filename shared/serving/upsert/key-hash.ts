import { BLOCK_BYTES, murmur3x86128 } from "../../log/records/murmur3.ts"
import { HASH_LANES } from "../ingest/batch.ts"
import type { ColumnVector } from "../ingest/column.ts"

// A key's canonical bytes: for each column a tag, then the value. Whole numbers are written alike whatever their
// column's type, so that a column that is widened keeps its keys.
const TAG_WHOLE = 1
const TAG_DOUBLE = 2
const TAG_TEXT = 3
const TAG_FLAG = 4
const TAG_DECIMAL = 5
const TAG_BYTES = 6
/** Keys are short; a longer one makes room for itself. */
const FIRST_BYTES = 1_024
const ASCII_END = 0x80
const TWO_32 = 2 ** 32

/** The numbers of a column of 64 bits, the lower half of each first: reading a bigint would make an object of it. */
export function halvesOf({ type, values }: ColumnVector): Int32Array | undefined {
  if (type !== "long" && type !== "timestamp") return undefined
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2)
}

/** Hashes keys of one table: equal keys have equal hashes, and no two tables have the same function. */
export class KeyHasher {
  readonly #seeds = new Int32Array(HASH_LANES)
  #bytes = Buffer.alloc(FIRST_BYTES)
  #words = new Int32Array(this.#bytes.buffer, this.#bytes.byteOffset, FIRST_BYTES / 4)
  #at = 0

  /** @param tableId seeds the function: who does not know it cannot choose keys that collide */
  constructor(tableId: string) {
    const seeds = new Uint32Array(HASH_LANES)
    this.#text(tableId)
    this.#finish(seeds, 0)
    this.#seeds.set(seeds)
  }

  /** The rows' hashes, `HASH_LANES` numbers each. */
  hash(columns: readonly ColumnVector[], rows: number): Uint32Array {
    const hashes = new Uint32Array(rows * HASH_LANES)
    const halves = columns.map(halvesOf)
    for (let row = 0; row < rows; row++) {
      for (let index = 0; index < columns.length; index++) this.#put(columns[index]!, row, halves[index])
      this.#finish(hashes, row * HASH_LANES)
    }
    return hashes
  }

  #finish(out: Uint32Array, at: number): void {
    const length = this.#at
    const end = Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES
    this.#reserve(end - length)
    this.#bytes.fill(0, length, end)
    murmur3x86128(this.#words, length, this.#seeds, out, at)
    this.#at = 0
  }

  #put(column: ColumnVector, row: number, halves: Int32Array | undefined): void {
    switch (column.type) {
      case "int":
        this.#whole(column.values[row]!)
        break
      case "long":
      case "timestamp":
        this.#long(halves!, row)
        break
      case "float":
      case "double":
        if (Number.isSafeInteger(column.values[row])) this.#whole(column.values[row]!)
        else this.#double(column.values[row]!)
        break
      case "boolean":
        this.#reserve(2)
        this.#bytes[this.#at++] = TAG_FLAG
        this.#bytes[this.#at++] = column.values[row]!
        break
      case "decimal":
        this.#decimal(column.values[row]!)
        break
      case "bytes":
        this.#binary(column.values[row]!)
        break
      case "string":
      case "json":
        this.#text(column.values[row]!)
        break
      default:
        throw new RangeError(`a primary key cannot have a column of type ${column.type}`)
    }
  }

  #whole(value: number): void {
    this.#reserve(9)
    this.#bytes[this.#at] = TAG_WHOLE
    this.#int32(this.#at + 1, value | 0)
    this.#int32(this.#at + 5, Math.floor(value / TWO_32) | 0)
    this.#at += 9
  }

  #long(halves: Int32Array, row: number): void {
    this.#reserve(9)
    this.#bytes[this.#at] = TAG_WHOLE
    this.#int32(this.#at + 1, halves[2 * row]!)
    this.#int32(this.#at + 5, halves[2 * row + 1]!)
    this.#at += 9
  }

  #double(value: number): void {
    this.#reserve(9)
    this.#bytes[this.#at] = TAG_DOUBLE
    this.#bytes.writeDoubleLE(Number.isNaN(value) ? Number.NaN : value, this.#at + 1)
    this.#at += 9
  }

  #decimal(value: bigint): void {
    this.#reserve(17)
    this.#bytes[this.#at] = TAG_DECIMAL
    this.#bytes.writeBigInt64LE(BigInt.asIntN(64, value), this.#at + 1)
    this.#bytes.writeBigInt64LE(BigInt.asIntN(64, value >> 64n), this.#at + 9)
    this.#at += 17
  }

  #binary(value: Uint8Array): void {
    this.#reserve(5 + value.length)
    this.#bytes[this.#at] = TAG_BYTES
    this.#int32(this.#at + 1, value.length)
    this.#bytes.set(value, this.#at + 5)
    this.#at += 5 + value.length
  }

  #text(value: string): void {
    // Three bytes hold any UTF-16 code unit.
    this.#reserve(5 + value.length * 3)
    const bytes = this.#bytes
    const start = this.#at + 5
    let length = 0
    for (; length < value.length; length++) {
      const code = value.charCodeAt(length)
      if (code >= ASCII_END) break
      bytes[start + length] = code
    }
    if (length < value.length) length = bytes.write(value, start)
    bytes[this.#at] = TAG_TEXT
    this.#int32(this.#at + 1, length)
    this.#at = start + length
  }

  #int32(at: number, value: number): void {
    const bytes = this.#bytes
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
  }

  #reserve(more: number): void {
    const needed = this.#at + more + BLOCK_BYTES
    if (needed <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.ceil((2 * needed) / BLOCK_BYTES) * BLOCK_BYTES)
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
    this.#words = new Int32Array(larger.buffer, larger.byteOffset, larger.length / 4)
  }
}
