import { Connection } from "../connection.ts"
import { ClientError, clientError } from "../errors.ts"
import { Topics } from "../topics.ts"
import type { Delivered, OutgoingRecord } from "../types.ts"
import { Accumulator } from "./accumulator.ts"
import type { Batch } from "./batch.ts"
import { BatchSender } from "./batch-sender.ts"
import { Delivery } from "./delivery.ts"
import { type ProducerOptions, type ProducerSettings, producerSettings } from "./options.ts"
import type { ProducerIdentity } from "./partition-queue.ts"
import { type Transaction, Transactor } from "./transaction.ts"

interface Parked {
  readonly record: OutgoingRecord
  readonly delivery: Delivery
}

/**
 * Appends records: in batches, each record once (unless `idempotent` is off), those of a partition in the order of their
 * `send`. Close it when done.
 */
export class Producer {
  readonly #settings: ProducerSettings
  readonly #connection: Connection
  readonly #topics: Topics
  readonly #sender: BatchSender
  readonly #accumulator: Accumulator
  readonly #transactor: Transactor | undefined
  /** Records that wait for memory, or for their topic to be known, in order. */
  #parked: Parked[] = []
  #draining = false
  #roomWaiters: (() => void)[] = []
  #identity: ProducerIdentity | "none" | undefined
  #identifying = false
  /** Of the first record that failed since the last `flush`. */
  #failure: ClientError | undefined
  #fatal: ClientError | undefined

  /** Throws `invalid`. */
  constructor(options: ProducerOptions) {
    this.#settings = producerSettings(options)
    this.#connection = new Connection(options)
    this.#topics = new Topics(this.#connection, this.#settings.deliveryTimeoutMs)
    const { deliveryTimeoutMs, requestsMax, idempotent } = this.#settings
    this.#identity = idempotent ? undefined : "none"
    this.#sender = new BatchSender(this.#connection, {
      deliveryTimeoutMs,
      requestsMax,
      identity: () => {
        if (this.#identity === undefined) this.#identify()
        return this.#identity
      },
      onSettled: (batch, error) => this.#settled(batch, error),
      onFatal: error => this.#end(error),
    })
    this.#accumulator = new Accumulator(this.#sender, this.#settings)
    const { transactionalId } = options
    if (transactionalId !== undefined)
      this.#transactor = new Transactor(transactionalId, this.#connection, this.#topics, this.#settings)
  }

  /**
   * Appends a record. The promise tells where it stands, once it is durable; nobody has to wait for it: what failed unheard,
   * `flush` tells. Above `bufferBytes` records wait; who sends without waiting asks `ready` now and then.
   *
   * Rejects with `unknown_topic`, `unknown_partition`, `record_too_large`, `delivery_timeout`, `buffer_full`, `fenced`,
   * `forbidden`, `closed`, and what else the server refuses it with.
   */
  send(record: OutgoingRecord): Promise<Delivered> {
    const delivery = new Delivery()
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      delivery.fail(refusal)
      return delivery
    }
    if (this.#parked.length > 0 || !this.#take(record, delivery)) this.#park(record, delivery)
    return delivery
  }

  /** Whether `send` makes records wait. */
  get isFull(): boolean {
    return this.#parked.length > 0 || this.#accumulator.heldBytes >= this.#settings.bufferBytes
  }

  /** Resolves once there is memory for further records: what bounds a loop that does not wait for its `send`s. */
  async ready(): Promise<void> {
    while (this.isFull && this.#fatal === undefined)
      await new Promise<void>(resolve => this.#roomWaiters.push(resolve))
  }

  /** Sends what waits, without lingering, and resolves once all of it stands. Rejects with what failed first since the last time. */
  async flush(): Promise<void> {
    while (this.#parked.length > 0 && this.#fatal === undefined) {
      this.#accumulator.closeAll()
      await new Promise<void>(resolve => this.#roomWaiters.push(resolve))
    }
    this.#accumulator.closeAll()
    await Promise.allSettled(this.#accumulator.live().map(batch => batch.done.promise))
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  /**
   * Runs `body`, whose records and offsets stand together, or not at all: it is committed when `body` resolves, and aborted
   * when it throws. One transaction at a time. Resolves to what `body` did.
   *
   * Rejects with what `body` threw; with `transaction_aborted` (run it again), `fenced_member` (the partitions were given to
   * another: aborted), `fenced` (another producer has the id: stop).
   */
  async transaction<T>(body: (transaction: Transaction) => Promise<T> | T): Promise<T> {
    if (this.#transactor === undefined)
      throw new ClientError("invalid", "transactionalId: is missing, a producer needs one for transactions")
    if (this.#fatal !== undefined) throw this.#fatal
    return this.#transactor.run(body)
  }

  /** Sends what waits and ends the producer. Rejects as `flush` does; it is closed nevertheless. */
  async close(): Promise<void> {
    try {
      if (this.#fatal === undefined) await this.flush()
    } finally {
      this.#end(new ClientError("closed", "the producer is closed: make a new one"))
    }
  }

  #refusal(): ClientError | undefined {
    if (this.#fatal !== undefined) return this.#fatal
    if (this.#transactor === undefined) return undefined
    return new ClientError("invalid", "a producer with a transactionalId sends inside of transaction() alone")
  }

  /** False: it has to wait. */
  #take(record: OutgoingRecord, delivery: Delivery): boolean {
    if (this.#accumulator.heldBytes >= this.#settings.bufferBytes) return false
    const partitions = this.#topics.known(record.topic)
    if (partitions === undefined) return false
    try {
      this.#accumulator.add(record, partitions, delivery)
    } catch (error) {
      this.#lose(delivery, clientError(error))
    }
    return true
  }

  #lose(delivery: Delivery, error: ClientError): void {
    this.#failure ??= error
    delivery.fail(error)
  }

  #park(record: OutgoingRecord, delivery: Delivery): void {
    if (this.#parked.length >= this.#settings.waitingMax) {
      const message = `${this.#parked.length} records wait for memory: await ready() in the loop that sends them`
      this.#lose(delivery, new ClientError("buffer_full", message, { retriable: true }))
      return
    }
    this.#parked.push({ record, delivery })
    void this.#drain()
  }

  /** Takes parked records in, in their order, until memory is used up. */
  async #drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    let at = 0
    for (; at < this.#parked.length && this.#fatal === undefined; at++) {
      const { record, delivery } = this.#parked[at]
      if (this.#topics.known(record.topic) === undefined) {
        const failure = await this.#topics.read(record.topic).then(() => undefined, clientError)
        if (failure !== undefined) {
          this.#lose(delivery, failure)
          continue
        }
      }
      if (!this.#take(record, delivery)) break
    }
    this.#parked = this.#parked.slice(at)
    this.#draining = false
    this.#tellRoom()
  }

  #tellRoom(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve()
  }

  /** Asks for a producer id; what waits for it fails where none is given. */
  #identify(): void {
    if (this.#identifying) return
    this.#identifying = true
    const timeoutMs = this.#settings.deliveryTimeoutMs
    this.#connection
      .call<{ id: string; epoch: number }>("POST", "/producers", { timeoutMs })
      .then(
        ({ id, epoch }) => {
          this.#identity = { producerId: Number(id), epoch, transactional: false }
          this.#sender.kick()
        },
        error => this.#sender.failWaiting(clientError(error)),
      )
      .finally(() => {
        this.#identifying = false
      })
  }

  #settled(batch: Batch, error: ClientError | undefined): void {
    this.#accumulator.free(batch)
    if (error !== undefined) this.#failure ??= error
    if (this.#parked.length > 0) void this.#drain()
    else this.#tellRoom()
  }

  #end(error: ClientError): void {
    this.#fatal ??= error
    this.#accumulator.closeAll()
    this.#accumulator.stop()
    this.#sender.fail(this.#fatal)
    this.#sender.stop()
    for (const { delivery } of this.#parked.splice(0)) delivery.fail(this.#fatal)
    this.#tellRoom()
  }
}
