import type { LogError } from "../errors.ts"
import type { Log, RecordSource } from "../types.ts"
import { copyRecords } from "./batch-groups.ts"
import { decodeEntry, type EntryFault } from "./entry.ts"

export interface RedriveEntry {
  /** As it was set aside: where the record stood. */
  readonly shard: string
  readonly sequence: string
  readonly data: Uint8Array
}

/** `dropped`: the topic was deleted meanwhile; there is nowhere to append to, nor will there be. */
export type Redriven =
  | { readonly outcome: "appended"; readonly partition: number; readonly count: number }
  | { readonly outcome: "dropped" }
  | ({ readonly outcome: "failed" } & EntryFault)

/**
 * Appends an entry that was set aside. Its producer is named after its position, so that it stands once however often
 * it is redriven, as long as the partition remembers the producer (`PRODUCER_KEPT_MS`).
 *
 * @throws LogError, StorageError on whatever may yet succeed: the same call tells
 */
export async function redrive(log: Log, { shard, sequence, data }: RedriveEntry): Promise<Redriven> {
  const decoded = decodeEntry(data)
  if ("fault" in decoded) return { outcome: "failed", ...decoded }
  const { entry, verified } = decoded
  const { topicId, partition } = entry
  const records = sourceOf(entry.batch, verified.count)
  const producer = { id: `journal:${shard}:${sequence}`, epoch: 0, sequence: 0 }
  let error: LogError | undefined
  try {
    const [result] = await log.append({ topic: topicId, topicId, parts: [{ partition, records }], producer })
    if (!("error" in result)) return { outcome: "appended", partition, count: result.count }
    error = result.error
  } catch (thrown) {
    error = thrown as LogError
  }
  if (error.code === "duplicate") return { outcome: "appended", partition, count: verified.count }
  if (error.code === "topic_deleted") return { outcome: "dropped" }
  if (error.code === "unknown_partition") {
    return { outcome: "failed", fault: "unknown_partition", message: error.message }
  }
  throw error
}

/** A whole batch's records; the producer's single append takes them at once. */
function sourceOf(batch: Uint8Array, count: number): RecordSource {
  return { count, bytesMax: batch.length, write: builder => copyRecords(batch, builder) }
}
