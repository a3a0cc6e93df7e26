import type { ColumnSpec } from "../../definition/table-spec.ts"
import { LogError, type LogErrorCode } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import { concatBatches, pickRows } from "../ingest/batch.ts"
import { type ColumnBatch, type ColumnVector, concatColumns } from "../ingest/column.ts"
import { ingest, type OffsetRange } from "../ingest/ingest.ts"
import { compileSchema } from "../ingest/schema.ts"
import { columnWriter } from "../ingest/writer.ts"
import { lowerBound } from "../segment/offset-set.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { FillColumn } from "./read-segments.ts"

/** One reply of the log. */
const FETCH_BYTES_MAX = 4 * 1024 * 1024

/** What is not there to be read again: retention was there first, or the topic is deleted. */
const GONE: readonly LogErrorCode[] = [
  "offset_out_of_range",
  "topic_deleted",
  "unknown_topic",
  "unknown_partition",
]

/** Columns that are newer than a file have their default there, or null. */
export const fillDefaults: FillColumn = (column, offsets) => ofDefault(column, offsets.length)

function ofDefault({ type, default: value }: ColumnSpec, rows: number): ColumnVector {
  const writer = columnWriter(type, { read: () => value ?? null, from: "any", computed: false })
  for (let row = 0; row < rows; row++) writer.write({}, row)
  return writer.finish(rows)
}

/**
 * Reads the records of a segment again, for columns that were added since: what the log still holds has the columns'
 * values, what it does not has their defaults. What does not fit a column is null: the row is there already, and stays.
 * Throws `LogError`.
 */
export async function fillFromLog(
  log: Pick<Log, "fetch">,
  { topicId }: TableInfo,
  partition: number,
  range: OffsetRange,
  columns: readonly ColumnSpec[],
): Promise<FillColumn> {
  const schema = compileSchema({ columns, badRecords: "null" })
  if (!("columns" in schema)) throw new RangeError(`columns have faults: ${JSON.stringify(schema)}`)
  const batches: ColumnBatch[] = []
  for (let at = range.base; at < range.next; ) {
    const found = await fetchFrom(log, topicId, partition, at)
    if (found === undefined) break
    if ("start" in found) {
      at = found.start
      continue
    }
    const next = Math.min(found.nextOffset, range.next)
    if (next <= at) break
    batches.push(ingest(schema, found.batches, { base: at, next }))
    at = next
  }
  if (batches.length === 0) return fillDefaults
  const read = concatBatches(batches)
  return (column, offsets) => picked(read, columns.indexOf(column), column, offsets)
}

async function fetchFrom(log: Pick<Log, "fetch">, topicId: string, partition: number, offset: number) {
  try {
    return await log.fetch(topicId, partition, { offset, maxBytes: FETCH_BYTES_MAX })
  } catch (error) {
    if (!(error instanceof LogError) || !GONE.includes(error.code)) throw error
    const { start } = error.detail
    return typeof start === "number" && start > offset ? { start } : undefined
  }
}

function picked(read: ColumnBatch, index: number, column: ColumnSpec, offsets: Float64Array): ColumnVector {
  // One row more, for those that were not read.
  const values = concatColumns([read.columns[index]!, ofDefault(column, 1)])
  const rows = Uint32Array.from(offsets, offset => {
    const at = lowerBound(read, offset)
    return read.offsets[at] === offset ? at : read.rows
  })
  return pickRows({ ...read, columns: [values] }, rows).columns[0]!
}
