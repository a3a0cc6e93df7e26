import type { ColumnSpec, IndexKind, TableSpec } from "../../definition/table-spec.ts"
import type { ColumnBatch } from "../ingest/column.ts"
import type { BlobKind, SegmentPointer, Zone } from "../segment/segment-key.ts"
import { encodeBloom } from "./bloom.ts"
import { type Distinct, distinctOf } from "./distinct.ts"
import { type Blob, type EncodedSidecar, encodeSidecar } from "./sidecar.ts"
import { encodeInverted, encodeRange, encodeSorted, SORTED_ROWS } from "./value-blocks.ts"
import { zoneOf } from "./zones.ts"

/** What is beside a segment for its indexes: the sidecar, absent when the table asks for no index, and zones. */
export interface BuiltIndexes {
  readonly sidecar?: EncodedSidecar
  readonly zones: Readonly<Record<string, Zone>>
}

type IndexedSpec = Pick<TableSpec, "indexes" | "sort" | "primaryKey">

const ENCODERS: Readonly<Record<IndexKind | "sorted", (distinct: Distinct) => Uint8Array>> = {
  bloom: ({ values }) => encodeBloom(values),
  inverted: encodeInverted,
  range: distinct => encodeRange(distinct),
  sorted: distinct => encodeSorted(distinct),
}

/** The indexes that a definition asks for, by column: of those that a segment of so many rows has. */
export function wantedIndexes(
  { indexes = {}, sort = [] }: IndexedSpec,
  rows: number,
): ReadonlyMap<string, readonly Exclude<BlobKind, "footer">[]> {
  const wanted = new Map<string, readonly Exclude<BlobKind, "footer">[]>(Object.entries(indexes))
  const [first] = sort
  // One entry would say no more than the zone does.
  if (first !== undefined && rows > SORTED_ROWS) wanted.set(first, [...(wanted.get(first) ?? []), "sorted"])
  return wanted
}

/** Columns whose zones a pointer carries: those that the table sorts, keys or indexes by. */
const zonedColumns = ({ indexes = {}, sort = [], primaryKey = [] }: IndexedSpec): ReadonlySet<string> =>
  new Set([...sort, ...primaryKey, ...Object.keys(indexes)])

/**
 * Builds what stands beside a segment for its indexes. Pure.
 * @param columns of the batch, in its order
 * @param batch the rows in the order of the file
 * @param footer of the file, without the trailer
 */
export function buildIndexes(
  columns: readonly ColumnSpec[],
  batch: ColumnBatch,
  spec: IndexedSpec,
  identity: { readonly tableId: string; readonly partition: number; readonly schemaVersion: number },
  footer: Uint8Array,
): BuiltIndexes {
  const zones: Record<string, Zone> = {}
  const blobs: Blob[] = []
  const wanted = wantedIndexes(spec, batch.rows)
  const zoned = zonedColumns(spec)
  for (const [at, { name, list }] of columns.entries()) {
    if (list === true) continue
    const vector = batch.columns[at]!
    const zone = zoned.has(name) ? zoneOf(vector) : undefined
    if (zone !== undefined) zones[name] = zone
    const kinds = wanted.get(name)
    const distinct = kinds === undefined || kinds.length === 0 ? undefined : distinctOf(vector)
    if (distinct === undefined) continue
    for (const kind of new Set(kinds)) blobs.push({ column: name, kind, body: ENCODERS[kind](distinct) })
  }
  if (blobs.length === 0) return { zones }
  return { sidecar: encodeSidecar({ ...identity, rows: batch.rows }, blobs, footer), zones }
}

/** Whether a segment lacks an index that the definition asks for: what the background step looks for. */
export function lacksIndexes(
  pointer: SegmentPointer,
  columns: readonly ColumnSpec[],
  spec: IndexedSpec,
): boolean {
  const held = new Set((pointer.sidecar?.blobs ?? []).map(([column, kind]) => `${column} ${kind}`))
  for (const [column, kinds] of wantedIndexes(spec, pointer.rows)) {
    const of = columns.find(({ name }) => name === column)
    const isIndexable = of !== undefined && of.list !== true && of.type !== "json" && of.type !== "bytes"
    if (isIndexable && kinds.some(kind => !held.has(`${column} ${kind}`))) return true
  }
  return false
}
