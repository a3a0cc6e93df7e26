import { LogError } from "../../shared/log/errors.ts"
import { createBatchBuilder } from "../../shared/log/records/index.ts"
import type { Log, RecordSource } from "../../shared/log/types.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import type { HistoryBook, Operation, SendEvent } from "../support/stream-checker/history.ts"
import type { LogHosts } from "./log-hosts.ts"
import type { Prng } from "./prng.ts"
import type { StreamScenario } from "./stream-scenario.ts"
import type { World } from "./world.ts"

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
const REST_MS_MIN = HOUR_MS
const REST_MS_MAX = 40 * HOUR_MS
/** Keys of records: few, so that compaction has something to do. */
const KEYS = 4

const utf8 = new TextEncoder()

/** What all clients of a run share. */
export interface StreamContext {
  readonly world: World
  readonly hosts: LogHosts
  readonly book: HistoryBook
  readonly scenario: StreamScenario
  /** True once clients are to end what they have begun and begin nothing. */
  stopping(): boolean
  /** True once something is wrong. */
  broken(): boolean
  /** By topics' ids. */
  readonly topicNames: Map<string, string>
  /** Topics' ids that somebody asked to be deleted. */
  readonly deleted: Set<string>
  /** Tombstones among the values that were sent. */
  readonly tombstones: Set<string>
  /** Values that were made of others: of which, and for which group. */
  readonly derived: Map<string, string>
  /** What each group's members got, all together. */
  readonly groupReads: Map<string, Set<string>>
  /** How often what happened: what keeping came to, and how transactions ended. */
  readonly counts: Map<string, number>
  /** The next value: nobody else has it. */
  value(): string
}

export function count({ counts }: StreamContext, what: string, times = 1): void {
  counts.set(what, (counts.get(what) ?? 0) + times)
}

export interface Keyed {
  readonly key: string
  readonly value: string
}

export function partitionName(topicId: string, partition: number): string {
  return `${topicId}/${partition}`
}

export function drawRecords(context: StreamContext, prng: Prng, max = 3): Keyed[] {
  return Array.from({ length: 1 + prng.integer(max) }, () => ({
    key: `k${prng.integer(KEYS)}`,
    value: context.value(),
  }))
}

/** Key and value in one buffer, as a source has them. */
function addTo(
  builder: { add: ReturnType<typeof createBatchBuilder>["add"] },
  record: Keyed,
  timestamp: number,
) {
  const key = utf8.encode(record.key)
  const value = utf8.encode(record.value)
  const bytes = new Uint8Array(key.length + value.length)
  bytes.set(key)
  bytes.set(value, key.length)
  builder.add(bytes, 0, key.length, key.length, bytes.length, timestamp)
}

export function keyedSource(records: readonly Keyed[]): RecordSource {
  return {
    count: records.length,
    bytesMax: records.reduce((sum, { key, value }) => sum + key.length + value.length + 60, 0),
    write(builder, from, to, timestamp) {
      for (const record of records.slice(from, to)) addTo(builder, record, timestamp)
    },
  }
}

export function transactionBatch(
  records: readonly Keyed[],
  timestamp: number,
  producer: { readonly producerId: number; readonly epoch: number; readonly sequence: number },
): Uint8Array {
  const builder = createBatchBuilder()
  for (const record of records) addTo(builder, record, timestamp)
  const { producerId, epoch, sequence } = producer
  return builder.finish({
    producerId,
    producerEpoch: epoch,
    baseSequence: sequence,
    transactional: true,
  }).bytes
}

/** Notes records as sent, by the operation; offsets are filled in once they are told. */
export function noteSends(operation: Operation, partition: string, records: readonly Keyed[]): SendEvent[] {
  return records.map(({ key, value }) => {
    const send: SendEvent = { kind: "send", partition, value, key }
    operation.events.push(send)
    return send
  })
}

export function setOffsets(sends: readonly SendEvent[], baseOffset: number): void {
  for (const [index, send] of sends.entries()) send.offset = baseOffset + index
}

export type Asked<T> =
  | { readonly state: "done"; readonly value: T }
  /** The log's answer: it did not happen, unless the code says that nobody knows. */
  | { readonly state: "refused"; readonly error: LogError }
  /** The process died, or the store did not answer. */
  | { readonly state: "lost" }

/** Asks some living process. Whatever it says that no client should see is a violation. */
export async function ask<T>(
  context: StreamContext,
  prng: Prng,
  work: (log: Log) => Promise<T>,
): Promise<Asked<T>> {
  const { hosts } = context
  const host = await hosts.pick(prng)
  const called = await hosts.call(host, work)
  if (called.state === "done") return called
  if (called.state === "lost") return { state: "lost" }
  const { error } = called
  if (error instanceof LogError) {
    if (error.code === "log_damaged") hosts.violated(`${error.message}`)
    if (error.code === "outcome_unknown" || error.code === "overloaded") return { state: "lost" }
    return { state: "refused", error }
  }
  if (!(error instanceof StorageError && error.code === "unavailable")) {
    hosts.violated((error as Error).stack ?? String(error))
  }
  return { state: "lost" }
}

/** The topic that a name stands for now; undefined when it has none, or nobody answers. */
export async function findTopic(context: StreamContext, prng: Prng, name: string, anew = false) {
  const asked = await ask(context, prng, log => log.topic(name, anew))
  if (asked.state !== "done") return undefined
  context.topicNames.set(asked.value.id, name)
  return asked.value
}

export async function rest(context: StreamContext, prng: Prng): Promise<void> {
  const long = prng.chance(context.scenario.restChance)
  await context.hosts.pause(
    long ? prng.magnitude(REST_MS_MIN, REST_MS_MAX) : prng.magnitude(1, 5 * SECOND_MS),
  )
}
