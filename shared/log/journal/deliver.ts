import type { JournalDelivery } from "../../storage/journal.ts"
import { LogError } from "../errors.ts"
import type { JournalledAppend, JournalledBatch, Log } from "../types.ts"
import { decodeEntry, type EntryFault, encodeEntry } from "./entry.ts"
import { isAtOrBelow } from "./source-order.ts"

/** A record of a journal that can never be appended: kept aside, and the shard goes on. */
export interface SetAside extends EntryFault {
  /** With the prefix, if there is one. */
  readonly shard: string
  readonly sequence: string
  readonly data: Uint8Array
}

export interface DeliverOptions {
  /** Goes before the shards' names in positions: a stream's name and a slash. Default: nothing. */
  readonly shardPrefix?: string
  /** Keeps a record durably; may be called again for the same one. What it throws fails the delivery. */
  setAside(record: SetAside): Promise<void>
}

/** What became of a delivery's records. */
export interface Delivered {
  readonly appended: number
  /** Appended by an earlier delivery. */
  readonly skipped: number
  /** Their topic was deleted meanwhile. */
  readonly dropped: number
  readonly setAside: number
}

/**
 * Appends what shards of a journal hand over: each shard's records in their order, beginning no later than the first
 * one that no delivery has been through with. Records of several shards may come together.
 *
 * @throws LogError, StorageError on whatever may yet succeed; then any part may have been done, and the same records
 *   must be delivered again before later ones of their shard. Nothing is under way any more when it returns or throws.
 */
export async function deliver(
  log: Log,
  deliveries: readonly JournalDelivery[],
  options: DeliverOptions,
): Promise<Delivered> {
  const { appends, faulty, repeated } = sort(deliveries, options.shardPrefix ?? "")
  const found = new Map<string, Promise<unknown>>()
  for (const { topicId } of appends) {
    // Read once, not by every partition.
    if (!found.has(topicId)) found.set(topicId, log.topicById(topicId))
  }
  const again = new Map<string, Promise<unknown>>()
  const anew = (topicId: string) => {
    const reading = again.get(topicId) ?? log.topicById(topicId, true)
    again.set(topicId, reading)
    return reading
  }
  const works = appends.map(append => appendOne(log, append, found.get(append.topicId)!, anew))
  const total = { ...NONE, skipped: repeated }
  const aside = [...faulty]
  let failure: { readonly reason: unknown } | undefined
  for (const settled of await Promise.allSettled(works)) {
    if (settled.status === "rejected") failure ??= settled
    else {
      for (const kind of KINDS) total[kind] += settled.value[kind]
      aside.push(...settled.value.aside)
    }
  }
  if (failure !== undefined) throw failure.reason
  // Last: what is delivered again and again for another's sake would be set aside as often.
  const kept = await Promise.allSettled(aside.map(record => options.setAside(record)))
  for (const settled of kept) if (settled.status === "rejected") throw settled.reason
  return { ...total, setAside: aside.length }
}

const NONE = { appended: 0, skipped: 0, dropped: 0, setAside: 0 }
const KINDS = ["appended", "skipped", "dropped"] as const

interface Appended extends Delivered {
  /** Of a partition that there is not. */
  readonly aside: readonly SetAside[]
}

interface Sorted {
  readonly appends: JournalledAppend[]
  readonly faulty: SetAside[]
  /** Records that came before in the same delivery. */
  readonly repeated: number
}

/** Groups records by shard and partition, and puts those aside that are no entries. */
function sort(deliveries: readonly JournalDelivery[], prefix: string): Sorted {
  const groups = new Map<string, JournalledAppend & { readonly batches: JournalledBatch[] }>()
  const faulty: SetAside[] = []
  let repeated = 0
  for (const { position, data } of deliveries) {
    const shard = prefix + position.shard
    const { sequence } = position
    const decoded = decodeEntry(data)
    if ("fault" in decoded) {
      faulty.push({ ...decoded, shard, sequence, data })
      continue
    }
    const { entry, verified } = decoded
    const { topicId, partition, batch: bytes } = entry
    const { count, minTimestamp, maxTimestamp, codec } = verified
    const key = `${topicId}#${partition} ${shard}`
    let group = groups.get(key)
    if (group === undefined) {
      group = { topicId, partition, shard, batches: [] }
      groups.set(key, group)
    }
    const before = group.batches.at(-1)
    if (isAtOrBelow({ sequence, index: 0 }, before)) {
      repeated++
      continue
    }
    const compressed = codec !== "none"
    group.batches.push({ sequence, index: 0, bytes, count, minTimestamp, maxTimestamp, compressed })
  }
  return { appends: [...groups.values()], faulty, repeated }
}

/** @param anew reads a topic now: the door may know of partitions that were added since it was read here */
async function appendOne(
  log: Log,
  append: JournalledAppend,
  topic: Promise<unknown>,
  anew: (topicId: string) => Promise<unknown>,
): Promise<Appended> {
  const attempt = async () => ({ ...NONE, ...(await log.appendJournalled(append)), aside: [] })
  try {
    await topic
    return await attempt().catch(async (error: unknown) => {
      if (!isUnknownPartition(error)) throw error
      await anew(append.topicId)
      return attempt()
    })
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    if (error.code === "topic_deleted") return { ...NONE, dropped: append.batches.length, aside: [] }
    if (!isUnknownPartition(error)) throw error
    return { ...NONE, aside: asideOf(append, error.message) }
  }
}

function isUnknownPartition(error: unknown): error is LogError {
  return error instanceof LogError && error.code === "unknown_partition"
}

function asideOf({ topicId, partition, shard, batches }: JournalledAppend, message: string): SetAside[] {
  return batches.map(({ sequence, bytes: batch }) => {
    const data = encodeEntry({ topicId, partition, batch })
    return { fault: "unknown_partition", message, shard, sequence, data }
  })
}
