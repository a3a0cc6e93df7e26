import type { TransactionStep } from "../../storage/meta-store.ts"
import { notAfter as notAfterOf } from "../../storage/not-after.ts"
import type { Clock, Ports } from "../../storage/time.ts"
import type { Appends } from "../appends.ts"
import { LogError } from "../errors.ts"
import { APPEND_TIMEOUT_MS } from "../limits.ts"
import type { LogOptions } from "../options.ts"
import type { Partitions } from "../partitions.ts"
import type { Producers } from "../producers.ts"
import type { Reader } from "../reader.ts"
import type { Topics } from "../topics.ts"
import { Completion } from "./completion.ts"
import { OUTCOMES_KEPT } from "./limits.ts"
import { Maintenance } from "./maintenance.ts"
import { Registrations } from "./registrations.ts"
import { checkTimeout, checkTransactionalId, refusal } from "./request-checks.ts"
import { SmallCommit, type SmallCommitOptions } from "./small-commit.ts"
import { checkOffsets } from "./small-plan.ts"
import {
  type Decided,
  epochAfter,
  sameEpoch,
  type TransactionEpoch,
  type TransactionRead,
} from "./transaction-item.ts"
import { type Replaced, type Together, TransactionItems } from "./transaction-items.ts"
import type {
  CommitRequest,
  Overdue,
  Registrar,
  TopicPartition,
  TransactionalProducer,
  TransactionDescription,
  TransactionResult,
  Transactions,
} from "./types.ts"

export interface TransactionsOptions {
  readonly ports: Ports
  readonly options: LogOptions
  readonly topics: Topics
  readonly producers: Producers
  readonly partitions: Partitions
  readonly appends: Appends
  readonly reader: Reader
  readonly offsetSteps: SmallCommitOptions["offsetSteps"]
}

/** How a transaction is to end. */
interface Verdict {
  readonly committed: boolean
  /** The epoch after this one is for nobody: whoever had the transactional id is fenced. */
  readonly fences?: boolean
  readonly timeoutMs?: number
  readonly offsets?: readonly number[]
}

/** Transactions over the stores: all state of one lies in its item, so that any process may serve any call. */
export class StoredTransactions implements Transactions, Registrar {
  readonly #clock: Clock
  readonly #items: TransactionItems
  readonly #small: SmallCommit
  readonly #registrations: Registrations
  readonly #completion: Completion
  readonly #maintenance: Maintenance
  readonly #offsetSteps: SmallCommitOptions["offsetSteps"]

  constructor(all: TransactionsOptions) {
    const { ports, producers, partitions, appends } = all
    this.#clock = ports.clock
    this.#items = new TransactionItems(ports, producers)
    this.#offsetSteps = all.offsetSteps
    this.#small = new SmallCommit(all)
    this.#completion = new Completion(this.#items, appends)
    const abortOverdue = (read: TransactionRead) => this.#abortOverdue(read)
    const complete = async (read: TransactionRead) => void (await this.#completion.complete(read))
    this.#registrations = new Registrations(ports.clock, this.#items, { complete, abortOverdue, refusal })
    this.#maintenance = new Maintenance(this.#items, partitions, appends, { complete, abortOverdue })
  }

  async init(transactionalId: string, timeoutMs: number): Promise<TransactionalProducer> {
    checkTransactionalId(transactionalId)
    checkTimeout(timeoutMs)
    for (;;) {
      const read = await this.#items.read(transactionalId)
      if (read === undefined) {
        const made = await this.#items.create(transactionalId, timeoutMs)
        if (made !== undefined) return producerOf(made)
        continue
      }
      const { state } = read
      if (state.state === "committing" || state.state === "aborting") {
        await this.#completion.complete(read)
      } else if (state.state === "ongoing") {
        const replaced = await this.#decide(read, { committed: false, fences: true, timeoutMs })
        if (replaced.outcome === "written") {
          await this.#completion.complete(replaced.read)
          return producerOf(replaced.read)
        }
      } else {
        const steps: TransactionStep[] = []
        const next = epochAfter(state, () => this.#fresh(transactionalId, steps))
        const replaced = await this.#items.replace(read, { ...state, ...next, timeoutMs }, { steps })
        if (replaced.outcome === "written") return producerOf(replaced.read)
      }
    }
  }

  registered(producerId: number, epoch: number, place: TopicPartition): boolean {
    return this.#registrations.registered(producerId, epoch, place)
  }

  register(producerId: number, epoch: number, places: readonly TopicPartition[]): Promise<void> {
    return this.#registrations.register(producerId, epoch, places)
  }

  async refusal(producerId: number, epoch: number): Promise<LogError | undefined> {
    const transactionalId = await this.#items.ofProducer(producerId)
    const read = transactionalId === undefined ? undefined : await this.#items.read(transactionalId)
    const asked = { producerId, epoch }
    return read === undefined || sameEpoch(read.state, asked) ? undefined : refusal(read, asked)
  }

  async commit(request: CommitRequest): Promise<TransactionResult> {
    checkTransactionalId(request.transactionalId)
    checkOffsets(request)
    return this.#end(request.transactionalId, request, read => this.#tryCommit(read, request))
  }

  abort(transactionalId: string, producerId: number, epoch: number): Promise<TransactionResult> {
    checkTransactionalId(transactionalId)
    return this.#end(transactionalId, { producerId, epoch }, read => this.#decide(read, { committed: false }))
  }

  /** Answers from what is recorded, else tries to decide by what is known, and again as long as others come first. */
  async #end(
    transactionalId: string,
    asked: TransactionEpoch,
    attempt: (read: TransactionRead) => Promise<Replaced>,
  ): Promise<TransactionResult> {
    let read = this.#items.cached(transactionalId)
    let anew = read === undefined
    let refused: unknown
    const giveUpAt = this.#clock.elapsed() + APPEND_TIMEOUT_MS
    for (;;) {
      if (read === undefined || anew) read = await this.#items.read(transactionalId)
      if (read === undefined) throw unknownId(transactionalId)
      const { state } = read
      const decided = state.decided.find(one => sameEpoch(one, asked))
      if (decided !== undefined) {
        await this.#completion.completeIfItCan(read)
        return resultOf(decided)
      }
      if (refused !== undefined) throw refused
      if (!sameEpoch(state, asked)) {
        if (anew) throw refusal(read, asked)
        anew = true
        continue
      }
      anew = true
      if (state.state === "committing" || state.state === "aborting") {
        await this.#completion.complete(read)
        continue
      }
      try {
        const replaced = await attempt(read)
        if (replaced.outcome === "written") read = replaced.read
        anew = replaced.outcome !== "written"
        if (anew && this.#clock.elapsed() > giveUpAt) throw alwaysLate(transactionalId)
      } catch (error) {
        // What refuses it may be its own earlier try, or that somebody else has decided it.
        if (!(error instanceof LogError) || error.code === "outcome_unknown") throw error
        refused = error
      }
    }
  }

  async #tryCommit(read: TransactionRead, request: CommitRequest): Promise<Replaced> {
    const { batches, offsets } = request
    if (batches.length > 0) {
      if (read.state.state === "ongoing") throw alreadyAppended(request)
      return this.#small.commit(request, (steps, notAfter, bases) =>
        this.#decide(read, { committed: true, offsets: bases }, { steps, notAfter }),
      )
    }
    if (offsets.length === 0) return this.#decide(read, { committed: true })
    const { steps, date } = await this.#offsetSteps(offsets)
    return this.#decide(read, { committed: true }, { steps, notAfter: notAfterOf(date) })
  }

  /** Decides the transaction of the item's epoch, together with what only stands if it does. */
  #decide(
    read: TransactionRead,
    { committed, fences = false, timeoutMs, offsets = [] }: Verdict,
    { steps = [], notAfter }: Together = {},
  ): Promise<Replaced> {
    const { transactionalId, state } = read
    const { producerId, epoch, partitions } = state
    const ids: TransactionStep[] = []
    const fresh = () => this.#fresh(transactionalId, ids)
    const next = epochAfter(state, fresh)
    const current = fences ? epochAfter(next, fresh) : next
    const decided: Decided = { producerId, epoch, committed, next, offsets }
    const before = state.decided.slice(-OUTCOMES_KEPT + 1).map(one => ({ ...one, offsets: [] }))
    const ending = committed ? "committing" : "aborting"
    const after = {
      ...current,
      state: partitions.length === 0 ? "empty" : ending,
      partitions,
      timeoutMs: timeoutMs ?? state.timeoutMs,
      deadline: 0,
      decided: [...before, decided],
    } as const
    return this.#items.replace(read, after, { steps: [...steps, ...ids], notAfter })
  }

  #fresh(transactionalId: string, steps: TransactionStep[]): number {
    const { id, step } = this.#items.freshProducer(transactionalId)
    steps.push(step)
    return id
  }

  async #abortOverdue(read: TransactionRead): Promise<void> {
    const replaced = await this.#decide(read, { committed: false })
    if (replaced.outcome === "written") await this.#completion.complete(replaced.read)
  }

  settle(producerId: number, at?: TopicPartition): Promise<boolean> {
    return this.#maintenance.settle(producerId, at)
  }

  settleOverdue(after?: string): Promise<Overdue> {
    return this.#maintenance.settleOverdue(after)
  }

  async describe(transactionalId: string): Promise<TransactionDescription> {
    checkTransactionalId(transactionalId)
    const read = await this.#items.read(transactionalId)
    if (read === undefined) throw unknownId(transactionalId)
    return descriptionOf(read)
  }

  async list(): Promise<readonly TransactionDescription[]> {
    return (await this.#maintenance.all()).map(descriptionOf)
  }
}

function producerOf({ transactionalId, state }: TransactionRead): TransactionalProducer {
  return { transactionalId, producerId: state.producerId, epoch: state.epoch }
}

function resultOf({ committed, next, offsets }: Decided): TransactionResult {
  return { outcome: committed ? "committed" : "aborted", next, offsets }
}

function descriptionOf({
  transactionalId,
  state: { producerId, epoch, state, partitions, deadline },
}: TransactionRead) {
  return { transactionalId, producerId, epoch, state, partitions, ...(deadline === 0 ? {} : { deadline }) }
}

function unknownId(transactionalId: string): LogError {
  return new LogError(
    "unknown_transaction",
    `transactional id ${transactionalId} is not known: ask for it first`,
  )
}

function alwaysLate(transactionalId: string): LogError {
  return new LogError("overloaded", `transaction of ${transactionalId}: others were always first; try again`)
}

function alreadyAppended({ epoch }: CommitRequest): LogError {
  return new LogError(
    "invalid_transaction",
    `transaction ${epoch} has begun to append: what is committed at once comes with the commit as a whole`,
  )
}
