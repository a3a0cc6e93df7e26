import { type ColumnBatch, concatColumns, type IngestCounts } from "./column.ts"

export const NO_COUNTS: IngestCounts = {
  records: 0,
  filtered: 0,
  tombstones: 0,
  skipped: 0,
  nulled: 0,
  faults: new Map(),
}

export function addCounts(a: IngestCounts, b: IngestCounts): IngestCounts {
  const faults = new Map(a.faults)
  for (const [fault, count] of b.faults) faults.set(fault, (faults.get(fault) ?? 0) + count)
  return {
    records: a.records + b.records,
    filtered: a.filtered + b.filtered,
    tombstones: a.tombstones + b.tombstones,
    skipped: a.skipped + b.skipped,
    nulled: a.nulled + b.nulled,
    faults,
  }
}

/** Adjacent batches of one schema as one. */
export function concatBatches(batches: readonly ColumnBatch[]): ColumnBatch {
  const first = batches[0]
  const last = batches.at(-1)
  if (first === undefined || last === undefined) throw new RangeError("expected at least one batch")
  if (batches.length === 1) return first
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0)
  const offsets = new Float64Array(rows)
  let at = 0
  for (const batch of batches) {
    offsets.set(batch.offsets, at)
    at += batch.rows
  }
  return {
    base: first.base,
    next: last.next,
    rows,
    offsets,
    columns: first.columns.map((_, index) => concatColumns(batches.map(batch => batch.columns[index]!))),
    decodedBytes: batches.reduce((sum, batch) => sum + batch.decodedBytes, 0),
    maxTimestamp: batches.reduce((max, batch) => Math.max(max, batch.maxTimestamp), 0),
    counts: batches.reduce((sum, batch) => addCounts(sum, batch.counts), NO_COUNTS),
  }
}
