import type { ColumnSpec } from "../../definition/table-spec.ts"
import { pickRows } from "../ingest/batch.ts"
import type { ColumnBatch, ColumnVector } from "../ingest/column.ts"
import { matchingRows } from "../purge/matching.ts"
import type { OffsetSet } from "../segment/offset-set.ts"
import { lowerBound } from "../segment/offset-set.ts"
import type { PinnedPurge } from "../types.ts"

/** What is no part of a table though it was read: see the manifest. */
export interface Hidden {
  /** Of the batch's partition. */
  readonly purges: readonly Pick<PinnedPurge, "end" | "where">[]
  readonly cut?: { readonly column: string; readonly before: number }
  readonly dead?: OffsetSet
}

/**
 * The batch without what is hidden: the batch itself where nothing is.
 * @param columns of the batch, in its order
 */
export function withoutHidden(
  batch: ColumnBatch,
  columns: readonly ColumnSpec[],
  { purges, cut, dead }: Hidden,
): ColumnBatch {
  const hidden = new Uint8Array(batch.rows)
  let count = 0
  const hide = (row: number) => {
    if (hidden[row] === 0) count++
    hidden[row] = 1
  }
  if (dead !== undefined) eachDead(batch.offsets, dead, hide)
  for (const { end, where } of purges) {
    if (batch.base >= end) continue
    const matching = matchingRows(where, columns, batch)
    for (let row = 0; row < batch.rows; row++) if (matching[row] === 1 && batch.offsets[row]! < end) hide(row)
  }
  if (cut !== undefined) {
    const column = batch.columns[columns.findIndex(({ name }) => name === cut.column)]
    if (column !== undefined) eachBefore(column, cut.before, hide)
  }
  if (count === 0) return batch
  const kept = new Uint32Array(batch.rows - count)
  let at = 0
  for (let row = 0; row < batch.rows; row++) if (hidden[row] === 0) kept[at++] = row
  return pickRows(batch, kept)
}

function eachDead(offsets: Float64Array, dead: OffsetSet, hide: (row: number) => void): void {
  for (let row = 0; row < offsets.length; row++) {
    const offset = offsets[row]!
    if (dead.offsets[lowerBound(dead, offset)] === offset) hide(row)
  }
}

function eachBefore(
  { type, values, nulls }: ColumnVector,
  before: number,
  hide: (row: number) => void,
): void {
  if (type !== "timestamp" && type !== "long") return
  const least = BigInt(Math.ceil(before))
  for (let row = 0; row < values.length; row++)
    if (nulls[row] === 0 && (values[row] as bigint) < least) hide(row)
}
