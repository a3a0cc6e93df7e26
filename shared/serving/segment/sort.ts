import { compareText } from "../expression/comparison.ts"
import { pickRows } from "../ingest/batch.ts"
import type { ColumnBatch, ColumnVector } from "../ingest/column.ts"

type Order = (a: number, b: number) => number

/**
 * The batch's rows in the order of some of its columns, nulls last, equal rows by offset: statistics of row groups
 * then leave out most of a file.
 * @param by indexes of columns, the weightiest first
 */
export function sortBatch(batch: ColumnBatch, by: readonly number[]): ColumnBatch {
  if (by.length === 0) return batch
  const orders = by.map(index => orderOf(batch.columns[index]!))
  const rows = Uint32Array.from({ length: batch.rows }, (_, row) => row).sort((a, b) => {
    for (const order of orders) {
      const difference = order(a, b)
      if (difference !== 0) return difference
    }
    return a - b
  })
  return pickRows(batch, rows)
}

function orderOf({ nulls, type, values }: ColumnVector): Order {
  const cells = values as unknown as ArrayLike<never>
  const compare = type === "string" || type === "json" ? compareText : plainOrder
  return (a, b) => nulls[a]! - nulls[b]! || (nulls[a] === 1 ? 0 : compare(cells[a]!, cells[b]!))
}

function plainOrder(a: number | bigint | Uint8Array, b: number | bigint | Uint8Array): number {
  if (typeof a === "object" && typeof b === "object") return Buffer.compare(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}
