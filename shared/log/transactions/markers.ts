import type { Appends } from "../appends.ts"
import { markerBatch } from "../records/index.ts"
import { MARKERS_AT_ONCE } from "./limits.ts"
import type { TransactionEpoch } from "./transaction-item.ts"
import type { TopicPartition } from "./types.ts"

/** A transaction's end, as its partitions are told of it. */
export interface Ending extends TransactionEpoch {
  readonly committed: boolean
}

/**
 * Ends a transaction in partitions: each gets a marker with the epoch after the transaction's, unless it has one. Returns once
 * all have. `readAt`: store time of the read that found it decided, epoch ms. Throws `LogError` (`outcome_unknown`,
 * `overloaded`): some may lack theirs.
 */
export async function markAll(
  appends: Pick<Appends, "mark">,
  partitions: readonly TopicPartition[],
  { producerId, epoch, committed }: Ending,
  readAt: number,
): Promise<void> {
  const producerEpoch = epoch + 1
  const bytes = markerBatch({ producerId, producerEpoch, committed, timestamp: readAt })
  const marker = { producerId, epoch: producerEpoch, committed, bytes, timestamp: readAt }
  let next = 0
  const writeOn = async () => {
    while (next < partitions.length) await appends.mark(partitions[next++] as TopicPartition, marker, readAt)
  }
  const workers = Array.from({ length: Math.min(MARKERS_AT_ONCE, partitions.length) }, writeOn)
  const ended = await Promise.allSettled(workers)
  for (const { status, reason } of ended as { status: string; reason?: unknown }[]) {
    if (status === "rejected") throw reason
  }
}
