import type { Predicate } from "../direct/plan.ts"
import { compareValues, type IndexValue } from "./distinct.ts"

/** Values from `low` to `high`; an absent end is open for ever. */
export interface Interval {
  readonly low?: IndexValue
  readonly high?: IndexValue
  /** The end itself does not count. */
  readonly lowOpen?: true
  readonly highOpen?: true
}

/** A condition over one column, by the values for which it is true. */
export interface Leaf {
  readonly column: string
  /** Values that are true. Null is never. */
  readonly intervals: readonly Interval[]
  /** All of the intervals' values are true; else only some may be. */
  readonly exact: boolean
}

/** What pruning reads of a condition, without NOT. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | ({ readonly kind: "leaf" } & Leaf)
  | { readonly kind: "null"; readonly column: string; readonly negated: boolean }
  | { readonly kind: "constant"; readonly value: boolean }
  /** Nothing is known of it. */
  | { readonly kind: "unknown" }

const UNKNOWN: Condition = { kind: "unknown" }
const NEGATED = { "=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<" } as const

/**
 * A predicate with its NOTs worked in: of three values a row passes where the condition is true, and the opposite of a
 * comparison is true just where the comparison is false. Pure.
 */
export function conditionOf(predicate: Predicate, negate = false): Condition {
  switch (predicate.kind) {
    case "and":
    case "or": {
      const kind = (predicate.kind === "and") === negate ? "or" : "and"
      return { kind, parts: predicate.parts.map(part => conditionOf(part, negate)) }
    }
    case "not":
      return conditionOf(predicate.part, !negate)
    case "constant":
      return { kind: "constant", value: predicate.value !== negate }
    case "null":
      return { kind: "null", column: predicate.column, negated: predicate.negated !== negate }
    case "compare": {
      const { column, value } = predicate
      if (!isIndexValue(value)) return UNKNOWN
      return leaf(column, intervalsOf(negate ? NEGATED[predicate.op] : predicate.op, value))
    }
    case "in":
      return inCondition(predicate, predicate.negated !== negate)
    case "between": {
      const { column, low, high } = predicate
      if (!isIndexValue(low) || !isIndexValue(high)) return UNKNOWN
      if (!negate) return leaf(column, compareValues(low, high) > 0 ? [] : [{ low, high }])
      return leaf(column, [...intervalsOf("<", low), ...intervalsOf(">", high)])
    }
    case "like":
      return likeCondition(predicate, predicate.negated !== negate)
    default:
      return UNKNOWN
  }
}

const isIndexValue = (value: unknown): value is IndexValue =>
  typeof value === "string" || typeof value === "number" || typeof value === "bigint"

const leaf = (column: string, intervals: readonly Interval[], exact = true): Condition => ({
  kind: "leaf",
  column,
  intervals,
  exact,
})

function intervalsOf(op: keyof typeof NEGATED, value: IndexValue): readonly Interval[] {
  switch (op) {
    case "=":
      return [{ low: value, high: value }]
    case "<>":
      return [
        { high: value, highOpen: true },
        { low: value, lowOpen: true },
      ]
    case "<":
      return [{ high: value, highOpen: true }]
    case "<=":
      return [{ high: value }]
    case ">":
      return [{ low: value, lowOpen: true }]
    case ">=":
      return [{ low: value }]
  }
}

function inCondition({ column, values }: Predicate & { kind: "in" }, negated: boolean): Condition {
  if (!values.every(isIndexValue)) return UNKNOWN
  const sorted = [...values].sort(compareValues)
  if (!negated)
    return leaf(
      column,
      sorted.map(value => ({ low: value, high: value })),
    )
  const intervals: Interval[] = []
  let before: IndexValue | undefined
  for (const value of sorted) {
    const low = before === undefined ? {} : { low: before, lowOpen: true as const }
    intervals.push({ ...low, high: value, highOpen: true })
    before = value
  }
  intervals.push(before === undefined ? {} : { low: before, lowOpen: true })
  return leaf(column, intervals)
}

function likeCondition({ column, pattern }: Predicate & { kind: "like" }, negated: boolean): Condition {
  // What does not match may be anything.
  if (negated) return leaf(column, [{}], false)
  const prefix = /^[^%_]*/.exec(pattern)?.[0] ?? ""
  if (prefix === pattern) return leaf(column, [{ low: pattern, high: pattern }])
  if (prefix === "") return leaf(column, [{}], false)
  const after = textAfter(prefix)
  return leaf(
    column,
    [{ low: prefix, ...(after === undefined ? {} : { high: after, highOpen: true }) }],
    false,
  )
}

/** The least text above all that begin with `prefix`; undefined when there is none. */
export function textAfter(prefix: string): string | undefined {
  const points = Array.from(prefix, letter => letter.codePointAt(0)!)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue
    // Surrogates are no code points of their own.
    const next = last >= 0xd7ff && last < 0xe000 ? 0xe000 : last + 1
    return String.fromCodePoint(...points, next)
  }
  return undefined
}

/** How values from `min` to `max` lie to intervals: all within one, some perhaps within, or none. */
export function overlap(
  intervals: readonly Interval[],
  min: IndexValue,
  max: IndexValue,
): "all" | "some" | "none" {
  let some = false
  for (const interval of intervals) {
    const { low, high, lowOpen, highOpen } = interval
    const aboveLow = low === undefined ? 1 : compareValues(max, low)
    const belowHigh = high === undefined ? -1 : compareValues(min, high)
    if (aboveLow < 0 || (aboveLow === 0 && lowOpen) || belowHigh > 0 || (belowHigh === 0 && highOpen))
      continue
    some = true
    const minLow = low === undefined ? 1 : compareValues(min, low)
    const maxHigh = high === undefined ? -1 : compareValues(max, high)
    if ((minLow > 0 || (minLow === 0 && !lowOpen)) && (maxHigh < 0 || (maxHigh === 0 && !highOpen)))
      return "all"
  }
  return some ? "some" : "none"
}

/** The single values that the intervals are; undefined when one is more than a point. */
export function pointsOf(intervals: readonly Interval[]): readonly IndexValue[] | undefined {
  const points: IndexValue[] = []
  for (const { low, high, lowOpen, highOpen } of intervals) {
    if (low === undefined || high === undefined || lowOpen || highOpen) return undefined
    if (compareValues(low, high) !== 0) return undefined
    points.push(low)
  }
  return points
}
