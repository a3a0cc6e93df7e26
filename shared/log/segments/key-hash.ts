/** A hash of 128 bits, as four words that the next call overwrites. */
export interface KeyHash {
  readonly words: Uint32Array
  of(bytes: Uint8Array, start: number, end: number): void
}

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by))

function mixed(h: number): number {
  let x = h ^ (h >>> 16)
  x = Math.imul(x, 0x85ebca6b)
  x ^= x >>> 13
  x = Math.imul(x, 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** Up to four bytes from `at`, little-endian; what is past `end` is 0. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
  }
  let word = 0
  for (let byte = 0; at + byte < end; byte++) word |= bytes[at + byte] << (8 * byte)
  return word
}

/** MurmurHash3_x86_128 (Austin Appleby, public domain) with seed 0. */
export function createKeyHash(): KeyHash {
  const words = new Uint32Array(4)
  const of = (bytes: Uint8Array, start: number, end: number) => {
    let [h1, h2, h3, h4] = [0, 0, 0, 0]
    let at = start
    for (; at + 16 <= end; at += 16) {
      h1 ^= Math.imul(rotate(Math.imul(wordAt(bytes, at, end), C1), 15), C2)
      h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0
      h2 ^= Math.imul(rotate(Math.imul(wordAt(bytes, at + 4, end), C2), 16), C3)
      h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0
      h3 ^= Math.imul(rotate(Math.imul(wordAt(bytes, at + 8, end), C3), 17), C4)
      h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0
      h4 ^= Math.imul(rotate(Math.imul(wordAt(bytes, at + 12, end), C4), 18), C1)
      h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0
    }
    // What is left: a word without bytes mixes to 0.
    h4 ^= Math.imul(rotate(Math.imul(wordAt(bytes, at + 12, end), C4), 18), C1)
    h3 ^= Math.imul(rotate(Math.imul(wordAt(bytes, at + 8, end), C3), 17), C4)
    h2 ^= Math.imul(rotate(Math.imul(wordAt(bytes, at + 4, end), C2), 16), C3)
    h1 ^= Math.imul(rotate(Math.imul(wordAt(bytes, at, end), C1), 15), C2)
    const length = end - start
    h1 ^= length
    h2 ^= length
    h3 ^= length
    h4 ^= length
    h1 = (h1 + h2 + h3 + h4) | 0
    h2 = (h2 + h1) | 0
    h3 = (h3 + h1) | 0
    h4 = (h4 + h1) | 0
    h1 = mixed(h1)
    h2 = mixed(h2)
    h3 = mixed(h3)
    h4 = mixed(h4)
    h1 = (h1 + h2 + h3 + h4) | 0
    words[0] = h1
    words[1] = h2 + h1
    words[2] = h3 + h1
    words[3] = h4 + h1
  }
  return { words, of }
}
