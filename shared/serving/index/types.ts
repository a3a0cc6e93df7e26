import type { Predicate } from "../direct/plan.ts"
import type { ReadMeter } from "../read/types.ts"
import type { PinnedTable, PrunedBy, TableFile } from "../types.ts"
import type { RowSet } from "./row-set.ts"
import type { PruneRules } from "./segment-facts.ts"

/** A segment in which rows may be true, and which. */
export interface KeptSegment {
  readonly file: TableFile
  /** Rows of the file that may be true; absent: any may. */
  readonly rows?: RowSet
  /** Row groups that hold such rows, ascending; absent: all. */
  readonly rowGroups?: readonly number[]
  /**
   * Each of `rows` (or, without it, every row of the segment) is true for sure: the condition need not be judged again.
   * Dead rows count as rows here.
   */
  readonly exact: boolean
}

/** What pruning left of a table's segments. */
export interface Pruned {
  readonly kept: readonly KeptSegment[]
  readonly pruned: Readonly<Partial<Record<PrunedBy, number>>>
  /** Indexes that gave rows or left segments out, as `column kind`; for EXPLAIN. */
  readonly used: readonly string[]
}

/** Leaves out what a condition cannot be true of; without a condition only segments without rows. */
export interface Pruner {
  prune(
    table: PinnedTable,
    filter: Predicate | undefined,
    meter: ReadMeter,
    rules?: PruneRules,
  ): Promise<Pruned>
}
