import { cutIndex } from "./cut.ts"
import type { SegmentIndex } from "./segment-index.ts"

/** Kafka's default of `delete.retention.ms`: a day. */
export const DELETE_RETENTION_MS_DEFAULT = 24 * 3_600_000

/** What a topic's configuration says of how long its records are kept. */
export interface CleanupPolicy {
  /** Old segments are deleted by these bounds; undefined: `cleanup.policy` does not say `delete`. */
  readonly deletes?: {
    /** Undefined: without a bound. */
    readonly retentionMs?: number
    readonly retentionBytes?: number
  }
  readonly compacts?: {
    readonly deleteRetentionMs: number
    readonly minLagMs: number
  }
}

/** Without one, as with −1, there is none: unlike in Kafka nothing is deleted that nobody asked to be. */
function bound(value: string | undefined): number | undefined {
  return value === undefined || Number(value) < 0 ? undefined : Number(value)
}

/** Reads a topic's configuration, Kafka's names. */
export function cleanupPolicy(config: Readonly<Record<string, string>>): CleanupPolicy {
  const policies = (config["cleanup.policy"] ?? "delete").split(",")
  const retentionMs = bound(config["retention.ms"])
  const retentionBytes = bound(config["retention.bytes"])
  return {
    ...(policies.includes("delete") && {
      deletes: {
        ...(retentionMs !== undefined && { retentionMs }),
        ...(retentionBytes !== undefined && { retentionBytes }),
      },
    }),
    ...(policies.includes("compact") && {
      compacts: {
        deleteRetentionMs: Number(config["delete.retention.ms"] ?? DELETE_RETENTION_MS_DEFAULT),
        minLagMs: Number(config["min.compaction.lag.ms"] ?? 0),
      },
    }),
  }
}

/** Whether a topic's records need keys. */
export function isCompacted(config: Readonly<Record<string, string>>): boolean {
  return (config["cleanup.policy"] ?? "delete").split(",").includes("compact")
}

/**
 * The index without what its topic no longer keeps: whole segments from the log's start, as Kafka's `LocalLog`. One goes
 * once its newest record is older than `retention.ms`, and while those behind it hold `retention.bytes` without it. Records
 * that bring no time count by when they were rolled up. What lies in slots is kept. Pure.
 * @param date store time, epoch ms
 */
export function retain(index: SegmentIndex, { deletes }: CleanupPolicy, date: number): SegmentIndex {
  if (deletes === undefined) return index
  const { retentionMs, retentionBytes } = deletes
  let bytes = index.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let start = index.start
  for (const { next, sizeBytes, maxTimestamp } of index.segments) {
    const time = maxTimestamp >= 0 ? maxTimestamp : rolledAt(index, next)
    const isOld = retentionMs !== undefined && date - time > retentionMs
    const isBeyond = retentionBytes !== undefined && bytes - sizeBytes >= retentionBytes
    if (!isOld && !isBeyond) break
    bytes -= sizeBytes
    start = next
  }
  return cutIndex(index, start)
}

/** When offsets up to `offset` were rolled up, at the latest; unknown: long ago. */
function rolledAt({ rolled }: SegmentIndex, offset: number): number {
  return rolled.find(mark => mark.offset >= offset)?.date ?? 0
}
