/** Which group each row belongs to, groups numbered by their first row. */
export interface Grouping {
  readonly groups: number
  readonly groupOf: Uint32Array
  /** The first row of each group. */
  readonly first: Uint32Array
}

/** One key column: for each row a number below `size`. */
export interface Key {
  readonly ids: Uint32Array
  readonly size: number
}

/** Up to here a table of all combinations is smaller than a hash table of those that occur, or as fast. */
const DENSE_MAX = 1 << 20
/** Products of sizes up to here are exact as doubles. */
const EXACT_MAX = Number.MAX_SAFE_INTEGER

/** Groups rows by the combination of their keys; one key of size 1 (or none) makes one group of all rows. */
export function groupRows(keys: readonly Key[], rows: number): Grouping {
  let combined: { readonly codes: Float64Array | Uint32Array; readonly size: number } | undefined
  for (const { ids, size } of keys) {
    if (size <= 1) continue
    if (combined === undefined) combined = { codes: ids, size }
    else {
      // Too many combinations for a double: number those that occur, which are at most as many as rows.
      if (combined.size * size > EXACT_MAX) {
        const { groupOf, groups } = number(combined.codes, combined.size, rows)
        combined = { codes: groupOf, size: groups }
      }
      const { codes, size: factor }: { codes: Float64Array | Uint32Array; size: number } = combined
      const joined = new Float64Array(rows)
      for (let row = 0; row < rows; row++) joined[row] = codes[row]! + ids[row]! * factor
      combined = { codes: joined, size: factor * size }
    }
  }
  if (combined === undefined) {
    const groups = Math.min(1, rows)
    return { groups, groupOf: new Uint32Array(rows), first: new Uint32Array(groups) }
  }
  return number(combined.codes, combined.size, rows)
}

function number(codes: Float64Array | Uint32Array, size: number, rows: number): Grouping {
  const groupOf = new Uint32Array(rows)
  const first = new Uint32Array(Math.min(rows, size))
  const groups =
    size <= Math.max(DENSE_MAX, rows * 4) && size <= DENSE_MAX * 16
      ? numberDense(codes, size, groupOf, first)
      : numberSparse(codes, groupOf, first)
  return { groups, groupOf, first: first.subarray(0, groups) }
}

function numberDense(
  codes: Float64Array | Uint32Array,
  size: number,
  groupOf: Uint32Array,
  first: Uint32Array,
): number {
  const numbers = new Int32Array(size)
  let groups = 0
  for (let row = 0; row < groupOf.length; row++) {
    const code = codes[row]!
    let group = numbers[code]!
    if (group === 0) {
      first[groups] = row
      group = ++groups
      numbers[code] = group
    }
    groupOf[row] = group - 1
  }
  return groups
}

/** Open addressing over doubles, at most half full. */
function numberSparse(codes: Float64Array | Uint32Array, groupOf: Uint32Array, first: Uint32Array): number {
  const capacity = 2 ** Math.max(4, Math.ceil(Math.log2(groupOf.length * 2)))
  const mask = capacity - 1
  const slots = new Int32Array(capacity)
  let groups = 0
  for (let row = 0; row < groupOf.length; row++) {
    const code = codes[row]!
    const high = Math.floor(code / 2 ** 32)
    let mixed = Math.imul((code >>> 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
    mixed ^= mixed >>> 15
    let slot = mixed & mask
    for (;;) {
      const group = slots[slot]!
      if (group === 0) {
        first[groups] = row
        slots[slot] = ++groups
        groupOf[row] = groups - 1
        break
      }
      if (codes[first[group - 1]!] === code) {
        groupOf[row] = group - 1
        break
      }
      slot = (slot + 1) & mask
    }
  }
  return groups
}
