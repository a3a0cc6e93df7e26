import type { Comparison } from "../plan.ts"

/** A condition over one number: what holds of a range of numbers, and how a loop asks it. */
export interface NumericTest {
  /** `undefined`: some pass and some do not, as far as the range tells. */
  readonly over: (min: number, max: number) => boolean | undefined
  /** The whole numbers that pass: `low`, `high` of ranges with both ends, ascending and apart from each other. */
  readonly ranges: readonly number[]
  /**
   * The test of `value`, a source, with constants by `bind`; 1 or 0. Without branches: which way they go cannot be
   * foretold of rows in any order, and a wrong guess takes as long as ten comparisons.
   */
  readonly source: (value: string, bind: (value: object | number) => string) => string
  /** The share of a range's numbers that pass, about. */
  readonly share: (min: number, max: number) => number
}

/** More values than this are looked up in a set. */
const EQUALITIES_MAX = 8

function spread(low: number, high: number, min: number, max: number): number {
  const width = max - min + 1
  return Math.max(0, Math.min(high, max) - Math.max(low, min) + 1) / width
}

/** All whole numbers but those of the ranges. */
function complement(ranges: readonly number[]): readonly number[] {
  const left: number[] = []
  let low = Number.NEGATIVE_INFINITY
  for (let at = 0; at < ranges.length; at += 2) {
    if (low < ranges[at]!) left.push(low, ranges[at]! - 1)
    low = ranges[at + 1]! + 1
  }
  if (low < Number.POSITIVE_INFINITY) left.push(low, Number.POSITIVE_INFINITY)
  return left
}

function inverse(test: NumericTest): NumericTest {
  return {
    over: (min, max) => {
      const all = test.over(min, max)
      return all === undefined ? undefined : !all
    },
    ranges: complement(test.ranges),
    source: (value, bind) => `(${test.source(value, bind)}^1)`,
    share: (min, max) => 1 - test.share(min, max),
  }
}

/** `low` to `high`, both included. */
function within(low: number, high: number): NumericTest {
  return {
    over: (min, max) => {
      if (min >= low && max <= high) return true
      return max < low || min > high ? false : undefined
    },
    ranges: Math.ceil(low) <= Math.floor(high) ? [Math.ceil(low), Math.floor(high)] : [],
    source: (value, bind) => `((${value}>=${bind(low)})&(${value}<=${bind(high)}))`,
    share: (min, max) => spread(low, high, min, max),
  }
}

function below(limit: number, orEqual: boolean): NumericTest {
  const passes = orEqual ? (value: number) => value <= limit : (value: number) => value < limit
  return {
    over: (min, max) => (passes(max) ? true : passes(min) ? undefined : false),
    ranges: [Number.NEGATIVE_INFINITY, orEqual ? Math.floor(limit) : Math.ceil(limit) - 1],
    source: (value, bind) => `((${value}${orEqual ? "<=" : "<"}${bind(limit)})|0)`,
    share: (min, max) => spread(min, limit, min, max),
  }
}

function among(values: readonly number[]): NumericTest {
  const set = new Set(values)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return {
    over: (min, max) => {
      if (min === max) return set.has(min)
      return max < low || min > high ? false : undefined
    },
    ranges: [...set]
      .filter(Number.isInteger)
      .sort((a, b) => a - b)
      .flatMap(value => [value, value]),
    source: (value, bind) =>
      set.size <= EQUALITIES_MAX
        ? `(${[...set].map(one => `(${value}===${bind(one)})`).join("|")}|0)`
        : `(${bind(set)}.has(${value})?1:0)`,
    share: (min, max) => Math.min(1, set.size / (max - min + 1)),
  }
}

export function comparedWith(op: Comparison, value: number): NumericTest {
  switch (op) {
    case "=":
      return among([value])
    case "<>":
      return inverse(among([value]))
    case "<":
      return below(value, false)
    case "<=":
      return below(value, true)
    case ">":
      return inverse(below(value, true))
    case ">=":
      return inverse(below(value, false))
  }
}

export function between(low: number, high: number, negated: boolean): NumericTest {
  return negated ? inverse(within(low, high)) : within(low, high)
}

export function oneOf(values: readonly number[], negated: boolean): NumericTest {
  return negated ? inverse(among(values)) : among(values)
}
