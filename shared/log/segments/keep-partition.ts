import type { TopicInfo } from "../types.ts"
import { compact } from "./compact.ts"
import { deleteSegments, droppedSegments } from "./cut.ts"
import { deleteSlots } from "./delete-slots.ts"
import type { IndexRead, PartitionRef } from "./index-store.ts"
import { MERGE_RETENTION_SHARE } from "./life-limits.ts"
import { type CleanupPolicy, cleanupPolicy, retain } from "./retention.ts"
import { mergeSegments, planMerge, type RewriteContext } from "./rewrite.ts"

/** What keeping came to, in all. */
export interface KeepCounts {
  rolled: number
  rolledBytes: number
  merged: number
  compacted: number
  /** Partitions whose log start retention moved. */
  retained: number
  slotsDeleted: number
  objectsDeleted: number
}

export const noCounts = (): KeepCounts => ({
  rolled: 0,
  rolledBytes: 0,
  merged: 0,
  compacted: 0,
  retained: 0,
  slotsDeleted: 0,
  objectsDeleted: 0,
})

/**
 * What is to be done for one partition's segments: retention, merges, compaction, and the deletion of slots that they stand
 * for. Each step is one conditional put of the index; a lost one is left to the next round. Throws `LogError`, `StorageError`.
 * @param anew what is known of the index may be old
 */
export async function keepPartition(
  context: RewriteContext,
  at: PartitionRef,
  topic: Pick<TopicInfo, "config">,
  counts: KeepCounts,
  hasTime: () => boolean,
  anew = false,
): Promise<void> {
  const policy = cleanupPolicy(topic.config)
  const { ports, indexes } = context
  let read = await (anew ? indexes.read(at) : indexes.get(at))
  if (read.version === undefined) return
  if (await applyRetention(context, at, read, policy)) {
    counts.retained++
    read = await indexes.get(at)
  }
  const spanMax = (policy.deletes?.retentionMs ?? Number.POSITIVE_INFINITY) * MERGE_RETENTION_SHARE
  for (let run = planMerge(read.index.segments, spanMax); run !== undefined && hasTime(); ) {
    if ((await mergeSegments(context, at, read, run)) !== "committed") return
    counts.merged++
    read = await indexes.get(at)
    run = planMerge(read.index.segments, spanMax)
  }
  if (policy.compacts !== undefined && hasTime()) {
    counts.compacted += await compact(context, at, policy.compacts, hasTime)
    read = await indexes.get(at)
  }
  counts.slotsDeleted += await deleteSlots(ports, at, read.index, read.date)
}

async function applyRetention(
  { ports, indexes }: RewriteContext,
  at: PartitionRef,
  read: IndexRead,
  policy: CleanupPolicy,
): Promise<boolean> {
  const next = retain(read.index, policy, read.date)
  if (next === read.index) return false
  if ((await indexes.replace(at, read, next)) !== "committed") return false
  await deleteSegments(ports, at, droppedSegments(read.index, next))
  return true
}
