import type { Clock } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { REGISTERED_KEPT_MS, TRANSACTION_PARTITIONS_MAX, TRANSACTIONS_CACHED_MAX } from "./limits.ts"
import { sameEpoch, type TransactionEpoch, type TransactionRead } from "./transaction-item.ts"
import type { TransactionItems } from "./transaction-items.ts"
import type { TopicPartition } from "./types.ts"

/** A deadline may fall this much short of the time-out, for it is reckoned from what was known of the store's time. */
const DEADLINE_SHORT_MS = 500

interface Known {
  readonly epoch: number
  readonly places: Set<string>
  /** When the item said so, by the own clock's `elapsed`. */
  readonly elapsed: number
}

interface Waiting {
  readonly places: TopicPartition[]
  readonly done: Promise<void>
}

/** What registrations ask of the rest when they meet a transaction that has to end first. */
export interface Endings {
  /** Writes what markers are missing and says that the transaction is complete. */
  complete(read: TransactionRead): Promise<void>
  /** Aborts a transaction that has been open for too long. */
  abortOverdue(read: TransactionRead): Promise<void>
  /** Why a transaction takes nothing any more. */
  refusal(read: TransactionRead, asked: TransactionEpoch): LogError
}

/** Adds partitions to open transactions, as many by one write as wait together. */
export class Registrations {
  readonly #clock: Clock
  readonly #items: TransactionItems
  readonly #endings: Endings
  readonly #known = new Map<number, Known>()
  /** By producer id and epoch: what goes with the next write. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #last = new Map<string, Promise<void>>()

  constructor(clock: Clock, items: TransactionItems, endings: Endings) {
    this.#clock = clock
    this.#items = items
    this.#endings = endings
  }

  registered(producerId: number, epoch: number, place: TopicPartition): boolean {
    const known = this.#known.get(producerId)
    return known?.epoch === epoch && this.#isNew(known) && known.places.has(placeKey(place))
  }

  #isNew({ elapsed }: Pick<TransactionRead, "elapsed">): boolean {
    return this.#clock.elapsed() - elapsed < REGISTERED_KEPT_MS
  }

  /** Throws `fenced`, `invalid_transaction`, `transaction_too_large`, `outcome_unknown`. */
  register(producerId: number, epoch: number, places: readonly TopicPartition[]): Promise<void> {
    const missing = places.filter(place => !this.registered(producerId, epoch, place))
    if (missing.length === 0) return Promise.resolve()
    const key = `${producerId}#${epoch}`
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) {
      waiting.places.push(...missing)
      return waiting.done
    }
    const before = this.#last.get(key) ?? Promise.resolve()
    const done = before
      .catch(() => {})
      .then(() => {
        this.#waiting.delete(key)
        return this.#write({ producerId, epoch }, missing)
      })
      .finally(() => {
        if (this.#last.get(key) === done) this.#last.delete(key)
      })
    this.#waiting.set(key, { places: missing, done })
    this.#last.set(key, done)
    return done
  }

  async #write(asked: TransactionEpoch, places: readonly TopicPartition[]): Promise<void> {
    const transactionalId = await this.#items.ofProducer(asked.producerId)
    if (transactionalId === undefined) {
      throw new LogError("invalid_producer", `producer id ${asked.producerId} has no transactional id`)
    }
    let read = this.#items.cached(transactionalId)
    let anew = read === undefined || !this.#isNew(read)
    for (;;) {
      if (read === undefined || anew) read = await this.#items.read(transactionalId)
      if (read === undefined) throw forgotten(transactionalId)
      const { state } = read
      if (!sameEpoch(state, asked)) {
        // Another process may have done more with it than this one knows of.
        if (anew) throw this.#endings.refusal(read, asked)
        anew = true
        continue
      }
      if (state.state === "ongoing" && anew && read.date > state.deadline) {
        await this.#endings.abortOverdue(read)
        continue
      }
      anew = true
      if (state.state === "committing" || state.state === "aborting") {
        await this.#endings.complete(read)
        continue
      }
      const added = await this.#add(read, places)
      if (added !== undefined) return this.#learn(added)
    }
  }

  /** Undefined: somebody else changed the item first. */
  async #add(
    before: TransactionRead,
    places: readonly TopicPartition[],
  ): Promise<TransactionRead | undefined> {
    let read = before
    for (;;) {
      const { state } = read
      const date = read.date + (this.#clock.elapsed() - read.elapsed)
      const missing = missingOf(state.partitions, places)
      const begins = state.state === "empty"
      const late = !begins && read !== before && date + state.timeoutMs - state.deadline > DEADLINE_SHORT_MS
      if (!begins && !late && missing.length === 0) return read
      const partitions = [...state.partitions, ...missing]
      if (partitions.length > TRANSACTION_PARTITIONS_MAX) throw tooMany(partitions.length)
      const deadline = begins || late ? date + state.timeoutMs : state.deadline
      const replaced = await this.#items.replace(read, { ...state, state: "ongoing", partitions, deadline })
      if (replaced.outcome !== "written") return undefined
      // What was known of the store's time may have been old, for all that the own clock tells: then once more.
      if (!begins && !late) return replaced.read
      read = replaced.read
    }
  }

  #learn({ state, elapsed }: TransactionRead): void {
    if (this.#known.size >= TRANSACTIONS_CACHED_MAX) this.#known.clear()
    const places = new Set(state.partitions.map(placeKey))
    this.#known.set(state.producerId, { epoch: state.epoch, places, elapsed })
  }
}

/** Those that are not listed yet, each once. */
function missingOf(listed: readonly TopicPartition[], places: readonly TopicPartition[]): TopicPartition[] {
  const known = new Set(listed.map(placeKey))
  return places.filter(place => {
    const key = placeKey(place)
    if (known.has(key)) return false
    known.add(key)
    return true
  })
}

function placeKey({ topicId, partition }: TopicPartition): string {
  return `${topicId}#${partition}`
}

function forgotten(transactionalId: string): LogError {
  return new LogError(
    "unknown_transaction",
    `transactional id ${transactionalId} is not known: ask for it anew`,
  )
}

function tooMany(count: number): LogError {
  return new LogError(
    "transaction_too_large",
    `expected at most ${TRANSACTION_PARTITIONS_MAX} partitions in one transaction, got ${count}`,
  )
}
