import type { ColumnSpec } from "../../definition/table-spec.ts"
import { LogError, type LogErrorCode } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import { concatBatches, pickCells } from "../ingest/batch.ts"
import { type ColumnBatch, type ColumnVector, concatColumns } from "../ingest/column.ts"
import { defaultColumn } from "../ingest/default-column.ts"
import { ingest, type OffsetRange } from "../ingest/ingest.ts"
import { compileSchema } from "../ingest/schema.ts"
import { lowerBound } from "../segment/offset-set.ts"
import type { TableInfo } from "../tables/table-item.ts"

/** What the log still holds of columns that a file lacks: data alone, so that it may be handed to a thread. */
export interface LogColumns {
  readonly columns: readonly ColumnSpec[]
  /** Undefined: nothing of them. */
  readonly read?: Pick<ColumnBatch, "offsets" | "columns">
}

export const NO_LOG_COLUMNS: LogColumns = { columns: [] }

/** One reply of the log. */
const FETCH_BYTES_MAX = 4 * 1024 * 1024

/** What is not there to be read again: retention was there first, or the topic is deleted. */
const GONE: readonly LogErrorCode[] = [
  "offset_out_of_range",
  "topic_deleted",
  "unknown_topic",
  "unknown_partition",
]

/** A column that is newer than its file, row by row: what the log had, else its default or null. */
export function fillColumn(
  { columns, read }: LogColumns,
  column: ColumnSpec,
  offsets: Float64Array,
): ColumnVector {
  const vector = read?.columns[columns.findIndex(({ name }) => name === column.name)]
  if (read === undefined || vector === undefined) return defaultColumn(column, offsets.length)
  // One row more, for those that were not read.
  const values = concatColumns([vector, defaultColumn(column, 1)])
  const missing = read.offsets.length
  const rows = Uint32Array.from(offsets, offset => {
    const at = lowerBound(read, offset)
    return read.offsets[at] === offset ? at : missing
  })
  return pickCells(values, rows)
}

/**
 * Reads the records of a segment again, for columns that were added since: what the log still holds has the columns'
 * values, what it does not has their defaults. What does not fit a column is null: the row is there already, and stays.
 * Throws `LogError`.
 */
export async function readLogColumns(
  log: Pick<Log, "fetch">,
  { topicId }: TableInfo,
  partition: number,
  range: OffsetRange,
  columns: readonly ColumnSpec[],
): Promise<LogColumns> {
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
  if (batches.length === 0) return { columns }
  const { offsets, columns: vectors } = concatBatches(batches)
  return { columns, read: { offsets, columns: vectors } }
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
