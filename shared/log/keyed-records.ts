import { LogError } from "./errors.ts"
import { createBatchBuilder, RecordCursor } from "./records/index.ts"
import { isCompacted } from "./segments/retention.ts"
import type { AppendPart, RecordSource, TopicInfo } from "./types.ts"

/**
 * Refuses records without a key for a compacted topic: of those, compaction would keep none. Other topics' records are not
 * looked at. Throws `compaction_needs_key`, `corrupt_batch`.
 */
export function checkKeys({ name, config }: Pick<TopicInfo, "name" | "config">, part: AppendPart): void {
  if (!isCompacted(config)) return
  const record = "batch" in part ? firstKeyless(part.batch) : keylessOf(part.records)
  if (record < 0) return
  throw new LogError(
    "compaction_needs_key",
    `record ${record}: topic ${name} is compacted (cleanup.policy), so that each record needs a key`,
    { detail: { record } },
  )
}

function keylessOf(records: RecordSource): number {
  if (records.firstKeyless !== undefined) return records.firstKeyless()
  const builder = createBatchBuilder({ capacityBytes: records.bytesMax })
  records.write(builder, 0, records.count, 0)
  return firstKeyless(builder.finish().bytes)
}

/** The first record of a batch without a key, by its place; −1: there is none. */
function firstKeyless(batch: Uint8Array): number {
  const cursor = new RecordCursor(batch)
  for (let record = 0; cursor.next(); record++) if (cursor.keyStart < 0) return record
  return -1
}
