/**
 * An entry of the key index: eight unsigned 32-bit numbers. The key's hash (4), its comparison value (2, ordered as
 * unsigned numbers), the offset of the record that decided last (the lower 32 bits, then 21 bits and the flags).
 *
 * Each record that decides has a higher offset than the one before it, so that of two entries of one key the one with
 * the higher offset is the newer, in whatever order they are met: an index is the set of all entries ever made.
 */
export const ENTRY_LANES = 8
export const COMPARE_AT = 4
export const OFFSET_AT = 6
export const FLAGS_AT = 7

const FLAGS_SHIFT = 24
const OFFSET_HIGH_MASK = 0x1f_ffff
const TWO_32 = 2 ** 32

/** There is such an entry: an overlay also holds keys of which nothing is known. */
export const KNOWN = 1
/** No row stands for the key, but its comparison value does. */
export const DELETED = 2
/** The comparison value is neither null nor NaN. */
export const COMPARED = 4
/** Decided by the tail: not yet in a run. */
export const CHANGED = 8
/** To take that mark away. */
export const UNCHANGED_MASK = ~(CHANGED << FLAGS_SHIFT)
/** The merged row is kept beside the entry. */
export const IMAGE = 16

export const flagsAt = (lanes: Uint32Array, at: number): number => lanes[at + FLAGS_AT]! >>> FLAGS_SHIFT

export const offsetAt = (lanes: Uint32Array, at: number): number =>
  (lanes[at + FLAGS_AT]! & OFFSET_HIGH_MASK) * TWO_32 + lanes[at + OFFSET_AT]!

/**
 * Whether an entry tells more than another of its key: by its offset, or, of one record, that an erasure took the row
 * that the other one holds.
 */
export function isNewer(lanes: Uint32Array, at: number, than: Uint32Array, to: number): boolean {
  const difference = offsetAt(lanes, at) - offsetAt(than, to)
  if (difference !== 0) return difference > 0
  return (flagsAt(lanes, at) & DELETED) > (flagsAt(than, to) & DELETED)
}

export function setOffset(lanes: Uint32Array, at: number, offset: number, flags: number): void {
  lanes[at + OFFSET_AT] = offset
  lanes[at + FLAGS_AT] = ((flags << FLAGS_SHIFT) | Math.floor(offset / TWO_32)) >>> 0
}

/** Below 0, 0 or above 0, as the first entry's hash is less than, equal to or greater than the second's. */
export function compareHashes(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let lane = 0; lane < 4; lane++) {
    const difference = a[atA + lane]! - b[atB + lane]!
    if (difference !== 0) return difference
  }
  return 0
}
