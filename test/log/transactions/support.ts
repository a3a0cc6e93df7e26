import type { OffsetCommit } from "../../../shared/log/groups/types.ts"
import { openLog } from "../../../shared/log/open-log.ts"
import type { LogOptions } from "../../../shared/log/options.ts"
import { createBatchBuilder, decodeRecords } from "../../../shared/log/records/index.ts"
import type { TransactionBatch, TransactionResult } from "../../../shared/log/transactions/types.ts"
import type { AppendResult, FetchRequest, Log } from "../../../shared/log/types.ts"
import type { CountingStores } from "../../../shared/storage/counting.ts"
import type { Faults } from "../../../shared/storage/memory/faults.ts"
import { localLogs } from "../../support/local-log.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Stores, and processes over them. */
export interface World {
  readonly log: Log
  readonly counts: CountingStores
  /** Of topic `events`. */
  readonly topicId: string
  /** Another process over the same stores, which remembers nothing. */
  another(faults?: Faults): Log
  /** Moves time on, everywhere. */
  advance(ms: number): void
}

export async function memoryWorld(
  partitions = 2,
  faults?: Faults,
  options?: Partial<LogOptions>,
): Promise<World> {
  const ports = memoryPorts({ faults })
  const log = openLog(ports, options)
  const { id: topicId } = await log.createTopic({ name: "events", partitions, owner: "http" })
  let seed = 0
  const another = (other?: Faults) => {
    const { clock } = ports
    return openLog({ ...memoryPorts({ stores: ports.stores, seed: ++seed, faults: other }), clock }, options)
  }
  return { log, counts: ports.counts, topicId, another, advance: ports.advance }
}

export async function localWorld(partitions = 2): Promise<World> {
  const { counts, open, advance } = await localLogs()
  const log = open()
  const { id: topicId } = await log.createTopic({ name: "events", partitions, owner: "http" })
  return { log, counts, topicId, another: open, advance }
}

export const homes: readonly (readonly [string, (partitions?: number) => Promise<World>])[] = [
  ["memory", memoryWorld],
  ["local", localWorld],
]

/** Encodes a transactional batch. */
export function transactional(
  values: readonly string[],
  stamp: { producerId: number; epoch: number; sequence: number },
): Uint8Array {
  const builder = createBatchBuilder()
  for (const value of values) {
    const bytes = encoder.encode(value)
    builder.add(bytes, -1, -1, 0, bytes.length, 1_000)
  }
  const { producerId, epoch: producerEpoch, sequence: baseSequence } = stamp
  return builder.finish({ producerId, producerEpoch, baseSequence, transactional: true }).bytes
}

/** A client of one transactional id. */
export class Producer {
  log: Log
  readonly id: string
  producerId = -1
  epoch = -1
  readonly #sequences = new Map<string, number>()

  constructor(log: Log, id = "orders") {
    this.log = log
    this.id = id
  }

  async init(timeoutMs = 60_000): Promise<this> {
    this.#goOn(await this.log.transactions.init(this.id, timeoutMs))
    return this
  }

  #goOn({ producerId, epoch }: { producerId: number; epoch: number }): void {
    this.producerId = producerId
    this.epoch = epoch
    this.#sequences.clear()
  }

  batch(values: readonly string[], partition = 0, topic = "events"): TransactionBatch {
    const sequence = this.#sequences.get(`${topic}#${partition}`) ?? 0
    this.#sequences.set(`${topic}#${partition}`, sequence + values.length)
    const { producerId, epoch } = this
    return { topic, partition, bytes: transactional(values, { producerId, epoch, sequence }) }
  }

  async append(values: readonly string[], partition = 0, topic = "events"): Promise<AppendResult> {
    const { bytes: batch } = this.batch(values, partition, topic)
    const [result] = await this.log.append({ topic, parts: [{ partition, batch }] })
    return result
  }

  async commit(
    batches: readonly TransactionBatch[] = [],
    offsets: readonly OffsetCommit[] = [],
  ): Promise<TransactionResult> {
    const { id: transactionalId, producerId, epoch } = this
    const groups = offsets.length === 0 ? [] : [{ group: "g", offsets }]
    const result = await this.log.transactions.commit({
      transactionalId,
      producerId,
      epoch,
      batches,
      offsets: groups,
    })
    this.#goOn(result.next)
    return result
  }

  async abort(): Promise<TransactionResult> {
    const result = await this.log.transactions.abort(this.id, this.producerId, this.epoch)
    this.#goOn(result.next)
    return result
  }
}

/** Everything that a reader gets of a partition, without waiting: its values, and where it stands then. */
export async function read(
  log: Log,
  topicId: string,
  partition = 0,
  isolation: FetchRequest["isolation"] = "read_committed",
  maxBytes = 1_000_000,
): Promise<{ values: string[]; offsets: number[]; next: number }> {
  const values: string[] = []
  const offsets: number[] = []
  for (let offset = 0; ; ) {
    const fetched = await log.fetch(topicId, partition, { offset, maxBytes, isolation })
    for (const { bytes } of fetched.batches) {
      for (const record of decodeRecords(bytes)) {
        if (record.offset < offset) continue
        values.push(decoder.decode(record.value ?? new Uint8Array()))
        offsets.push(record.offset)
      }
    }
    if (fetched.nextOffset === offset) return { values, offsets, next: offset }
    offset = fetched.nextOffset
  }
}

export async function values(
  log: Log,
  topicId: string,
  partition = 0,
  isolation?: FetchRequest["isolation"],
): Promise<string> {
  return (await read(log, topicId, partition, isolation)).values.join("")
}

/** Takes a producer to the last epoch of its id, as if it had been there often. */
export async function lastEpoch({ counts }: World, producer: Producer): Promise<void> {
  const key = { pk: `txn#${producer.id}`, sk: "transaction" }
  const { item } = await counts.meta.get("meta", key)
  if (item === undefined) throw new Error("no such transactional id")
  const version = `${item.version.slice(1)}e`
  await counts.meta.put("meta", { ...item, version, fields: { ...item.fields, epoch: 32_766 } })
  producer.epoch = 32_766
}
