import type { ColumnSpec, RollupSpec } from "../../definition/table-spec.ts"
import { type AggregateCall, columnsRead, type DirectPlan } from "../direct/plan.ts"
import type { LevelPointer } from "../segment/segment-key.ts"
import type { PinnedSegment, PinnedTable, TableFile } from "../types.ts"
import { chooseLevel, covers, dimensionsNeeded, statesRead } from "./cover.ts"
import { levelColumns } from "./level-columns.ts"
import { rollupId } from "./rollup-id.ts"

/** A level that takes the place of a segment's rows. */
export interface ChosenLevel {
  readonly rollup: RollupSpec
  readonly level: LevelPointer
  /** What has to be read of it. */
  readonly columns: readonly ColumnSpec[]
  /** The segment has dead rows, which the level counts: they have to be taken back. */
  readonly retracts: boolean
}

/** What can be taken back without a trace: counts, and sums that are exact, hence not of doubles. */
function isRetractable({ fn, argument }: AggregateCall): boolean {
  if (fn === "count") return true
  const isExact = argument?.type !== "double" && argument?.type !== "float"
  return (fn === "sum" || fn === "avg") && isExact
}

/** Chooses levels for the segments of one query. */
export class LevelChooser {
  readonly #table: PinnedTable
  readonly #candidates: readonly { readonly rollup: RollupSpec; readonly needed: readonly number[] }[]
  readonly #read: ReadonlySet<string>
  readonly #canRetract: boolean

  constructor(plan: DirectPlan, table: PinnedTable) {
    this.#table = table
    this.#canRetract = plan.aggregates.every(isRetractable)
    this.#read = new Set([...columnsRead(plan), ...statesRead(plan)])
    this.#candidates = (table.rollups ?? [])
      .filter(rollup => covers(plan, rollup))
      .map(rollup => ({ rollup, needed: dimensionsNeeded(plan, rollup) }))
  }

  /** The level with the fewest rows that holds all that the plan asks of a segment; undefined: its rows are read. */
  choose({ rows, segment, columns = this.#table.columns }: TableFile): ChosenLevel | undefined {
    if (segment === undefined || this.#candidates.length === 0 || !this.#isUncut(segment)) return undefined
    const retracts = (segment.dead?.offsets.length ?? 0) > 0
    if (retracts && !this.#canRetract) return undefined
    const { rollups = [] } = segment.pointer
    let best: ChosenLevel | undefined
    for (const { rollup, needed } of this.#candidates) {
      const level = chooseLevel(rollups, rollupId(rollup), needed)
      if (level === undefined || level.rows >= (best?.level.rows ?? rows)) continue
      const held = levelColumns(columns, rollup, level.dimensions)
      const wanted = held.filter(({ name }) => this.#read.has(name))
      best = { rollup, level, columns: wanted, retracts }
    }
    return best
  }

  /** A level does not know of rows that retention has cut off since it was made. */
  #isUncut({ pointer }: PinnedSegment): boolean {
    const { cutBefore } = this.#table
    return cutBefore === undefined || (pointer.timeMin !== undefined && pointer.timeMin >= cutBefore)
  }
}
