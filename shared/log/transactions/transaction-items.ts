import { LRUCache } from "lru-cache"
import { StorageError } from "../../storage/errors.ts"
import type { Item, TransactionStep } from "../../storage/meta-store.ts"
import { readAgain, settlePut, settleTransaction } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { WRITE_AFTER_READ_MS } from "../limits.ts"
import type { Producers } from "../producers.ts"
import { TRANSACTIONS_CACHED_MAX } from "./limits.ts"
import {
  readTransaction,
  TRANSACTION_FORMAT,
  TRANSACTIONS_PK,
  type TransactionRead,
  type TransactionState,
  transactionItem,
  transactionKey,
} from "./transaction-item.ts"

/** What became of a write: the item as it is now, or that something else stood in the way. */
export type Replaced =
  | { readonly outcome: "written"; readonly read: TransactionRead }
  /** Another write of the item came first. */
  | { readonly outcome: "overtaken" }
  /** A step beside the item was refused; nothing was written. */
  | { readonly outcome: "refused"; readonly step: TransactionStep; readonly standing: Item | undefined }
  /** What it rests on is too old; nothing was written. */
  | { readonly outcome: "expired" }

/** What is written with an item, and until when. */
export interface Together {
  readonly steps?: readonly TransactionStep[]
  /** Store time, epoch ms. */
  readonly notAfter?: number
}

/** The items of transactional ids. Every change is one conditional write; what was read last is remembered. */
export class TransactionItems {
  readonly #ports: Ports
  readonly #producers: Producers
  readonly #cached = new LRUCache<string, TransactionRead>({ max: TRANSACTIONS_CACHED_MAX })

  constructor(ports: Ports, producers: Producers) {
    this.#ports = ports
    this.#producers = producers
  }

  /** As last read or written by this process: only what cannot change may be told from it. */
  cached(transactionalId: string): TransactionRead | undefined {
    return this.#cached.get(transactionalId)
  }

  async read(transactionalId: string): Promise<TransactionRead | undefined> {
    const key = transactionKey(transactionalId)
    const { item, date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    if (item !== undefined) return this.#keep(readTransaction(item, date, this.#elapsed()))
    this.#cached.delete(transactionalId)
    return undefined
  }

  /** Whose transactions a producer's are. */
  async ofProducer(producerId: number): Promise<string | undefined> {
    return (await this.#producers.given(producerId))?.transactional
  }

  /** A new producer id for a transactional id, and the step that gives it out. */
  freshProducer(transactionalId: string): { readonly id: number; readonly step: TransactionStep } {
    const { id, item } = this.#producers.fresh(transactionalId)
    return { id, step: { kind: "put", table: "meta", item, condition: { absent: true } } }
  }

  /** Makes the item of a transactional id that has none; undefined: somebody else has. Throws `outcome_unknown`. */
  async create(transactionalId: string, timeoutMs: number): Promise<TransactionRead | undefined> {
    const { random } = this.#ports
    const name = { pk: TRANSACTIONS_PK, sk: transactionalId }
    const { date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", name))
    const { id: producerId, step } = this.freshProducer(transactionalId)
    const state: TransactionState = {
      producerId,
      epoch: 0,
      state: "empty",
      partitions: [],
      timeoutMs,
      deadline: 0,
      decided: [],
      used: date,
    }
    const item = transactionItem(transactionalId, random.id(), state)
    const listed: Item = { ...name, version: random.id(), fields: { v: TRANSACTION_FORMAT } }
    const steps: TransactionStep[] = [
      { kind: "put", table: "meta", item, condition: { absent: true } },
      step,
      { kind: "put", table: "meta", item: listed },
    ]
    const options = { notAfter: date + WRITE_AFTER_READ_MS, token: random.id() }
    const settled = await settleTransaction(this.#ports, steps, { table: "meta", item }, options)
    if (settled.outcome === "unknown") throw undecided(transactionalId)
    if (settled.outcome === "refused") return undefined
    const { date: written } = settled
    return this.#keep({
      transactionalId,
      version: item.version,
      date: written,
      elapsed: this.#elapsed(),
      state,
    })
  }

  /** Puts a new state in the place of what was read, and what goes with it, or nothing. Throws `outcome_unknown`. */
  async replace(
    before: TransactionRead,
    next: Omit<TransactionState, "used">,
    { steps = [], notAfter = Number.POSITIVE_INFINITY }: Together = {},
  ): Promise<Replaced> {
    const { transactionalId } = before
    const state = { ...next, used: before.date }
    const item = transactionItem(transactionalId, this.#ports.random.id(), state)
    const condition = { version: before.version }
    const bound = Math.min(notAfter, before.date + WRITE_AFTER_READ_MS)
    this.#cached.delete(transactionalId)
    const settled =
      steps.length === 0
        ? await settlePut(this.#ports, "meta", item, { condition, notAfter: bound })
        : await settleTransaction(
            this.#ports,
            [{ kind: "put", table: "meta", item, condition }, ...steps],
            { table: "meta", item },
            { notAfter: bound, token: this.#ports.random.id() },
          )
    if (settled.outcome === "unknown") throw undecided(transactionalId)
    if (settled.outcome === "committed") {
      const { date } = settled
      const read = { transactionalId, version: item.version, date, elapsed: this.#elapsed(), state }
      return { outcome: "written", read: this.#keep(read) }
    }
    if (settled.reason === "expired") return { outcome: "expired" }
    if (settled.reason === "conflict" || settled.reason === "throttled") {
      throw new StorageError(
        "unavailable",
        `transaction ${transactionalId}: ${settled.reason}, again and again`,
      )
    }
    const standing = settled.standing
    if (standing !== undefined && "step" in standing && standing.step > 0) {
      const step = steps[standing.step - 1] as TransactionStep
      return { outcome: "refused", step, standing: standing.item as Item | undefined }
    }
    return { outcome: "overtaken" }
  }

  /** Forgets a transactional id, unless somebody used it since it was read. */
  async forget({ transactionalId, version, date }: TransactionRead): Promise<boolean> {
    this.#cached.delete(transactionalId)
    const steps: TransactionStep[] = [
      { kind: "delete", table: "meta", key: transactionKey(transactionalId), condition: { version } },
      { kind: "delete", table: "meta", key: { pk: TRANSACTIONS_PK, sk: transactionalId } },
    ]
    const options = { notAfter: date + WRITE_AFTER_READ_MS, token: this.#ports.random.id() }
    const { outcome } = await this.#ports.meta.transact(steps, options)
    return outcome === "committed"
  }

  /** Transactional ids in their order, after the one given, at most `limit`. */
  async names(after: string | undefined, limit: number): Promise<readonly string[]> {
    const names: string[] = []
    let from = after
    for (;;) {
      const query = { pk: TRANSACTIONS_PK, limit: limit - names.length }
      const page = await readAgain(this.#ports, () => this.#ports.meta.queryPage("meta", query, from))
      for (const { sk } of page.items) names.push(sk)
      from = page.next
      if (from === undefined || names.length >= limit) return names
    }
  }

  #elapsed(): number {
    return this.#ports.clock.elapsed()
  }

  #keep(read: TransactionRead): TransactionRead {
    this.#cached.set(read.transactionalId, read)
    return read
  }
}

function undecided(transactionalId: string): LogError {
  return new LogError(
    "outcome_unknown",
    `transaction of ${transactionalId}: what was asked may or may not be done; ask again to learn which`,
  )
}
