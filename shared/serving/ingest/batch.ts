import {
  type ColumnBatch,
  type ColumnVector,
  concatColumns,
  type IngestCounts,
  type KeyedRows,
} from "./column.ts"

/** A key's hash is so many 32-bit numbers. */
export const HASH_LANES = 4

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
    ...(first.keys === undefined ? {} : { keys: concatKeys(batches) }),
    ...(last.refused === undefined ? {} : { refused: last.refused }),
    ...(batches.some(({ letters }) => letters !== undefined)
      ? { letters: batches.flatMap(({ letters = [] }) => letters) }
      : {}),
  }
}

function concatKeys(batches: readonly ColumnBatch[]): KeyedRows {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0)
  const hashes = new Uint32Array(rows * HASH_LANES)
  const tombstones = new Uint8Array(rows)
  let at = 0
  for (const batch of batches) {
    hashes.set(batch.keys!.hashes, at * HASH_LANES)
    tombstones.set(batch.keys!.tombstones, at)
    at += batch.rows
  }
  return { hashes, tombstones }
}

/** Some of a batch's rows, in the order given; its range and counts stay those of what was read. */
export function pickRows({ keys: _, ...batch }: ColumnBatch, rows: Uint32Array): ColumnBatch {
  const offsets = new Float64Array(rows.length)
  for (let at = 0; at < rows.length; at++) offsets[at] = batch.offsets[rows[at]!]!
  return {
    ...batch,
    rows: rows.length,
    offsets,
    columns: batch.columns.map(column => pickCells(column, rows)),
  }
}

type Typed = Int32Array | BigInt64Array | Float64Array | Uint8Array

/** Some of a column's cells, in the order given. */
export function pickCells(column: ColumnVector, rows: Uint32Array): ColumnVector {
  const values = pick(column.values as Typed | readonly unknown[], rows)
  if (column.nullCount === 0) return { ...column, nulls: new Uint8Array(rows.length), values } as ColumnVector
  const nulls = pick(column.nulls, rows) as Uint8Array
  let nullCount = 0
  for (const isNull of nulls) nullCount += isNull
  return { ...column, nulls, nullCount, values } as ColumnVector
}

/** Each type has a loop of its own: one for all would be compiled for none. */
function pick(values: Typed | readonly unknown[], rows: Uint32Array): Typed | unknown[] {
  if (values instanceof BigInt64Array) return pickLongs(values, rows)
  if (values instanceof Float64Array) {
    const to = new Float64Array(rows.length)
    for (let at = 0; at < rows.length; at++) to[at] = values[rows[at]!]!
    return to
  }
  if (values instanceof Int32Array) {
    const to = new Int32Array(rows.length)
    for (let at = 0; at < rows.length; at++) to[at] = values[rows[at]!]!
    return to
  }
  if (values instanceof Uint8Array) {
    const to = new Uint8Array(rows.length)
    for (let at = 0; at < rows.length; at++) to[at] = values[rows[at]!]!
    return to
  }
  const to = new Array<unknown>(rows.length)
  for (let at = 0; at < rows.length; at++) to[at] = values[rows[at]!]
  return to
}

/** By halves: reading a bigint makes an object of it. */
function pickLongs(values: BigInt64Array, rows: Uint32Array): BigInt64Array {
  const from = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const to = new Int32Array(rows.length * 2)
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    to[2 * at] = from[2 * row]!
    to[2 * at + 1] = from[2 * row + 1]!
  }
  return new BigInt64Array(to.buffer)
}
