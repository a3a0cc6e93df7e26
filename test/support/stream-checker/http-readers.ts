import { setTimeout as pause } from "node:timers/promises"
import { ClientError, type Consumer } from "../../../client/index.ts"
import type { Operation, ReadRecord } from "./history.ts"
import { nameIn, partitionName, type StreamClients } from "./http-run.ts"

const POLL_MS = 500
/** All that was written is read by then, or never: sessions of members that are gone end within it. */
const END_MS_MAX = 120_000

/** Polls once; what came is noted with the operation. Returns the values. */
export async function pollInto(
  clients: StreamClients,
  consumer: Consumer,
  operation: Operation,
  timeoutMs: number,
): Promise<string[]> {
  try {
    const batch = await consumer.poll(timeoutMs)
    if (batch === undefined) return []
    const records: ReadRecord[] = []
    for (const { topic, partition, offset, value } of batch) {
      records.push({ partition: partitionName(topic, partition), offset, value: nameIn(value) })
    }
    operation.events.push({ kind: "poll", records })
    clients.count("polled")
    return records.map(({ value }) => value)
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    clients.count(`poll: ${error.code}`)
    return []
  }
}

/** A member of a group that commits what it has read, until all that is written is. */
export async function runGroupReader(
  clients: StreamClients,
  client: string,
  writing: () => boolean,
): Promise<void> {
  const group = `${clients.name}-readers`
  const consumer = clients.consumer({ group, autoCommit: false })
  const done = clients.groupReads.get(group) ?? new Set<string>()
  clients.groupReads.set(group, done)
  consumer.subscribe({ topics: clients.topics })
  const giveUpAt = () => performance.now() + END_MS_MAX
  let until = giveUpAt()
  while (performance.now() < until) {
    if (writing()) until = giveUpAt()
    const operation = clients.book.begin(client, { mode: "subscribe" })
    const values = await pollInto(clients, consumer, operation, POLL_MS)
    clients.book.end(operation, "ok")
    for (const value of values) done.add(value)
    if (values.length > 0) {
      await consumer.commit().catch(error => clients.count(`commit: ${(error as ClientError).code}`))
    } else if (!writing() && (await isThrough(clients, group))) break
  }
  await consumer.close().catch(() => {})
}

/** Whether a group has committed all that there is in every partition that holds something. */
async function isThrough(clients: StreamClients, group: string): Promise<boolean> {
  const lags = await clients.admin.lag(group)
  const known = new Map(lags.map(({ topic, partition, lag }) => [partitionName(topic, partition), lag]))
  for (const { topic, partition, endOffset } of await ends(clients)) {
    if (endOffset > 0 && known.get(partitionName(topic, partition)) !== 0) return false
  }
  return true
}

async function ends(clients: StreamClients) {
  const found: { topic: string; partition: number; endOffset: number }[] = []
  for (const topic of clients.topics) {
    const { partitions } = await clients.admin.describeTopic(topic)
    for (let partition = 0; partition < partitions; partition++) {
      const { endOffset } = await clients.admin.offsets({ topic, partition })
      found.push({ topic, partition, endOffset })
    }
  }
  return found
}

/** Reads every partition from its start to its end, in partitions of its own choice. */
export async function readToTheEnd(clients: StreamClients): Promise<void> {
  const all = await ends(clients)
  const consumer = clients.consumer()
  await consumer.assign(all.map(({ topic, partition }) => ({ topic, partition, from: "earliest" as const })))
  const until = performance.now() + END_MS_MAX
  const isBehind = () =>
    all.some(({ topic, partition, endOffset }) => (consumer.position({ topic, partition }) ?? 0) < endOffset)
  while (isBehind()) {
    if (performance.now() > until) throw new Error("the log's end is not reached")
    const operation = clients.book.begin("last reader")
    await pollInto(clients, consumer, operation, POLL_MS)
    clients.book.end(operation, "ok")
    await pause(0)
  }
  await consumer.close()
}
