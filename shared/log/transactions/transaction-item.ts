import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { ByteReader, ByteWriter } from "../packing.ts"
import { TRANSACTION_EPOCH_MAX } from "./limits.ts"
import type { TopicPartition, TransactionDescription } from "./types.ts"

export const TRANSACTION_FORMAT = 1
const TRANSACTION_SK = "transaction"
/** All transactional ids lie under one key, so that listing is a query. */
export const TRANSACTIONS_PK = "transactions"

/** A producer's id and epoch: one transaction. */
export interface TransactionEpoch {
  readonly producerId: number
  readonly epoch: number
}

/** How a transaction ended. */
export interface Decided extends TransactionEpoch {
  readonly committed: boolean
  /** The epoch that its client goes on with. */
  readonly next: TransactionEpoch
  /** Base offsets of what was committed at once; kept for the last transaction alone. */
  readonly offsets: readonly number[]
}

/** What is stored of a transactional id. */
export interface TransactionState extends TransactionEpoch {
  /**
   * `empty`: the epoch has not begun to append, and those before it are complete. `committing`, `aborting`: the last of
   * `decided` is, and `partitions` may still lack its markers.
   */
  readonly state: TransactionDescription["state"]
  readonly partitions: readonly TopicPartition[]
  /** How long its transactions may be open. */
  readonly timeoutMs: number
  /** Store time after which anybody may abort it, epoch ms; 0: it is not open. */
  readonly deadline: number
  /** The newest last. */
  readonly decided: readonly Decided[]
  /** Store time at or before the last write, epoch ms. */
  readonly used: number
}

/** A transactional id's item as it was read or written. */
export interface TransactionRead {
  readonly transactionalId: string
  readonly version: string
  /** Store time of the read or write that it rests on, epoch ms. */
  readonly date: number
  /** When that was answered, by the own clock's `elapsed`. */
  readonly elapsed: number
  readonly state: TransactionState
}

export function transactionKey(transactionalId: string): { pk: string; sk: string } {
  return { pk: `txn#${transactionalId}`, sk: TRANSACTION_SK }
}

/** The epoch after this one; `fresh` gives a new producer id once they have run out. */
export function epochAfter({ producerId, epoch }: TransactionEpoch, fresh: () => number): TransactionEpoch {
  return epoch >= TRANSACTION_EPOCH_MAX ? { producerId: fresh(), epoch: 0 } : { producerId, epoch: epoch + 1 }
}

export function sameEpoch(left: TransactionEpoch, right: TransactionEpoch): boolean {
  return left.producerId === right.producerId && left.epoch === right.epoch
}

function packPartitions(partitions: readonly TopicPartition[]): Uint8Array {
  const byTopic = new Map<string, number[]>()
  for (const { topicId, partition } of partitions) {
    const listed = byTopic.get(topicId)
    if (listed === undefined) byTopic.set(topicId, [partition])
    else listed.push(partition)
  }
  const out = new ByteWriter(16 + partitions.length * 4)
  out.unsigned(byTopic.size)
  for (const [topicId, listed] of byTopic) {
    out.text(topicId)
    out.unsigned(listed.length)
    for (const partition of listed) out.unsigned(partition)
  }
  return out.bytes()
}

function unpackPartitions(from: ByteReader): TopicPartition[] {
  const partitions: TopicPartition[] = []
  for (let topics = from.unsigned(); topics > 0; topics--) {
    const topicId = from.text()
    for (let left = from.unsigned(); left > 0; left--)
      partitions.push({ topicId, partition: from.unsigned() })
  }
  if (!from.atEnd()) throw new RangeError("bytes after the last partition")
  return partitions
}

function packDecided(decided: readonly Decided[]): Uint8Array {
  const out = new ByteWriter(64)
  out.unsigned(decided.length)
  for (const { producerId, epoch, committed, next, offsets } of decided) {
    out.unsigned(producerId)
    out.unsigned(epoch)
    out.byte(committed ? 1 : 0)
    out.unsigned(next.producerId)
    out.unsigned(next.epoch)
    out.unsigned(offsets.length)
    for (const offset of offsets) out.unsigned(offset)
  }
  return out.bytes()
}

function unpackDecided(from: ByteReader): Decided[] {
  const decided: Decided[] = []
  for (let left = from.unsigned(); left > 0; left--) {
    const [producerId, epoch, committed] = [from.unsigned(), from.unsigned(), from.byte() === 1]
    const next = { producerId: from.unsigned(), epoch: from.unsigned() }
    const offsets: number[] = []
    for (let count = from.unsigned(); count > 0; count--) offsets.push(from.unsigned())
    decided.push({ producerId, epoch, committed, next, offsets })
  }
  if (!from.atEnd()) throw new RangeError("bytes after the last outcome")
  return decided
}

export function transactionItem(transactionalId: string, version: string, state: TransactionState): Item {
  const { producerId, epoch, timeoutMs, deadline, used } = state
  const fields = {
    v: TRANSACTION_FORMAT,
    id: producerId,
    epoch,
    state: state.state,
    partitions: packPartitions(state.partitions),
    timeoutMs,
    deadline,
    decided: packDecided(state.decided),
    used,
  }
  return { ...transactionKey(transactionalId), version, fields }
}

const STATES: readonly string[] = ["empty", "ongoing", "committing", "aborting"]

/** Throws `StorageError`: `unknown_format` for a version that this code does not know, `corrupt`. */
export function readTransaction(item: Item, date: number, elapsed: number): TransactionRead {
  const { fields, version } = item
  const transactionalId = item.pk.slice(item.pk.indexOf("#") + 1)
  const where = `transaction ${transactionalId}`
  if (fields.v !== TRANSACTION_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `${where}: format ${String(fields.v)}, expected ${TRANSACTION_FORMAT}`,
    )
  }
  try {
    if (!STATES.includes(String(fields.state))) throw new RangeError(`state ${String(fields.state)}`)
    const state: TransactionState = {
      producerId: fields.id as number,
      epoch: fields.epoch as number,
      state: fields.state as TransactionState["state"],
      partitions: unpackPartitions(new ByteReader(fields.partitions as Uint8Array)),
      timeoutMs: fields.timeoutMs as number,
      deadline: fields.deadline as number,
      decided: unpackDecided(new ByteReader(fields.decided as Uint8Array)),
      used: fields.used as number,
    }
    return { transactionalId, version, date, elapsed, state }
  } catch (cause) {
    throw new StorageError("corrupt", `${where}: ${(cause as Error).message}`, { cause })
  }
}
