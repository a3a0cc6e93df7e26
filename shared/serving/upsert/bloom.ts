/** One look-up in some hundred finds a key that is not there, at this many bits for each key … */
const BITS_PER_KEY = 10
/** … and as many probes. */
const PROBES = 7
const WORD_BITS = 32

/** A filter for so many keys, empty. */
export function newBloom(keys: number): Uint32Array {
  return new Uint32Array(Math.max(1, Math.ceil((keys * BITS_PER_KEY) / WORD_BITS)))
}

/** The third and fourth part of a hash are two hashes, of which all probes are made. */
export function addToBloom(bloom: Uint32Array, hashes: Uint32Array, at: number): void {
  const bits = bloom.length * WORD_BITS
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = ((hashes[at + 2]! + probe * hashes[at + 3]!) % 2 ** 32) % bits
    bloom[bit >>> 5]! |= 1 << (bit & 31)
  }
}

/** False: the key is not there. */
export function mayBeInBloom(bloom: Uint32Array, hashes: Uint32Array, at: number): boolean {
  const bits = bloom.length * WORD_BITS
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = ((hashes[at + 2]! + probe * hashes[at + 3]!) % 2 ** 32) % bits
    if ((bloom[bit >>> 5]! & (1 << (bit & 31))) === 0) return false
  }
  return true
}
