import {
  JOURNAL_PUT_RECORDS_MAX,
  JOURNAL_RECORD_BYTES_MAX,
  type Journal,
  type JournalPosition,
  type JournalPut,
} from "../../storage/journal.ts"
import { LogError } from "../errors.ts"
import { checkKeys } from "../keyed-records.ts"
import { createBatchBuilder, NO_PRODUCER_ID, verifyBatch } from "../records/index.ts"
import { partitionKey } from "../slot.ts"
import { checkPartition } from "../topic-config.ts"
import type { AppendPart, Log, RecordSource, TopicInfo } from "../types.ts"
import { encodeEntry, JOURNAL_ENTRY_OVERHEAD } from "./entry.ts"

/** Bytes of a key: a topic's id, a partition's number and what is between them. */
const KEY_BYTES_MAX = 64 + 6
/** The largest batch that fits a journal's record. */
export const JOURNALLED_BATCH_BYTES_MAX = JOURNAL_RECORD_BYTES_MAX - JOURNAL_ENTRY_OVERHEAD - KEY_BYTES_MAX

/** What became of one entry. Those of one partition hold the request's records in their order. */
export type JournalledEntry =
  | { readonly partition: number; readonly count: number; readonly position: JournalPosition }
  | { readonly partition: number; readonly count: number; readonly error: LogError }

interface Waiting {
  readonly partition: number
  /** Records. */
  readonly count: number
  readonly key: string
  readonly data: Uint8Array
}

/**
 * Hands a request's records to a journal, as entries that `deliver` appends later.
 *
 * @returns one outcome an entry; of a partition nothing follows an entry that failed
 * @throws LogError `unknown_partition`, `record_too_large`, `corrupt_batch`, `invalid_producer`, `invalid_record`,
 *   `compaction_needs_key`: then the journal has nothing of the request
 */
export async function appendToJournal(
  log: Log,
  journal: Journal,
  topic: TopicInfo,
  parts: readonly AppendPart[],
): Promise<readonly JournalledEntry[]> {
  const assigned = log.assign(topic)
  const waiting: Waiting[] = []
  for (const part of parts) {
    const partition = part.partition === "any" ? assigned.partition : part.partition
    checkPartition(topic, partition)
    checkKeys(topic, part)
    const key = partitionKey(topic.id, partition)
    const add = (batch: Uint8Array, count: number) => {
      const data = encodeEntry({ topicId: topic.id, partition, batch })
      waiting.push({ partition, count, key, data })
    }
    if ("batch" in part) addEncoded(part.batch, add)
    else addRecords(part.records, 0, part.records.count, assigned.timestamp, add)
  }
  return putAll(journal, waiting)
}

function addEncoded(batch: Uint8Array, add: (batch: Uint8Array, count: number) => void): void {
  const { count, producerId } = verifyBatch(batch)
  if (producerId !== NO_PRODUCER_ID) {
    throw new LogError(
      "invalid_producer",
      `the batch names producer ${producerId}: the journal takes none, since nobody could be told of a gap later`,
    )
  }
  if (batch.length > JOURNALLED_BATCH_BYTES_MAX) throw tooLarge("the batch", batch.length)
  add(batch, count)
}

/** Encodes records `from` to `to - 1`, in halves where they are too many for one entry. */
function addRecords(
  records: RecordSource,
  from: number,
  to: number,
  timestamp: number,
  add: (batch: Uint8Array, count: number) => void,
): void {
  const share = Math.ceil((records.bytesMax * (to - from)) / records.count)
  // Twice the bound is surely too much: the share overstates, but not by that.
  if (share <= 2 * JOURNALLED_BATCH_BYTES_MAX || to - from === 1) {
    const builder = createBatchBuilder({ capacityBytes: Math.min(share + 128, JOURNALLED_BATCH_BYTES_MAX) })
    records.write(builder, from, to, timestamp)
    if (builder.sizeBytes <= JOURNALLED_BATCH_BYTES_MAX) {
      add(builder.finish().bytes, to - from)
      return
    }
    if (to - from === 1) throw tooLarge("a record", builder.sizeBytes)
  }
  const middle = from + Math.ceil((to - from) / 2)
  addRecords(records, from, middle, timestamp, add)
  addRecords(records, middle, to, timestamp, add)
}

function tooLarge(what: string, bytes: number): LogError {
  return new LogError(
    "record_too_large",
    `${what} has ${bytes} bytes, a journal's entry holds at most ${JOURNALLED_BATCH_BYTES_MAX}: send it without ack=journal`,
    { detail: { bytes, bytesMax: JOURNALLED_BATCH_BYTES_MAX } },
  )
}

async function putAll(journal: Journal, waiting: readonly Waiting[]): Promise<JournalledEntry[]> {
  const entries: JournalledEntry[] = []
  const failed = new Set<string>()
  for (let at = 0; at < waiting.length; at += JOURNAL_PUT_RECORDS_MAX) {
    const sent = waiting.slice(at, at + JOURNAL_PUT_RECORDS_MAX)
    const puts = await journal.put(sent.filter(({ key }) => !failed.has(key)))
    let next = 0
    const before = new Set(failed)
    for (const { partition, count, key } of sent) {
      const put = before.has(key) ? REFUSED : puts[next++]
      if (put.outcome !== "committed") failed.add(key)
      entries.push(
        put.outcome === "committed"
          ? { partition, count, position: put.position }
          : { partition, count, error: errorOf(put) },
      )
    }
  }
  return entries
}

const REFUSED: JournalPut = { outcome: "refused" }

function errorOf({ outcome, cause }: Exclude<JournalPut, { outcome: "committed" }>): LogError {
  if (outcome === "unknown") {
    const message =
      "the journal may or may not have the records, now or later: sent again they may stand twice"
    return new LogError("outcome_unknown", message, { cause })
  }
  const why = cause instanceof Error ? `: ${cause.message}` : ""
  return new LogError("overloaded", `the journal did not take the records; try again shortly${why}`, {
    cause,
  })
}
