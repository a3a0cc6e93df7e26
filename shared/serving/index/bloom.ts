import { murmur3x86128 } from "../../log/records/murmur3.ts"
import type { IndexValue } from "./distinct.ts"

// A split-block Bloom filter as Parquet has it: a value sets one bit in each word of one block, so that a look-up
// touches 32 bytes. Its hash is MurmurHash3, which needs no 64-bit arithmetic.
// https://github.com/apache/parquet-format/blob/master/BloomFilter.md

/** Of a value that is not there, one look-up in two hundred says that it may be. */
const BITS_PER_VALUE = 11.5
const BLOCK_WORDS = 8
const BLOCK_BITS = BLOCK_WORDS * 32
const SALTS = [
  0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
] as const
const SEEDS = Int32Array.of(1, 2, 3, 4)
/** Of the texts that are hashed without new memory. */
const TEXT_BYTES = 4_096

const scratch = Buffer.alloc(TEXT_BYTES + 16)
const number = new Float64Array(1)
const numberWords = new Int32Array(number.buffer)
const hash = new Uint32Array(4)
/** The value whose hash stands in `hash`: a query asks the filters of many segments for one. */
let hashed: IndexValue | undefined

/** Hashes a value; equal values, however they came, have equal hashes. */
function hashValue(value: IndexValue): void {
  if (value === hashed) return
  hashed = value
  if (typeof value === "number") {
    number[0] = value === 0 ? 0 : value
    murmur3x86128(padded(numberWords, 8), 8, SEEDS, hash, 0)
    return
  }
  const text = typeof value === "bigint" ? `n${value}` : value
  const length = Buffer.byteLength(text)
  const bytes = length <= TEXT_BYTES ? scratch : Buffer.alloc(length + 16)
  bytes.write(text)
  bytes.fill(0, length, length + 16)
  murmur3x86128(new Int32Array(bytes.buffer, bytes.byteOffset, (length + 15) >>> 2), length, SEEDS, hash, 0)
}

const block = new Int32Array(4)

function padded(words: Int32Array, bytes: number): Int32Array {
  block.fill(0)
  block.set(words.subarray(0, bytes >>> 2))
  return block
}

function blockOf(blocks: number): number {
  return Math.floor((hash[0]! / 0x1_0000_0000) * blocks) * BLOCK_WORDS
}

/** A filter of the values, each once. */
export function encodeBloom(values: readonly IndexValue[]): Uint8Array {
  const blocks = Math.max(1, Math.ceil((values.length * BITS_PER_VALUE) / BLOCK_BITS))
  const words = new Uint32Array(blocks * BLOCK_WORDS)
  for (const value of values) {
    hashValue(value)
    const at = blockOf(blocks)
    const key = hash[1]! | 0
    for (let word = 0; word < BLOCK_WORDS; word++) {
      words[at + word]! |= 1 << (Math.imul(key, SALTS[word]!) >>> 27)
    }
  }
  return new Uint8Array(words.buffer)
}

/** False: the value is not among them. */
export function mayHold(bloom: Uint8Array, value: IndexValue): boolean {
  hashValue(value)
  const view = new DataView(bloom.buffer, bloom.byteOffset, bloom.byteLength)
  const at = blockOf(bloom.length / (BLOCK_WORDS * 4)) * 4
  const key = hash[1]! | 0
  for (let word = 0; word < BLOCK_WORDS; word++) {
    const bit = 1 << (Math.imul(key, SALTS[word]!) >>> 27)
    if ((view.getUint32(at + word * 4, true) & bit) === 0) return false
  }
  return true
}
