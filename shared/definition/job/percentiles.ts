import type { Aggregator } from "./aggregators.ts"

/** Up to here all values are kept, and results are exact. */
const EXACT_MAX = 256
/** Beyond, a result is off by this share of its value at most. */
const RELATIVE_ERROR = 0.01
/** Values between two powers of this are in one bucket. */
const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
const LN_GROWTH = Math.log(GROWTH)
/** Buckets of one sign: values of 17 orders of magnitude. More of them, and the smallest ones share one. */
const BUCKETS_MAX = 2_048

/** Few values: all of them. Many: how many are in each bucket, by the powers of `GROWTH`. Plain data: it is stored. */
export type PercentilesSketch =
  | { readonly values: number[] }
  | {
      readonly positive: Map<number, number>
      readonly negative: Map<number, number>
      zero: number
      count: number
      min: number
      max: number
    }

type Buckets = Exclude<PercentilesSketch, { values: number[] }>

/**
 * Values below which given shares of all values lie, by nearest rank; nulls over no records. Exact up to 256 values; then
 * each is off by 1 % of itself at most, however many there are, unless they span more than 17 orders of magnitude: then
 * those next to 0 are less exact. It takes some 20 KB at most, mostly far less.
 *
 * DDSketch (Masson, Rim, Lee: VLDB 2019). State is kept when other shares are asked for.
 * @param of finite numbers; anything else throws
 * @param shares from 0 (the least) to 1 (the greatest): `[0.5, 0.99]`
 */
export function percentiles<T, const Q extends readonly number[]>(
  of: (record: T) => number,
  shares: Q,
): Aggregator<T, { readonly [I in keyof Q]: number | null }, PercentilesSketch> {
  const wrong = shares.find(share => !(share >= 0 && share <= 1))
  if (wrong !== undefined) throw new RangeError(`percentiles: expected shares from 0 to 1, found ${wrong}`)
  return Object.freeze({
    kind: "percentiles",
    of,
    create: (): PercentilesSketch => ({ values: [] }),
    add: (sketch: PercentilesSketch, record: T) => withValue(sketch, of(record)),
    merge: merged,
    result: (sketch: PercentilesSketch) => valuesAt(sketch, shares) as { [I in keyof Q]: number | null },
  })
}

/** As `percentiles`, of one share: `percentile(({ ms }) => ms, 0.99)`. */
export function percentile<T>(
  of: (record: T) => number,
  share: number,
): Aggregator<T, number | null, PercentilesSketch> {
  const { result, ...rest } = percentiles(of, [share])
  return Object.freeze({ ...rest, result: (sketch: PercentilesSketch) => result(sketch)[0] })
}

function withValue(sketch: PercentilesSketch, value: number): PercentilesSketch {
  if (!Number.isFinite(value))
    throw new TypeError(`percentiles: expected a finite number, found ${String(value)}`)
  if (!("values" in sketch)) {
    count(sketch, value, 1)
    return sketch
  }
  sketch.values.push(value)
  return sketch.values.length > EXACT_MAX ? bucketsOf(sketch.values) : sketch
}

function bucketsOf(values: readonly number[]): Buckets {
  const buckets: Buckets = {
    positive: new Map(),
    negative: new Map(),
    zero: 0,
    count: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  }
  for (const value of values) count(buckets, value, 1)
  return buckets
}

function count(sketch: Buckets, value: number, times: number): void {
  sketch.count += times
  if (value < sketch.min) sketch.min = value
  if (value > sketch.max) sketch.max = value
  if (value === 0) sketch.zero += times
  else put(value > 0 ? sketch.positive : sketch.negative, bucketOf(Math.abs(value)), times)
}

/** The bucket of (growth^(n−1), growth^n]. */
function bucketOf(magnitude: number): number {
  return Math.ceil(Math.log(magnitude) / LN_GROWTH)
}

/** What is off by the same share from both ends of a bucket. */
function middleOf(bucket: number): number {
  return (2 * GROWTH ** bucket) / (GROWTH + 1)
}

function put(buckets: Map<number, number>, bucket: number, times: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + times)
  if (buckets.size <= BUCKETS_MAX) return
  const [least = 0, next = 0] = [...buckets.keys()].sort((left, right) => left - right)
  buckets.set(next, (buckets.get(next) ?? 0) + (buckets.get(least) ?? 0))
  buckets.delete(least)
}

function merged(left: PercentilesSketch, right: PercentilesSketch): PercentilesSketch {
  if ("values" in right) {
    let both = left
    for (const value of right.values) both = withValue(both, value)
    return both
  }
  if ("values" in left) return merged(right, left)
  for (const [bucket, times] of right.positive) put(left.positive, bucket, times)
  for (const [bucket, times] of right.negative) put(left.negative, bucket, times)
  left.zero += right.zero
  left.count += right.count
  left.min = Math.min(left.min, right.min)
  left.max = Math.max(left.max, right.max)
  return left
}

function valuesAt(sketch: PercentilesSketch, shares: readonly number[]): (number | null)[] {
  if ("values" in sketch) {
    const sorted = sketch.values.toSorted((left, right) => left - right)
    return shares.map(share => sorted[rankOf(share, sorted.length) - 1] ?? null)
  }
  const { min, max } = sketch
  const ascending = ascendingBuckets(sketch)
  return shares.map(share => {
    let left = rankOf(share, sketch.count)
    const found = ascending.find(([, times]) => {
      left -= times
      return left <= 0
    })
    return Math.min(max, Math.max(min, found?.[0] ?? max))
  })
}

/** Which value in ascending order it is, from 1 on. */
function rankOf(share: number, length: number): number {
  return Math.max(1, Math.ceil(share * length))
}

function ascendingBuckets({
  negative,
  zero,
  positive,
}: Buckets): (readonly [value: number, times: number])[] {
  const byBucket = (buckets: Map<number, number>) => [...buckets].sort(([left], [right]) => left - right)
  return [
    ...byBucket(negative)
      .reverse()
      .map(([bucket, times]) => [-middleOf(bucket), times] as const),
    [0, zero],
    ...byBucket(positive).map(([bucket, times]) => [middleOf(bucket), times] as const),
  ]
}
