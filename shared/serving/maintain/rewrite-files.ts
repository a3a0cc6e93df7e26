import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { Random } from "../../storage/time.ts"
import { concatBatches } from "../ingest/batch.ts"
import type { ColumnBatch } from "../ingest/column.ts"
import type { MakeCompanions } from "../segment/companions.ts"
import { type MadeSegment, makeSegment } from "../segment/make-segment.ts"
import type { OffsetSet } from "../segment/offset-set.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { type Hidden, withoutHidden } from "../tail/hide-rows.ts"
import { columnsAt } from "../tail/pinned-files.ts"
import type { LogColumns } from "./fill-columns.ts"
import { decodeHeld, withSchema } from "./read-segments.ts"

/** A segment that is to be rewritten, with all that it takes. */
export interface InputFile {
  readonly segment: Pick<SegmentPointer, "base" | "next">
  readonly bytes: Uint8Array
  /** What the file holds. */
  readonly held: readonly ColumnSpec[]
  readonly dead: OffsetSet
  /** For columns that it lacks. */
  readonly log: LogColumns
}

/** Neighbours that are to become one segment: data alone, so that it may be handed to a thread. */
export interface RewriteRequest {
  readonly table: TableInfo
  readonly partition: number
  /** Of the result. */
  readonly level: number
  readonly files: readonly InputFile[]
  readonly hidden: Omit<Hidden, "dead">
}

export interface RewriteTools {
  readonly random: Random
  readonly companions: MakeCompanions
}

/** Makes one segment of several files' rows; undefined: none is left. All of the work, and none of the stores'. */
export type RewriteFiles = (request: RewriteRequest) => Promise<MadeSegment | undefined>

/** Each file is decoded and rid of what is hidden before the next one is. Throws `StorageError` (`corrupt`). */
export async function rewriteFiles(
  { table, partition, level, files, hidden }: RewriteRequest,
  { random, companions }: RewriteTools,
): Promise<MadeSegment | undefined> {
  const columns = columnsAt(table, table.schemas.length)
  const batches: ColumnBatch[] = []
  for (const { segment, bytes, held, dead, log } of files) {
    const decoded = await decodeHeld(bytes, held, columns)
    batches.push(withoutHidden(withSchema(decoded, columns, segment, log), columns, { ...hidden, dead }))
  }
  const batch = concatBatches(batches)
  if (batch.rows === 0) return undefined
  return makeSegment(table, partition, batch, { random, companions, level })
}
