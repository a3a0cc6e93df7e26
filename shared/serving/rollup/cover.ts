import type { RollupSpec } from "../../definition/table-spec.ts"
import { columnsRead, type DirectPlan } from "../direct/plan.ts"
import type { LevelPointer } from "../segment/segment-key.ts"
import { COUNT_COLUMN, stateColumn } from "./level-columns.ts"

/** Columns that must be dimensions: of conditions and groups, not those that are aggregated alone. */
function dimensionsRead(plan: DirectPlan): ReadonlySet<string> {
  const aggregates = plan.aggregates.map(({ argument: _, ...rest }) => rest)
  return columnsRead({ ...plan, aggregates })
}

/** Whether a rollup keeps an aggregate as a state, not only as values of a dimension. */
function keeps({ aggregates }: RollupSpec, fns: readonly string[], column: string): boolean {
  return aggregates.some(one => one.column === column && fns.includes(one.fn))
}

/**
 * Whether a rollup holds all that a plan asks of rows: the columns of its conditions and groups are dimensions, and each
 * aggregate is kept, or is over a dimension where repetition does not matter (min, max, distinct values).
 */
export function covers(plan: DirectPlan, rollup: RollupSpec): boolean {
  if (plan.aggregates.length === 0 && plan.groups.length === 0) return false
  const dimensions = new Set(rollup.dimensions)
  if (![...dimensionsRead(plan)].every(column => dimensions.has(column))) return false
  return plan.aggregates.every(({ fn, argument }) => {
    if (argument === undefined) return fn === "count"
    if (argument.kind !== "column") return false
    const { column } = argument
    switch (fn) {
      case "count":
        return keeps(rollup, ["count", "sum", "min", "max", "avg"], column)
      case "sum":
      case "avg":
        return keeps(rollup, ["sum", "avg"], column)
      case "min":
      case "max":
        return dimensions.has(column) || keeps(rollup, [fn], column)
      case "approx_distinct":
        return dimensions.has(column) || keeps(rollup, ["distinct"], column)
      case "approx_quantile":
        return keeps(rollup, ["percentile"], column)
      default:
        return fn === "count_distinct" && dimensions.has(column)
    }
  })
}

/** Aggregates to which repetition does not matter: where no state is kept, a dimension's values do. */
const OF_VALUES: ReadonlyMap<string, string> = new Map([
  ["min", "min"],
  ["max", "max"],
  ["approx_distinct", "distinct"],
  ["count_distinct", "count_distinct"],
])

/** The columns of states that a plan reads of a level, `$count` among them. */
export function statesRead(plan: DirectPlan): ReadonlySet<string> {
  const read = new Set([COUNT_COLUMN])
  for (const { fn, argument } of plan.aggregates) {
    if (argument?.kind !== "column") continue
    for (const part of STATES_OF[fn] ?? []) read.add(stateColumn(part, argument.column))
  }
  return read
}

const STATES_OF: Readonly<Record<string, readonly Parameters<typeof stateColumn>[0][]>> = {
  count: ["count"],
  sum: ["count", "sum"],
  avg: ["count", "sum"],
  min: ["min"],
  max: ["max"],
  approx_distinct: ["distinct"],
  approx_quantile: ["percentile"],
}

/** The dimensions that a level must keep for a plan that its rollup covers: by index, ascending. */
export function dimensionsNeeded(plan: DirectPlan, rollup: RollupSpec): readonly number[] {
  const needed = new Set(dimensionsRead(plan))
  for (const { fn, argument } of plan.aggregates) {
    const state = OF_VALUES.get(fn)
    if (argument?.kind !== "column" || state === undefined || keeps(rollup, [state], argument.column))
      continue
    needed.add(argument.column)
  }
  return rollup.dimensions.flatMap((name, index) => (needed.has(name) ? [index] : []))
}

/** Of a segment's levels the one with the fewest rows that keeps `needed`. */
export function chooseLevel(
  levels: readonly LevelPointer[],
  rollup: string,
  needed: readonly number[],
): LevelPointer | undefined {
  let best: LevelPointer | undefined
  for (const level of levels) {
    if (level.rollup !== rollup || !needed.every(index => level.dimensions.includes(index))) continue
    if (best === undefined || level.rows < best.rows) best = level
  }
  return best
}
