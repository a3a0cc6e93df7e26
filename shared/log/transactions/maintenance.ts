import { StorageError } from "../../storage/errors.ts"
import type { Appends } from "../appends.ts"
import { LogError } from "../errors.ts"
import { fewAtOnce } from "../few-at-once.ts"
import { findProducer } from "../fold.ts"
import type { Partitions } from "../partitions.ts"
import { MARKERS_AT_ONCE, OVERDUE_STEP_IDS, TRANSACTIONAL_ID_KEPT_MS } from "./limits.ts"
import { markAll } from "./markers.ts"
import { sameEpoch, type TransactionEpoch, type TransactionRead } from "./transaction-item.ts"
import type { TransactionItems } from "./transaction-items.ts"
import type { Overdue, TopicPartition } from "./types.ts"

/** How transactions are brought to their end. */
export interface Carrying {
  complete(read: TransactionRead): Promise<void>
  abortOverdue(read: TransactionRead): Promise<void>
}

/** Ends what others left open: for readers that are stopped by it, and for maintenance. */
export class Maintenance {
  readonly #items: TransactionItems
  readonly #partitions: Partitions
  readonly #appends: Pick<Appends, "mark">
  readonly #carrying: Carrying

  constructor(
    items: TransactionItems,
    partitions: Partitions,
    appends: Pick<Appends, "mark">,
    carrying: Carrying,
  ) {
    this.#items = items
    this.#partitions = partitions
    this.#appends = appends
    this.#carrying = carrying
  }

  /** Returns whether something changed. */
  async settle(producerId: number, at: TopicPartition | undefined): Promise<boolean> {
    const transactionalId = await this.#items.ofProducer(producerId)
    // The partition first: the item then tells of whatever is open there.
    const open = at && (await this.#openEpoch(producerId, at))
    const read = transactionalId === undefined ? undefined : await this.#items.read(transactionalId)
    if (read !== undefined && (await this.#carry(read))) return true
    if (at === undefined || open === undefined) return false
    return this.#endStray({ producerId, ...open }, read, at)
  }

  /** The epoch of the transaction that a producer has open in a partition, and the store time of the look, epoch ms. */
  async #openEpoch(
    producerId: number,
    { topicId, partition }: TopicPartition,
  ): Promise<{ readonly epoch: number; readonly date: number } | undefined> {
    const { state, asOf: date } = await this.#partitions.view(topicId, partition)
    const known = state && findProducer(state, producerId)
    return known !== undefined && known.openSince >= 0 ? { epoch: known.epoch, date } : undefined
  }

  /** Whether there was something to carry through. */
  async #carry(read: TransactionRead): Promise<boolean> {
    const { state, deadline } = read.state
    if (state === "committing" || state === "aborting") await this.#carrying.complete(read)
    else if (state === "ongoing" && read.date > deadline) await this.#carrying.abortOverdue(read)
    else return false
    return true
  }

  /**
   * Ends what is open in a partition of a transaction that is over: a batch that came so late that the partition had
   * forgotten its producer. It takes the outcome recorded for its epoch, and abort if there is none, or the transactional id is
   * forgotten.
   */
  async #endStray(
    open: TransactionEpoch & { readonly date: number },
    read: TransactionRead | undefined,
    at: TopicPartition,
  ): Promise<boolean> {
    if (read !== undefined && sameEpoch(read.state, open)) return false
    const decided = read?.state.decided.find(one => sameEpoch(one, open))
    const date = Math.min(open.date, read?.date ?? open.date)
    await markAll(this.#appends, [at], { ...open, committed: decided?.committed === true }, date)
    return true
  }

  async settleOverdue(after?: string): Promise<Overdue> {
    const names = await this.#items.names(after, OVERDUE_STEP_IDS)
    let settled = 0
    let forgotten = 0
    await fewAtOnce(names, MARKERS_AT_ONCE, async name => {
      try {
        const read = await this.#items.read(name)
        if (read === undefined) return
        if (await this.#carry(read)) settled++
        else if (idle(read) && (await this.#items.forget(read))) forgotten++
      } catch (error) {
        // One that cannot be carried through now does not keep the others waiting.
        if (!(error instanceof LogError) && !(error instanceof StorageError && error.retryable)) throw error
      }
    })
    const next = names.length < OVERDUE_STEP_IDS ? undefined : names.at(-1)
    return { looked: names.length, settled, forgotten, ...(next === undefined ? {} : { next }) }
  }

  /** Every transactional id's item, in the order of their names. */
  async all(): Promise<readonly TransactionRead[]> {
    const names = await this.#items.names(undefined, Number.MAX_SAFE_INTEGER)
    const found = await fewAtOnce(names, MARKERS_AT_ONCE, name => this.#items.read(name))
    return found.filter(read => read !== undefined)
  }
}

function idle({ state, date }: TransactionRead): boolean {
  return state.state === "empty" && date - state.used > TRANSACTIONAL_ID_KEPT_MS
}
