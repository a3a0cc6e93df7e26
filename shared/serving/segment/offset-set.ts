/** Offsets of rows of one partition, as sorted, distinct numbers: what vectors hold and pins carry. */
export interface OffsetSet {
  /** Ascending, no two equal. */
  readonly offsets: Float64Array
}

export const NO_OFFSETS: OffsetSet = { offsets: new Float64Array(0) }

/** Index of the first offset at or above `offset`. */
export function lowerBound({ offsets }: OffsetSet, offset: number): number {
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (offsets[middle]! < offset) low = middle + 1
    else high = middle
  }
  return low
}

export function hasOffset(set: OffsetSet, offset: number): boolean {
  return set.offsets[lowerBound(set, offset)] === offset
}

/** Those from `base` up to, not including, `next`; shares the memory. */
export function sliceOffsets(set: OffsetSet, base: number, next: number): OffsetSet {
  return { offsets: set.offsets.subarray(lowerBound(set, base), lowerBound(set, next)) }
}

export function unionOffsets(sets: readonly OffsetSet[]): OffsetSet {
  const filled = sets.filter(({ offsets }) => offsets.length > 0)
  if (filled.length <= 1) return filled[0] ?? NO_OFFSETS
  if (filled.length === 2) return unionOfTwo(filled[0]!, filled[1]!)
  const all = new Float64Array(filled.reduce((sum, { offsets }) => sum + offsets.length, 0))
  let at = 0
  for (const { offsets } of filled) {
    all.set(offsets, at)
    at += offsets.length
  }
  all.sort()
  let kept = 0
  for (let index = 0; index < all.length; index++) {
    if (index === 0 || all[index] !== all[index - 1]) all[kept++] = all[index]!
  }
  return { offsets: all.subarray(0, kept) }
}

/** By walking along both, which is many times as fast as sorting. */
function unionOfTwo({ offsets: a }: OffsetSet, { offsets: b }: OffsetSet): OffsetSet {
  const all = new Float64Array(a.length + b.length)
  let at = 0
  let atA = 0
  let atB = 0
  while (atA < a.length && atB < b.length) {
    const first = a[atA]!
    const second = b[atB]!
    all[at++] = first <= second ? first : second
    if (first <= second) atA++
    if (second <= first) atB++
  }
  while (atA < a.length) all[at++] = a[atA++]!
  while (atB < b.length) all[at++] = b[atB++]!
  return { offsets: all.subarray(0, at) }
}
