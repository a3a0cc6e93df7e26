import type { Comparison } from "../plan.ts"

/** A condition over one number: what holds of a range of numbers, and how a loop asks it. */
export interface NumericTest {
  /** `undefined`: some pass and some do not, as far as the range tells. */
  readonly over: (min: number, max: number) => boolean | undefined
  readonly passes: (value: number) => boolean
  /** The test of `value`, a source, with constants by `bind`; 1 or 0. */
  readonly source: (value: string, bind: (value: object | number) => string) => string
  /** The share of a range's numbers that pass, about. */
  readonly share: (min: number, max: number) => number
}

function spread(low: number, high: number, min: number, max: number): number {
  const width = max - min + 1
  return Math.max(0, Math.min(high, max) - Math.max(low, min) + 1) / width
}

function inverse(test: NumericTest): NumericTest {
  return {
    over: (min, max) => {
      const all = test.over(min, max)
      return all === undefined ? undefined : !all
    },
    passes: value => !test.passes(value),
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
    passes: value => value >= low && value <= high,
    source: (value, bind) => `(${value}>=${bind(low)}&&${value}<=${bind(high)}?1:0)`,
    share: (min, max) => spread(low, high, min, max),
  }
}

function below(limit: number, orEqual: boolean): NumericTest {
  const passes = orEqual ? (value: number) => value <= limit : (value: number) => value < limit
  return {
    over: (min, max) => (passes(max) ? true : passes(min) ? undefined : false),
    passes,
    source: (value, bind) => `(${value}${orEqual ? "<=" : "<"}${bind(limit)}?1:0)`,
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
    passes: value => set.has(value),
    source: (value, bind) =>
      values.length === 1 ? `(${value}===${bind(low)}?1:0)` : `(${bind(set)}.has(${value})?1:0)`,
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
