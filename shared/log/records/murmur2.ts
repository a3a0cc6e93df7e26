// MurmurHash2, 32-bit, with the seed and tail handling of Kafka's `Utils.murmur2`, so that a key lands on the
// partition that Kafka's default partitioner gives it.

const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/** Kafka's murmur2 of `bytes[start, end)` as a signed 32-bit number. */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = SEED ^ (end - start)
  let at = start
  for (const last = end - 4; at <= last; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, M)
    word = Math.imul(word ^ (word >>> R), M)
    hash = Math.imul(hash, M) ^ word
  }
  const tail = end - at
  if (tail >= 3) hash ^= bytes[at + 2]! << 16
  if (tail >= 2) hash ^= bytes[at + 1]! << 8
  if (tail >= 1) hash = Math.imul(hash ^ bytes[at]!, M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}

/** The partition, 0 to `partitions` − 1, of the key `bytes[start, end)`, as Kafka's default partitioner chooses it. */
export const partitionForKey = (
  bytes: Uint8Array,
  partitions: number,
  start = 0,
  end = bytes.length,
): number => (murmur2(bytes, start, end) & 0x7fffffff) % partitions
