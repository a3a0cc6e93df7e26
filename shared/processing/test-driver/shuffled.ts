/**
 * The same records in another order, always the same one for a seed: for trying out that a job does not depend on it.
 * @param options.within how many places a record moves at most; default: anywhere
 */
export function shuffled<T>(
  records: readonly T[],
  seed: number,
  options: { readonly within?: number } = {},
): readonly T[] {
  const { within = records.length } = options
  const random = randomNumbers(seed)
  return records
    .map((record, index) => ({ record, at: index + random() * (within + 1) }))
    .sort((left, right) => left.at - right.at)
    .map(({ record }) => record)
}

/** Numbers from 0 to 1 (mulberry32, public domain, Tommy Ettinger). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
