import { readBatchHeader } from "../log/records/index.ts"
import type { TopicPartition } from "../log/transactions/types.ts"
import type { Log } from "../log/types.ts"
import type { Access } from "./auth/access.ts"

/** A batch of a request that names many partitions. */
export interface PlacedBatch {
  readonly topic: string
  readonly partition: number
  readonly batch: Uint8Array
}

interface Registration {
  readonly producerId: number
  readonly epoch: number
  readonly places: { readonly topic: string; readonly partition: number }[]
}

/**
 * Adds the partitions of a request's transactional batches to their transactions, all of one by one write. What is refused
 * is told where its batches are appended.
 */
export async function registerTogether(
  batches: readonly PlacedBatch[],
  log: Log,
  access: Access,
): Promise<void> {
  const registrations = new Map<string, Registration>()
  for (const { topic, partition, batch } of batches) {
    const header = headerOf(batch)
    if (header?.transactional !== true || !access.may({ kind: "topic", name: topic, action: "write" }))
      continue
    const { producerId, producerEpoch: epoch } = header
    const key = `${producerId}#${epoch}`
    const registration = registrations.get(key) ?? { producerId, epoch, places: [] }
    registration.places.push({ topic, partition })
    registrations.set(key, registration)
  }
  await Promise.allSettled([...registrations.values()].map(registration => register(registration, log)))
}

async function register({ producerId, epoch, places }: Registration, log: Log): Promise<void> {
  const found = await Promise.allSettled(places.map(({ topic }) => log.topic(topic)))
  const known: TopicPartition[] = []
  for (const [index, { partition }] of places.entries()) {
    const topic = found[index]
    if (topic?.status !== "fulfilled" || partition >= topic.value.partitions) continue
    known.push({ topicId: topic.value.id, partition })
  }
  if (known.length > 0) await log.transactions.register(producerId, epoch, known)
}

function headerOf(batch: Uint8Array) {
  try {
    return readBatchHeader(batch)
  } catch {
    return undefined
  }
}
