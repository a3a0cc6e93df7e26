import { NO_COUNTS } from "../ingest/batch.ts"
import { decodeParquet } from "../segment/decode.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"
import { columnsAt } from "../tail/pinned-files.ts"
import { readSegmentFile } from "./read-segments.ts"
import { editSegments, type Replaced, replacement } from "./replace-segments.ts"
import { type Found, type RewriteContext, storeAll } from "./rewrite.ts"

/**
 * Makes what the definition asks for beside a segment that has it not, of the segment's file, which stays as it is.
 * Throws `StorageError`.
 */
export async function addCompanions(
  { ports, companions }: RewriteContext,
  { table, manifest, date }: Found,
  segment: SegmentPointer,
): Promise<Replaced> {
  const { partition } = manifest
  const columns = columnsAt(table, segment.schemaVersion)
  const bytes = await readSegmentFile(ports, table.id, partition, segment)
  const { base, next } = segment
  const decoded = await decodeParquet(bytes, columns)
  const batch = { ...decoded, base, next, decodedBytes: 0, maxTimestamp: 0, counts: NO_COUNTS }
  const made = await companions({ table, partition, columns, batch, bytes })
  const until = await storeAll(ports, made.objects, date)
  if (until === undefined) return "lost"
  return editSegments(ports, manifest, { ...replacement([segment], { ...segment, ...made.pointer }), until })
}
