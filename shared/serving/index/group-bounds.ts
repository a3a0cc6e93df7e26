import type { Footer } from "../read/footer.ts"
import type { Condition, Interval } from "./interval.ts"
import { groupZones } from "./segment-facts.ts"

type Leaf = Extract<Condition, { kind: "leaf" }>

/** Least and greatest numbers of a column in each row group; infinities where they are not known. */
interface Bounds {
  readonly min: Float64Array
  readonly max: Float64Array
}

const bounds = new WeakMap<Footer, Map<string, Bounds>>()

function boundsOf(footer: Footer, column: string): Bounds {
  let columns = bounds.get(footer)
  if (columns === undefined) {
    columns = new Map()
    bounds.set(footer, columns)
  }
  let known = columns.get(column)
  if (known === undefined) {
    known = makeBounds(footer, column)
    columns.set(column, known)
  }
  return known
}

function makeBounds({ groups }: Footer, column: string): Bounds {
  const min = new Float64Array(groups.length).fill(Number.NEGATIVE_INFINITY)
  const max = new Float64Array(groups.length).fill(Number.POSITIVE_INFINITY)
  for (const [at, group] of groups.entries()) {
    const [low, high] = groupZones(group)(column) ?? []
    if (typeof low !== "number" || typeof high !== "number") continue
    min[at] = low
    max[at] = high
  }
  return { min, max }
}

const isNumeric = ({ low = 0, high = 0 }: Interval): boolean =>
  typeof low === "number" && typeof high === "number" && !Number.isNaN(low) && !Number.isNaN(high)

/** The terms that must all hold and that numbers alone decide. */
function numericTerms(condition: Condition): readonly Leaf[] {
  if (condition.kind === "and") return condition.parts.flatMap(numericTerms)
  return condition.kind === "leaf" && condition.intervals.every(isNumeric) ? [condition] : []
}

/**
 * The row groups that remain to be judged: those left out have no value that the condition's terms over numbers could be
 * true of. Looking through plain arrays takes a hundredth of judging each: a table of small row groups has thousands.
 * @param counts whether a column's statistics tell of the condition: its values compare as the condition's do
 */
export function groupsToJudge(
  footer: Footer,
  condition: Condition,
  counts: (term: Leaf) => boolean,
): readonly number[] {
  let left: number[] | undefined
  for (const term of numericTerms(condition)) {
    if (!counts(term)) continue
    const { min, max } = boundsOf(footer, term.column)
    const those: readonly number[] | Uint32Array = left ?? numbersTo(footer.groups.length)
    const passed: number[] = []
    for (const group of those) if (touches(term.intervals, min[group]!, max[group]!)) passed.push(group)
    left = passed
  }
  return left ?? [...footer.groups.keys()]
}

let ascending = new Uint32Array(0)

function numbersTo(count: number): Uint32Array {
  if (ascending.length < count) ascending = Uint32Array.from({ length: count }, (_, at) => at)
  return ascending.subarray(0, count)
}

function touches(intervals: readonly Interval[], min: number, max: number): boolean {
  for (const { low, high, lowOpen, highOpen } of intervals) {
    const isBelow = low !== undefined && (max < (low as number) || (max === low && lowOpen === true))
    const isAbove = high !== undefined && (min > (high as number) || (min === high && highOpen === true))
    if (!isBelow && !isAbove) return true
  }
  return false
}
