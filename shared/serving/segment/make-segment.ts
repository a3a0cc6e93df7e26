import { crc32c } from "../../log/records/index.ts"
import type { Random } from "../../storage/time.ts"
import type { ColumnBatch, ColumnVector } from "../ingest/column.ts"
import { footerBytes } from "../read/footer.ts"
import { schemaVersionOf, type TableInfo } from "../tables/table-item.ts"
import { type MakeCompanions, NO_COMPANIONS, type StoredBody } from "./companions.ts"
import { encodeParquet } from "./parquet.ts"
import { type FooterPointer, type SegmentPointer, segmentKey } from "./segment-key.ts"
import { sortBatch } from "./sort.ts"

/** A segment that is not stored yet: what a manifest will say of it, and the objects that must be there before. */
export interface MadeSegment {
  readonly pointer: SegmentPointer
  /** The segment's file first. */
  readonly objects: readonly StoredBody[]
}

export interface MakeSegmentOptions {
  readonly random: Random
  /** Default: nothing beside a segment. */
  readonly companions?: MakeCompanions
  /** How often the rows were merged; default 0. */
  readonly level?: number
}

/** Sorts and encodes rows of the table's newest schema, and makes what is to stand beside them. */
export async function makeSegment(
  table: TableInfo,
  partition: number,
  batch: ColumnBatch,
  { random, companions = () => NO_COMPANIONS, level = 0 }: MakeSegmentOptions,
): Promise<MadeSegment> {
  const { spec } = table
  const schemaVersion = schemaVersionOf(table)
  const columns = table.schemas[schemaVersion - 1] ?? spec.columns
  const sorted = sortBatch(batch, sortColumns(table))
  const bytes = encodeParquet(
    columns,
    sorted,
    { tableId: table.id, partition, schemaVersion },
    {
      codec: "zstd",
      ...(spec.rowGroupRows === undefined ? {} : { rowGroupRows: spec.rowGroupRows }),
    },
  )
  const beside = await companions({ table, partition, columns, batch: sorted, bytes })
  const pointer: SegmentPointer = {
    base: batch.base,
    next: batch.next,
    id: random.id(),
    rows: batch.rows,
    sizeBytes: bytes.length,
    crc32c: crc32c(bytes),
    schemaVersion,
    footer: footerOf(bytes),
    ...timeOf(batch.columns[columns.findIndex(({ name }) => name === spec.time)]),
    ...(level === 0 ? {} : { level }),
    ...beside.pointer,
  }
  return {
    pointer,
    objects: [{ key: segmentKey(table.id, partition, pointer), body: bytes }, ...beside.objects],
  }
}

function footerOf(bytes: Uint8Array): FooterPointer {
  const footer = footerBytes(bytes)
  if (footer === undefined) throw new RangeError("expected a whole Parquet file")
  return { sizeBytes: footer.length, crc32c: crc32c(footer) }
}

/** Indexes of the columns that segments are sorted by; of equal names the definition's loader has let none through. */
function sortColumns({ spec }: TableInfo): readonly number[] {
  const names = spec.columns.map(({ name }) => name)
  return (spec.sort ?? []).map(name => names.indexOf(name)).filter(index => index >= 0)
}

/** The least and greatest instant of a time column. */
export interface TimeRange {
  readonly timeMin: number
  readonly timeMax: number
}

function timeOf(column: ColumnVector | undefined): Partial<TimeRange & { untimed: true }> {
  return { ...timeRange(column), ...(column !== undefined && column.nullCount > 0 ? { untimed: true } : {}) }
}

/** The range of a timestamp or long column, undefined when it holds no value. */
export function timeRange(column: ColumnVector | undefined): TimeRange | undefined {
  if (column === undefined || (column.type !== "timestamp" && column.type !== "long")) return undefined
  let timeMin = Number.POSITIVE_INFINITY
  let timeMax = Number.NEGATIVE_INFINITY
  for (let row = 0; row < column.values.length; row++) {
    if (column.nulls[row] === 1) continue
    const value = Number(column.values[row])
    if (value < timeMin) timeMin = value
    if (value > timeMax) timeMax = value
  }
  return timeMin <= timeMax ? { timeMin, timeMax } : undefined
}
