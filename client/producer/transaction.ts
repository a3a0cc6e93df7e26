import { FRAMED_TYPE, framePieces } from "../../shared/log/records/frames.ts"
import { type Connection, parseJson } from "../connection.ts"
import { ClientError, clientError, isInDoubt } from "../errors.ts"
import type { Topics } from "../topics.ts"
import type { OutgoingRecord } from "../types.ts"
import { Accumulator, BATCH_BYTES_MAX } from "./accumulator.ts"
import type { Batch } from "./batch.ts"
import { BatchSender } from "./batch-sender.ts"
import { Delivery } from "./delivery.ts"
import type { ProducerSettings } from "./options.ts"
import type { ProducerIdentity } from "./partition-queue.ts"

/** What the server commits in one step, without markers: its slots and offsets together. */
const SMALL_ITEMS_MAX = 80
/** Bytes that a transaction holds in the client; more are appended before it is committed. */
const SMALL_BYTES_MAX = BATCH_BYTES_MAX
/** A repeat of what nobody answered goes on for at least so long, ms: a transaction should not be left open for want of one. */
const DECIDE_MS_MIN = 30_000

/** An offset that a group commits with the transaction. */
export interface TransactionOffset {
  readonly topic: string
  readonly topicId?: string
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
  readonly metadata?: string
}

/** Whose offsets a transaction commits: a `Consumer`, or what stands for one. */
export interface OffsetSource {
  /** The group, and the member that may commit for it. */
  stamp(): { readonly group: string; readonly member?: string; readonly memberEpoch?: number }
  /** Of all that was handed out: where to go on. */
  positions(): readonly TransactionOffset[]
}

/** What a transaction's body does its work with. */
export interface Transaction {
  /** Appends a record with the transaction. Resolves once the client has taken it in: await it, so that memory stays bounded. */
  send(record: OutgoingRecord): Promise<void>
  /** Commits a consumer's offsets with the transaction. @param offsets default: all that it has handed out so far */
  sendOffsets(consumer: OffsetSource, offsets?: readonly TransactionOffset[]): void
}

interface Ours {
  readonly producerId: number
  readonly epoch: number
}

interface Result {
  readonly outcome: "committed" | "aborted"
  readonly next: Ours
}

interface GroupOffsets {
  readonly group: string
  readonly member?: string
  readonly memberEpoch?: number
  readonly offsets: readonly TransactionOffset[]
}

/** Runs transactions of one transactional id, one after the other. */
export class Transactor {
  readonly #path: string
  readonly #connection: Connection
  readonly #topics: Topics
  readonly #settings: ProducerSettings
  /** The epoch of the next transaction; undefined: it has to be asked for, which decides what is open. */
  #ours: Ours | undefined
  #running = false
  /** Another has the id: what comes after must not take it back. */
  #fenced: ClientError | undefined

  constructor(id: string, connection: Connection, topics: Topics, settings: ProducerSettings) {
    this.#path = `/transactions/${encodeURIComponent(id)}`
    this.#connection = connection
    this.#topics = topics
    this.#settings = settings
  }

  async run<T>(body: (transaction: Transaction) => Promise<T> | T): Promise<T> {
    if (this.#fenced !== undefined) throw this.#fenced
    if (this.#running)
      throw new ClientError("invalid", "transaction: one is under way already, await it first")
    this.#running = true
    try {
      this.#ours ??= await this.#init()
      const open = new OpenTransaction(this.#ours, this.#connection, this.#topics, this.#settings)
      let done: { readonly value: T } | undefined
      try {
        done = { value: await body(open) }
        await this.#commit(open, this.#ours)
        return done.value
      } catch (error) {
        // It may be the server's answer that failed, and not the commit.
        if ((await this.#abort(open)) === "committed" && done !== undefined) return done.value
        if (error instanceof ClientError && error.code === "fenced") this.#fenced = fencedError(error)
        throw this.#fenced ?? error
      } finally {
        open.end()
      }
    } finally {
      this.#running = false
    }
  }

  async #init(): Promise<Ours> {
    const body = { timeoutMs: this.#settings.transactionTimeoutMs }
    return this.#connection.call<Ours>("POST", this.#path, { body })
  }

  get #decideMs(): number {
    return Math.max(DECIDE_MS_MIN, this.#settings.deliveryTimeoutMs)
  }

  async #commit(open: OpenTransaction, { producerId, epoch }: Ours): Promise<void> {
    const batches = await open.settle()
    const { offsets } = open
    if (batches.length === 0 && offsets.length === 0 && !open.isLarge) return
    const head = {
      producerId,
      epoch,
      batches: batches.map(({ topic, partition, bytes }) => ({ topic, partition, bytes: bytes.length })),
      offsets,
    }
    const pieces = framePieces(
      head,
      batches.map(batch => batch.signed()),
    )
    // From here on it may be committed: only an answer tells.
    this.#ours = undefined
    open.isDecided = true
    const options = { pieces, contentType: FRAMED_TYPE, timeoutMs: this.#decideMs }
    let result: Result
    try {
      const { body } = await this.#connection.persist("POST", `${this.#path}/commit`, options)
      result = parseJson(new TextDecoder().decode(body), "commit") as Result
    } catch (error) {
      const failure = clientError(error)
      // Refused, and not decided: it is aborted like any other.
      if (!isInDoubt(failure) && failure.code !== "fenced") open.isDecided = false
      throw failure
    }
    this.#ours = result.next
    if (result.outcome === "aborted") throw abortedError()
  }

  /** Best effort: what is not aborted here is aborted by its time-out, or by the next `init`. */
  async #abort(open: OpenTransaction): Promise<Result["outcome"] | undefined> {
    open.end()
    if (open.isDecided) return undefined
    const ours = open.identity
    // Nothing of it has left the client: the epoch is as good as before.
    if (!open.isLarge && this.#ours !== undefined) return undefined
    this.#ours = undefined
    const body = { producerId: ours.producerId, epoch: ours.epoch }
    try {
      const result = await this.#connection.call<Result>("POST", `${this.#path}/abort`, { body })
      this.#ours = result.next
      return result.outcome
    } catch {
      // The next transaction begins with an `init`.
      return undefined
    }
  }
}

const abortedError = (cause?: ClientError): ClientError =>
  new ClientError(
    "transaction_aborted",
    "the transaction was aborted: it was open for too long, or another took its id over; run it again",
    { cause, retriable: true },
  )

const fencedError = (cause: ClientError): ClientError =>
  new ClientError(
    "fenced",
    "another producer has taken the transactional id over: what was open is aborted; make a new producer, if this one should go on",
    { cause },
  )

class OpenTransaction implements Transaction {
  readonly identity: ProducerIdentity
  readonly #topics: Topics
  readonly #settings: ProducerSettings
  readonly #sender: BatchSender
  readonly #accumulator: Accumulator
  readonly #offsets: GroupOffsets[] = []
  readonly #partitions = new Set<string>()
  #sending: Promise<void> = Promise.resolve()
  #failure: ClientError | undefined
  #ended = false
  /** Batches were appended before the commit. */
  isLarge = false
  /** It was committed, or may have been. */
  isDecided = false

  constructor(ours: Ours, connection: Connection, topics: Topics, settings: ProducerSettings) {
    this.identity = { ...ours, transactional: true }
    this.#topics = topics
    this.#settings = settings
    const { deliveryTimeoutMs, requestsMax } = settings
    this.#sender = new BatchSender(connection, {
      deliveryTimeoutMs,
      requestsMax,
      identity: () => {
        // Asked for when something is about to be sent.
        this.isLarge = true
        return this.identity
      },
      onSettled: (batch, error) => {
        this.#accumulator.free(batch)
        this.#failure ??= error && (error.code === "invalid_transaction" ? abortedError(error) : error)
      },
      onFatal: error => this.#sender.fail(error),
    })
    // Held until the end, or until there is too much of it.
    const held = { ...settings, lingerMs: Number.POSITIVE_INFINITY, batchBytes: BATCH_BYTES_MAX }
    this.#accumulator = new Accumulator(this.#sender, held)
  }

  get offsets(): readonly GroupOffsets[] {
    return this.#offsets
  }

  send(record: OutgoingRecord): Promise<void> {
    // One after the other, whoever calls: their order is the caller's.
    this.#sending = this.#sending.then(() => this.#take(record))
    // Who does not await it hears of the failure at the commit.
    this.#sending.catch(() => undefined)
    return this.#sending
  }

  async #take(record: OutgoingRecord): Promise<void> {
    this.#check()
    const partitions = this.#topics.known(record.topic) ?? (await this.#topics.read(record.topic))
    const delivery = new Delivery()
    this.#accumulator.add(record, partitions, delivery)
    this.#partitions.add(`${record.topic}/${delivery.partition}`)
    if (this.#accumulator.heldBytes >= SMALL_BYTES_MAX) await this.#append()
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#ended) throw new ClientError("closed", "the transaction is over: its body has ended")
  }

  /** Appends what is held, as a transaction that is too large to be held does. */
  async #append(): Promise<void> {
    this.#accumulator.closeAll()
    while (this.#accumulator.heldBytes >= Math.min(SMALL_BYTES_MAX, this.#settings.bufferBytes)) {
      await Promise.race(this.#accumulator.live().map(batch => batch.done.promise)).catch(() => undefined)
      this.#check()
    }
  }

  sendOffsets(consumer: OffsetSource, offsets = consumer.positions()): void {
    this.#check()
    if (offsets.length > 0) this.#offsets.push({ ...consumer.stamp(), offsets })
  }

  /** The batches that the commit carries: none where they were appended before. Rejects with what failed of these. */
  async settle(): Promise<Batch[]> {
    await this.#sending
    this.#check()
    const offsets = this.#offsets.reduce((sum, each) => sum + each.offsets.length, 0)
    if (!this.isLarge && this.#partitions.size + offsets > SMALL_ITEMS_MAX && this.#partitions.size > 0)
      await this.#append()
    if (!this.isLarge) return this.#sealed()
    this.#accumulator.closeAll()
    await Promise.allSettled(this.#accumulator.live().map(batch => batch.done.promise))
    this.#check()
    return []
  }

  /** What is held, with its sequences. */
  async #sealed(): Promise<Batch[]> {
    const batches = this.#accumulator.takeAll()
    for (const batch of batches) {
      await batch.seal(this.#settings.compression)
      batch.restamp({ ...this.identity, sequence: 0 })
    }
    return batches
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#accumulator.stop()
    const over = new ClientError("closed", "the transaction is over")
    this.#sender.fail(over)
    this.#sender.stop()
    for (const batch of this.#accumulator.takeAll()) batch.fails(over)
  }
}
