import { BLOCK_BYTES, murmur3x86128 } from "../records/murmur3.ts"

/** A hash of 128 bits, as four words that the next call overwrites. */
export interface KeyHash {
  readonly words: Uint32Array
  of(bytes: Uint8Array, start: number, end: number): void
}

/** Holds most keys; a longer one makes it grow. */
const KEY_BYTES = 256

/** MurmurHash3_x86_128 with seed 0. */
export function createKeyHash(): KeyHash {
  const words = new Uint32Array(4)
  const seeds = new Int32Array(4)
  let key = new Uint8Array(KEY_BYTES)
  let blocks = new Int32Array(key.buffer)
  const of = (bytes: Uint8Array, start: number, end: number) => {
    const length = end - start
    const padded = Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES
    if (padded > key.length) {
      key = new Uint8Array(2 * padded)
      blocks = new Int32Array(key.buffer)
    }
    key.set(bytes.subarray(start, end))
    key.fill(0, length, padded)
    murmur3x86128(blocks, length, seeds, words, 0)
  }
  return { words, of }
}
