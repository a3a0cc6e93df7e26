import type { RollupSpec } from "../../definition/table-spec.ts"
import { columnsRead, type DirectPlan } from "../direct/plan.ts"
import type { LevelPointer } from "../segment/segment-key.ts"

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
      default:
        return fn === "count_distinct" && dimensions.has(column)
    }
  })
}

/** The dimensions that a level must keep for a plan that its rollup covers: by index, ascending. */
export function dimensionsNeeded(plan: DirectPlan, rollup: RollupSpec): readonly number[] {
  const needed = new Set(dimensionsRead(plan))
  for (const { fn, argument } of plan.aggregates) {
    const isOfValues = fn === "min" || fn === "max" || fn === "count_distinct"
    if (argument?.kind !== "column" || !isOfValues || keeps(rollup, [fn], argument.column)) continue
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
