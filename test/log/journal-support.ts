import { appendToJournal } from "../../shared/log/journal/door.ts"
import { encodeEntry } from "../../shared/log/journal/entry.ts"
import type { Log } from "../../shared/log/types.ts"
import type { Journal, JournalDelivery } from "../../shared/storage/journal.ts"
import { batch, records } from "./support.ts"

/** Sends values through the door, one request. */
export async function send(log: Log, journal: Journal, values: string[], partition: number | "any" = 0) {
  return appendToJournal(log, journal, await log.topic("events"), [
    { partition, records: records(...values) },
  ])
}

/** An entry as a shard hands it over. */
export function delivery(
  sequence: number,
  topicId: string,
  values: string[],
  { partition = 0, shard = "shard" } = {},
): JournalDelivery {
  const data = encodeEntry({ topicId, partition, batch: batch(values) })
  return { position: { shard, sequence: String(sequence) }, data }
}

/** For deliveries of which nothing is to be set aside. */
export const nothingAside = {
  setAside: async () => {
    throw new Error("nothing was to be set aside")
  },
}
