import { notAfter } from "../../storage/not-after.ts"
import { queryItems } from "../../storage/query-items.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"

/** All topics that are closed and not purged yet, so that what they leave can be found. */
export const CLOSED_TOPICS_PK = "closed-topics"
const CLOSED_FORMAT = 1

/** A deleted topic whose records are still there. */
export interface ClosedTopic {
  readonly id: string
  readonly partitions: number
  /** Store time, epoch ms. */
  readonly closed: number
  readonly version: string
}

/** The fields of a closed topic's item, whose sort key is the topic's id. */
export function closedTopicFields(partitions: number, closed: number) {
  return { v: CLOSED_FORMAT, partitions, closed }
}

/** Topics that are closed and not purged yet. Throws `StorageError`. */
export async function closedTopics(
  ports: Pick<Ports, "meta" | "clock">,
): Promise<{ topics: readonly ClosedTopic[]; date: number }> {
  const { items, date } = await readAgain(ports, () =>
    queryItems(ports.meta, "meta", { pk: CLOSED_TOPICS_PK }),
  )
  const topics = items.map(({ sk, version, fields }) => ({
    id: sk,
    partitions: Number(fields.partitions),
    closed: Number(fields.closed),
    version,
  }))
  return { topics, date }
}

/** Forgets a topic all of whose partitions are purged: its partitions bound the collection of flush objects no more. */
export async function forgetClosed(
  ports: Pick<Ports, "meta" | "clock">,
  topic: ClosedTopic,
  date: number,
): Promise<void> {
  const key = { pk: CLOSED_TOPICS_PK, sk: topic.id }
  const condition = { version: topic.version }
  await ports.meta.delete("meta", key, { condition, notAfter: notAfter(date) })
}
