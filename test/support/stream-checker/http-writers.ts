import { setTimeout as pause } from "node:timers/promises"
import { ClientError, type Consumer, type Producer, type Transaction } from "../../../client/index.ts"
import type { Operation, Outcome, SendEvent } from "./history.ts"
import { pollInto } from "./http-readers.ts"
import { padded, partitionName, type StreamClients } from "./http-run.ts"

const RECORDS_AT_ONCE = 5
const LARGE_RECORDS = 5
const LARGE_BYTES = 1_000_000
/** One in so many transactions is given up. */
const ABORT_EVERY = 4
const POLL_MS = 500

/** Codes that say that a transaction is aborted: nobody will ever read it. */
const ABORTED = new Set(["transaction_aborted", "fenced_member", "unknown_member", "given_up"])

function sendOf(topic: string, partition: number, value: string, key: string): SendEvent {
  return { kind: "send", partition: partitionName(topic, partition), value, key }
}

/** Appends several records at once, again and again, each an operation of its own. */
export async function runWriter(clients: StreamClients, client: string): Promise<void> {
  const producer = clients.producer()
  for (let round = 0; clients.goesOn(); round++) {
    const sent = Array.from({ length: RECORDS_AT_ONCE }, (_, index) => {
      const [topic, partition] = [clients.topics[(round + index) % 2]!, (round + index) % 2]
      const operation = clients.book.begin(client)
      const event = sendOf(topic, partition, clients.value(), `k${index}`)
      operation.events.push(event)
      return producer.send({ topic, partition, key: event.key!, value: event.value }).then(
        ({ offset }) => {
          if (offset >= 0) event.offset = offset
          end(clients, operation, "ok")
        },
        // What is refused for good is not told apart here: it may all stand.
        () => end(clients, operation, "unknown"),
      )
    })
    await Promise.all(sent)
    await pause(clients.pauseMs)
  }
  await producer.close().catch(() => {})
}

function end(clients: StreamClients, operation: Operation, outcome: Outcome): void {
  clients.book.end(operation, outcome)
  clients.count(`${operation.transaction ? "transaction" : "send"} ${outcome}`)
}

/** Runs one transaction as an operation. */
async function transact(
  clients: StreamClients,
  producer: Producer,
  operation: Operation,
  body: (transaction: Transaction) => Promise<void>,
): Promise<Outcome> {
  let outcome: Outcome = "ok"
  try {
    await producer.transaction(async transaction => {
      await body(transaction)
      operation.committing = clients.book.moment()
    })
  } catch (error) {
    const code = error instanceof ClientError ? error.code : "given_up"
    const undecided = operation.committing !== undefined && !ABORTED.has(code)
    outcome = undecided ? "unknown" : "fail"
  }
  end(clients, operation, outcome)
  return outcome
}

async function sendIn(
  clients: StreamClients,
  operation: Operation,
  transaction: Transaction,
  { topic, partition, bytes = 0 }: { topic: string; partition: number; bytes?: number },
): Promise<string> {
  const event = sendOf(topic, partition, clients.value(), "t")
  operation.events.push(event)
  await transaction.send({ topic, partition, key: "t", value: padded(event.value, bytes) })
  return event.value
}

/** Transactions over all partitions; some are given up, some have more than a client holds. */
export async function runTransactor(clients: StreamClients, client: string): Promise<void> {
  const transactionalId = `${clients.name} ${client}`
  const producer = clients.producer({ transactionalId })
  let large = clients.large
  for (let round = 0; clients.goesOn() || large > 0; round++) {
    const operation = clients.book.begin(client, { transaction: true })
    const isLarge = large-- > 0
    await transact(clients, producer, operation, async transaction => {
      for (let index = 0; index < (isLarge ? LARGE_RECORDS : 3); index++) {
        const topic = clients.topics[index % 2]!
        await sendIn(clients, operation, transaction, {
          topic,
          partition: index % 2,
          ...(isLarge && { bytes: LARGE_BYTES }),
        })
      }
      if (round % ABORT_EVERY === ABORT_EVERY - 1) throw new Error("given up")
    })
    if (isLarge) clients.count("large")
    await pause(clients.pauseMs)
  }
  await producer.close().catch(() => {})
}

/** Reads the first topic with others of a group, and writes what it makes of it to the second, offsets and all. */
export async function runTransformer(clients: StreamClients, client: string): Promise<void> {
  const group = `${clients.name}-transform`
  const producer = clients.producer({ transactionalId: `${clients.name} ${client}` })
  const consumer = clients.consumer({ group, autoCommit: false })
  consumer.subscribe({ topics: [clients.topics[0]!] })
  while (clients.goesOn()) {
    const operation = clients.book.begin(client, { transaction: true, mode: "subscribe" })
    const read = await pollInto(clients, consumer, operation, POLL_MS)
    if (read.length === 0) {
      clients.book.end(operation, "fail")
      continue
    }
    const outcome = await transact(clients, producer, operation, async transaction => {
      for (const source of read) {
        const made = await sendIn(clients, operation, transaction, {
          topic: clients.topics[1]!,
          partition: 1,
        })
        clients.derived.set(made, `${source} by ${group}`)
      }
      transaction.sendOffsets(consumer)
    })
    if (outcome !== "ok") await rewind(clients, producer, consumer)
    else clients.count("transformed")
    await pause(clients.pauseMs)
  }
  await consumer.close().catch(() => {})
  await producer.close().catch(() => {})
}

/** Goes back to what the group has committed, once the last transaction is known to be over. */
async function rewind(clients: StreamClients, producer: Producer, consumer: Consumer): Promise<void> {
  for (;;) {
    try {
      await producer.transaction(() => {})
      for (const at of consumer.assignment()) consumer.seek(at, (await consumer.committed(at)) ?? "earliest")
      return
    } catch (error) {
      clients.count(`rewind again: ${(error as ClientError).code}`)
      await pause(100)
    }
  }
}
