// MurmurHash3 by Austin Appleby (public domain), its variant of 128 bits for 32-bit machines, with a seed for each lane.
// https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp

const C1 = 0x239b961b
const C2 = 0xab0e9789 | 0
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93 | 0

const rotl = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

const mix1 = (k: number): number => Math.imul(rotl(Math.imul(k, C1), 15), C2)
const mix2 = (k: number): number => Math.imul(rotl(Math.imul(k, C2), 16), C3)
const mix3 = (k: number): number => Math.imul(rotl(Math.imul(k, C3), 17), C4)
const mix4 = (k: number): number => Math.imul(rotl(Math.imul(k, C4), 18), C1)

function finish(h: number): number {
  let x = h ^ (h >>> 16)
  x = Math.imul(x, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** Bytes of one round of the hash. */
export const BLOCK_BYTES = 16

/**
 * Hashes the first `length` bytes of `words` (little-endian, zero from there to the end of their block) into
 * `out[at]` to `out[at + 3]`.
 */
export function murmur3x86128(
  words: Int32Array,
  length: number,
  seeds: Int32Array,
  out: Uint32Array,
  at: number,
): void {
  let h1 = seeds[0]!
  let h2 = seeds[1]!
  let h3 = seeds[2]!
  let h4 = seeds[3]!
  const whole = Math.floor(length / BLOCK_BYTES) * 4
  let word = 0
  for (; word < whole; word += 4) {
    h1 ^= mix1(words[word]!)
    h1 = (Math.imul(rotl(h1, 19) + h2, 5) + 0x561ccd1b) | 0
    h2 ^= mix2(words[word + 1]!)
    h2 = (Math.imul(rotl(h2, 17) + h3, 5) + 0x0bcaa747) | 0
    h3 ^= mix3(words[word + 2]!)
    h3 = (Math.imul(rotl(h3, 15) + h4, 5) + 0x96cd1c35) | 0
    h4 ^= mix4(words[word + 3]!)
    h4 = (Math.imul(rotl(h4, 13) + h1, 5) + 0x32ac3b17) | 0
  }
  if (length > whole * 4) {
    h1 ^= mix1(words[word]!)
    h2 ^= mix2(words[word + 1]!)
    h3 ^= mix3(words[word + 2]!)
    h4 ^= mix4(words[word + 3]!)
  }
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = finish(h1)
  h2 = finish(h2)
  h3 = finish(h3)
  h4 = finish(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  out[at] = h1
  out[at + 1] = h2 + h1
  out[at + 2] = h3 + h1
  out[at + 3] = h4 + h1
}
