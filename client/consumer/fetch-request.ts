import { cutPayload, readFrame } from "../../shared/log/records/frames.ts"
import type { Connection } from "../connection.ts"
import { ClientError, type ErrorForm, serverError } from "../errors.ts"
import type { TopicPartition } from "../types.ts"

/** One partition of a fetch. */
export interface PartitionWish extends TopicPartition {
  readonly topicId?: string
  readonly offset: number
}

export interface FetchOptions {
  readonly maxBytes: number
  readonly waitMs: number
  readonly isolation: "read_committed" | "read_uncommitted"
  readonly group?: { readonly group: string; readonly member: string; readonly memberEpoch: number }
}

/** What one partition gave. */
export interface PartitionReply {
  readonly topicId: string | undefined
  readonly nextOffset: number
  readonly endOffset: number | undefined
  readonly batches: readonly Uint8Array[]
  readonly error: ClientError | undefined
}

type Entry = ErrorForm &
  TopicPartition & {
    readonly topicId?: string
    readonly nextOffset: number
    readonly endOffset?: number
    readonly startOffset?: number
    readonly bytes: readonly number[]
  }

/** Fetches from many partitions at once: one reply for each, in their order. Rejects with `ClientError`. */
export async function fetchOnce(
  connection: Connection,
  partitions: readonly PartitionWish[],
  options: FetchOptions,
  signal: AbortSignal,
): Promise<PartitionReply[]> {
  const reply = await connection.send("POST", "/fetch", { body: { partitions, ...options }, signal })
  const { entries, batches } = taken(reply.body, partitions.length)
  let at = 0
  return entries.map(entry => {
    const { topic, partition, topicId, nextOffset, endOffset, startOffset, bytes, ...form } = entry
    const own = batches.slice(at, at + bytes.length)
    at += bytes.length
    const error = form.reason === undefined ? undefined : serverError(`fetch of ${topic}/${partition}`, form)
    return { topicId, nextOffset, endOffset, batches: own, error }
  })
}

function taken(
  body: Uint8Array,
  count: number,
): { readonly entries: readonly Entry[]; readonly batches: readonly Uint8Array[] } {
  try {
    const { head, payload } = readFrame(body)
    const { partitions: entries } = head as { readonly partitions: readonly Entry[] }
    if (entries.length !== count) throw new Error(`expected ${count} partitions`)
    return {
      entries,
      batches: cutPayload(
        payload,
        entries.flatMap(entry => entry.bytes),
      ),
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ClientError("corrupt_reply", `POST /fetch: ${why}`, { cause, retriable: true })
  }
}
