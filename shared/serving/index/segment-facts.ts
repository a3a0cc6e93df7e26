import type { ColumnSpec, ColumnType } from "../../definition/table-spec.ts"
import type { RowGroup } from "../read/footer.ts"
import type { Zone } from "../segment/segment-key.ts"
import type { PinnedTable, TableFile } from "../types.ts"
import { mayHold } from "./bloom.ts"
import type { IndexValue } from "./distinct.ts"
import { type Condition, type Interval, overlap, pointsOf } from "./interval.ts"
import { RowBitmap } from "./row-bitmap.ts"
import type { ValueBlocks } from "./value-blocks.ts"
import { ANY, both, EVERY, type Judge, NONE, type Verdict, verdictOf } from "./verdict.ts"

/** What pruning may take for granted, and may read. */
export interface PruneRules {
  /** A null is its type's default value (Pinot's): a condition may be true of it. */
  readonly nullsAreValues: boolean
  /** Nothing is read for pruning: pointers alone are judged. */
  readonly pointersAlone?: boolean
  /** Nothing is read: pointers tell, and those footers that are in memory. */
  readonly heldAlone?: boolean
}

type Single = Extract<Condition, { column: string }>

/** What can be said of a table's column in a file. */
export type Held =
  /** The file has it, and its values compare as the table's do. */
  | { readonly kind: "held"; readonly spec: ColumnSpec }
  /** The file lacks it: each of its rows is null. */
  | { readonly kind: "absent" }
  | { readonly kind: "unknown" }

const WIDENED: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  int: ["long", "double"],
  float: ["double"],
}

/** How a file has a table's column: under an older schema it may have another type, or none. */
export function heldColumn(
  table: Pick<PinnedTable, "columns">,
  { columns = table.columns }: Pick<TableFile, "columns">,
  name: string,
): Held {
  const spec = table.columns.find(column => column.name === name)
  if (spec === undefined || spec.list === true) return { kind: "unknown" }
  const held = columns.find(column => column.name === name)
  if (held === undefined) return { kind: "absent" }
  const compares = held.type === spec.type || WIDENED[held.type]?.includes(spec.type) === true
  return compares && held.list !== true ? { kind: "held", spec: held } : { kind: "unknown" }
}

/** Whether the interval's ends are values of the column's kind: another kind is compared by rules of its own. */
function fits({ type }: ColumnSpec, intervals: readonly Interval[]): boolean {
  const isText = type === "string"
  const isOf = (value: IndexValue | undefined) =>
    value === undefined || (typeof value === "string") === isText
  return type !== "json" && type !== "bytes" && intervals.every(({ low, high }) => isOf(low) && isOf(high))
}

/** Judges conditions by columns' zones: a pointer's, or a row group's statistics. */
export function judgeByZones(
  table: Pick<PinnedTable, "columns">,
  file: Pick<TableFile, "columns">,
  zones: (column: string) => Zone | undefined,
  { nullsAreValues }: PruneRules,
): Judge {
  return condition => {
    const held = heldColumn(table, file, condition.column)
    if (held.kind === "unknown") return ANY
    if (held.kind === "absent") return nullsAreValues ? ANY : byNulls(condition)
    return byZone(condition, held.spec, zones(condition.column), nullsAreValues)
  }
}

/** Whether a row group's statistics tell of a term: then it is false where they do not touch its intervals. */
export function numbersTell(
  table: Pick<PinnedTable, "columns">,
  file: Pick<TableFile, "columns">,
  { nullsAreValues }: PruneRules,
): (term: Extract<Single, { kind: "leaf" }>) => boolean {
  return ({ column, intervals }) => {
    const held = heldColumn(table, file, column)
    return !nullsAreValues && held.kind === "held" && fits(held.spec, intervals)
  }
}

/** Of rows that are all null. */
const byNulls = (condition: Single): Verdict =>
  condition.kind === "null" && !condition.negated ? EVERY : NONE

function byZone(
  condition: Single,
  spec: ColumnSpec,
  zone: Zone | undefined,
  nullsAreValues: boolean,
): Verdict {
  if (zone === undefined) return ANY
  const [min, max, hasNull] = zone
  if (nullsAreValues && hasNull === 1) return ANY
  if (min === null || max === null) return byNulls(condition)
  if (condition.kind === "null") {
    if (condition.negated) return hasNull === 1 ? ANY : EVERY
    return hasNull === 1 ? ANY : NONE
  }
  const { intervals, exact } = condition
  if (!fits(spec, intervals)) return ANY
  const lies = overlap(intervals, min, max)
  if (lies === "none") return NONE
  return lies === "all" && exact && hasNull === 0 ? EVERY : ANY
}

/** A row group's statistics as zones; `hasNull` where it does not say. */
export function groupZones({ chunks }: RowGroup): (column: string) => Zone | undefined {
  return column => {
    const chunk = chunks.get(column)
    if (chunk === undefined) return undefined
    const { min, max, nulls } = chunk
    if (nulls !== undefined && nulls === chunk.values) return [null, null, 1]
    if (min === undefined || max === undefined) return undefined
    // Bounds beyond 2^53 are left to the rows.
    if (typeof min === "bigint" || typeof max === "bigint") return undefined
    return [min, max, nulls === 0 ? 0 : 1]
  }
}

/** What was read of a segment's sidecar. */
export interface OpenIndexes {
  bloom(column: string): Uint8Array | undefined
  /** Inverted, range and sorted indexes of a column, the most exact first. */
  blocks(column: string): readonly ValueBlocks[]
}

/** Judges conditions by the indexes that were read. */
export function judgeByIndexes(
  table: PinnedTable,
  file: TableFile,
  indexes: OpenIndexes,
  { nullsAreValues }: PruneRules,
): Judge {
  return condition => {
    const held = heldColumn(table, file, condition.column)
    if (held.kind !== "held") return ANY
    const { column } = condition
    if (condition.kind === "null") return byNullRows(condition, indexes.blocks(column), nullsAreValues)
    if (!fits(held.spec, condition.intervals)) return ANY
    const { intervals, exact } = condition
    const bloom = indexes.bloom(column)
    const points = bloom === undefined ? undefined : pointsOf(intervals)
    if (points !== undefined && !nullsAreValues && points.every(point => !mayHold(bloom!, point))) return NONE
    let verdict = ANY
    for (const blocks of indexes.blocks(column)) {
      const found = blocks.rowsIn(intervals)
      const nulls = nullsAreValues ? blocks.nullRows() : undefined
      const rows = nulls === undefined || nulls.size === 0 ? found.rows : RowBitmap.union([found.rows, nulls])
      verdict = narrower(verdict, verdictOf(rows, found.exact && exact && rows === found.rows))
      if (verdict.exact) break
    }
    return verdict
  }
}

/** Two verdicts of one condition: one that is exact says all that there is to know. */
function narrower(a: Verdict, b: Verdict): Verdict {
  if (b.exact) return b
  return a.exact ? a : { ...both(a, b), exact: false }
}

function byNullRows(
  { negated }: Extract<Condition, { kind: "null" }>,
  blocks: readonly ValueBlocks[],
  nullsAreValues: boolean,
): Verdict {
  const [first] = blocks
  if (first === undefined || nullsAreValues) return ANY
  const rows = first.nullRows()
  return negated ? verdictOf(rows.not(first.rows), true) : verdictOf(rows, true)
}
