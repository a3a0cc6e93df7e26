import { compareNumber } from "./compare-value.ts"
import { compareHashes, DELETED, ENTRY_LANES, FLAGS_AT, flagsAt, isNewer, UNCHANGED_MASK } from "./entry.ts"
import type { KeyRules } from "./rules.ts"

/** Entries in the order of their hashes, no hash twice. */
export interface Run {
  /** `ENTRY_LANES` numbers for each entry. */
  readonly lanes: Uint32Array
  readonly entries: number
  /** Of a partial upsert: each entry's merged row; undefined for one that is deleted. */
  readonly images?: readonly (Uint8Array | undefined)[]
}

/** Where the hash at `hashes[at]` stands in a run, or −1. */
export function findInRun({ lanes, entries }: Run, hashes: Uint32Array, at: number): number {
  let low = 0
  let high = entries
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = compareHashes(lanes, middle * ENTRY_LANES, hashes, at)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  return -1
}

/** Sorts some entries of a map. @param numbers the entries' numbers */
export function sortedRun(
  lanes: Uint32Array,
  numbers: Uint32Array,
  images?: readonly (Uint8Array | undefined)[],
): Run {
  // The hash's first part and the place in `numbers` in one double: numbers sort far faster than by a function.
  const entries = numbers.length
  const order = new Float64Array(entries)
  for (let at = 0; at < entries; at++)
    order[at] = lanes[numbers[at]! * ENTRY_LANES]! * 2 ** 21 + (at % 2 ** 21)
  if (entries > 2 ** 21) throw new RangeError(`expected at most ${2 ** 21} entries, got ${entries}`)
  order.sort()
  const places = Uint32Array.from(order, key => key % 2 ** 21)
  settleTies(lanes, numbers, places)
  const sorted = new Uint32Array(entries * ENTRY_LANES)
  for (let at = 0; at < entries; at++) {
    const start = numbers[places[at]!]! * ENTRY_LANES
    for (let lane = 0; lane < ENTRY_LANES; lane++) sorted[at * ENTRY_LANES + lane] = lanes[start + lane]!
    sorted[at * ENTRY_LANES + FLAGS_AT]! &= UNCHANGED_MASK
  }
  return {
    lanes: sorted,
    entries,
    ...(images === undefined ? {} : { images: Array.from(places, place => images[place]) }),
  }
}

/** Of equal first parts there are few: neighbours change places until the rest is in order too. */
function settleTies(lanes: Uint32Array, numbers: Uint32Array, places: Uint32Array): void {
  const start = (at: number) => numbers[places[at]!]! * ENTRY_LANES
  for (let at = 1; at < places.length; at++) {
    for (let to = at; to > 0 && compareHashes(lanes, start(to - 1), lanes, start(to)) > 0; to--) {
      const moved = places[to]!
      places[to] = places[to - 1]!
      places[to - 1] = moved
    }
  }
}

/** What a merge of all runs may leave out, since it decides nothing any more. */
export type Forgettable = (lanes: Uint32Array, at: number) => boolean

/**
 * What is older than the time to live decides nothing: a record that could lose against it is dropped for its own age. Rows
 * that stand are kept in the index nevertheless, so that a later record can replace them. Undefined: keep all.
 */
export function forgettable(rules: KeyRules, compareMax: number | undefined): Forgettable | undefined {
  const { ttlMs, compare, kind } = rules
  if (ttlMs === undefined || compareMax === undefined || compare === undefined) return undefined
  const oldest = compareMax - ttlMs
  return (lanes, at) => {
    if (kind === "upsert" && (flagsAt(lanes, at) & DELETED) === 0) return false
    const value = compareNumber(lanes, at)
    return value === undefined || value < oldest
  }
}

/** Runs as one: of entries of one key the newest. The runs may come in any order. */
export function mergeRuns(runs: readonly Run[], forget?: Forgettable): Run {
  const [first = EMPTY_RUN, ...rest] = [...runs].sort((a, b) => a.entries - b.entries)
  const merged = rest.reduce(mergeTwo, first)
  return forget === undefined ? merged : without(merged, forget)
}

export const EMPTY_RUN: Run = { lanes: new Uint32Array(0), entries: 0 }

function mergeTwo(a: Run, b: Run): Run {
  if (a.entries === 0) return b
  const lanes = new Uint32Array((a.entries + b.entries) * ENTRY_LANES)
  const images: (Uint8Array | undefined)[] | undefined = a.images && []
  let entries = 0
  let atA = 0
  let atB = 0
  while (atA < a.entries || atB < b.entries) {
    const startA = atA * ENTRY_LANES
    const startB = atB * ENTRY_LANES
    const order =
      atA === a.entries ? 1 : atB === b.entries ? -1 : compareHashes(a.lanes, startA, b.lanes, startB)
    const fromA = order < 0 || (order === 0 && !isNewer(b.lanes, startB, a.lanes, startA))
    const from = fromA ? a.lanes : b.lanes
    const start = fromA ? startA : startB
    for (let lane = 0; lane < ENTRY_LANES; lane++) lanes[entries * ENTRY_LANES + lane] = from[start + lane]!
    images?.push(fromA ? a.images?.[atA] : b.images?.[atB])
    entries++
    if (order <= 0) atA++
    if (order >= 0) atB++
  }
  return {
    lanes: lanes.subarray(0, entries * ENTRY_LANES),
    entries,
    ...(images === undefined ? {} : { images }),
  }
}

function without({ lanes, entries, images }: Run, forget: Forgettable): Run {
  const kept: number[] = []
  for (let at = 0; at < entries; at++) if (!forget(lanes, at * ENTRY_LANES)) kept.push(at)
  if (kept.length === entries) return { lanes, entries, ...(images === undefined ? {} : { images }) }
  const left = new Uint32Array(kept.length * ENTRY_LANES)
  for (const [to, from] of kept.entries()) {
    left.set(lanes.subarray(from * ENTRY_LANES, (from + 1) * ENTRY_LANES), to * ENTRY_LANES)
  }
  return {
    lanes: left,
    entries: kept.length,
    ...(images === undefined ? {} : { images: kept.map(at => images[at]) }),
  }
}
