import { FRAMED_TYPE, framePieces } from "../../shared/log/records/frames.ts"
import { type Connection, parseJson } from "../connection.ts"
import { ClientError, clientError, type ErrorForm, isInDoubt, serverError } from "../errors.ts"
import type { Batch } from "./batch.ts"
import { PartitionQueue, type ProducerIdentity } from "./partition-queue.ts"

/** Bodies hold 4 MiB; the head takes the rest. */
const PAYLOAD_BYTES_MAX = 4 * 1024 * 1024 - 256 * 1024
/** Batches of one request, so that its head keeps within that rest. */
const BATCHES_MAX = 500

export interface SenderOptions {
  readonly deliveryTimeoutMs: number
  /** Requests at once; each partition is in one of them at most. */
  readonly requestsMax: number
  /** The producer; `none`: batches have none, and one sent twice may stand twice; undefined: it is asked for, and `kick` follows. */
  readonly identity: () => ProducerIdentity | "none" | undefined
  /** A batch stands or has failed: its memory is free. */
  readonly onSettled: (batch: Batch, error?: ClientError) => void
  /** Nothing can be sent any more: another has taken the producer over. */
  readonly onFatal: (error: ClientError) => void
}

type Result = ErrorForm & { readonly partition: number; readonly offset?: number; readonly count?: number }

const decoder = new TextDecoder()

/** Sends sealed batches, each until it is answered for good, those of a partition in their order. */
export class BatchSender {
  readonly #connection: Connection
  readonly #options: SenderOptions
  readonly #queues = new Map<string, PartitionQueue>()
  /** Those that have batches, in the order in which they are served next. */
  #waiting: PartitionQueue[] = []
  #requests = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #fatal: ClientError | undefined
  #stopped = false

  constructor(connection: Connection, options: SenderOptions) {
    this.#connection = connection
    this.#options = options
  }

  queue(topic: string, partition: number): PartitionQueue {
    const key = `${topic}/${partition}`
    let queue = this.#queues.get(key)
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition)
      this.#queues.set(key, queue)
    }
    return queue
  }

  /** Takes a batch in; it is sent once it is sealed and `kick` is called. */
  add(queue: PartitionQueue, batch: Batch): void {
    if (this.#fatal !== undefined) {
      this.#settle(batch, this.#fatal)
      return
    }
    queue.batches.push(batch)
    if (!this.#waiting.includes(queue)) this.#waiting.push(queue)
  }

  /** Sends what can be sent. */
  kick(): void {
    if (this.#stopped || this.#waiting.length === 0 || this.#options.identity() === undefined) return
    while (this.#requests < this.#options.requestsMax) {
      const batches = this.#collect()
      if (batches.length === 0) return
      this.#requests++
      void this.#send(batches)
    }
  }

  /** Fails a batch that cannot be sent at all. */
  refuse(queue: PartitionQueue, batch: Batch, error: ClientError): void {
    queue.remove(batch)
    this.#settle(batch, error)
    this.kick()
  }

  /** Fails what waits, and goes on with what comes. */
  failWaiting(error: ClientError): void {
    for (const queue of this.#queues.values())
      for (const batch of queue.failAll(error)) this.#options.onSettled(batch, error)
  }

  /** Fails everything, for good. */
  fail(error: ClientError): void {
    this.#fatal ??= error
    for (const queue of this.#queues.values())
      for (const batch of queue.failAll(error)) this.#options.onSettled(batch, error)
    this.#waiting = []
    clearTimeout(this.#timer)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** The batches of one request, of as many partitions as fit. Who was served goes to the end. */
  #collect(): Batch[] {
    const now = performance.now()
    const known = this.#options.identity()
    const identity = known === "none" ? undefined : known
    const taken: Batch[] = []
    const served: PartitionQueue[] = []
    const others: PartitionQueue[] = []
    let bytes = 0
    for (const queue of this.#waiting) {
      this.#expire(queue, now)
      if (queue.batches.length === 0 && !queue.busy) continue
      const left = PAYLOAD_BYTES_MAX - bytes
      const isFree = !queue.busy && left > 0 && taken.length < BATCHES_MAX
      if (queue.notBefore > now) this.#wake(queue.notBefore - now)
      const batches = isFree && queue.notBefore <= now ? queue.next(identity, left) : []
      const size = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
      if (batches.length === 0 || (taken.length > 0 && size > left)) {
        others.push(queue)
        continue
      }
      bytes += size
      queue.busy = true
      taken.push(...batches)
      served.push(queue)
    }
    this.#waiting = [...others, ...served]
    return taken
  }

  #expire(queue: PartitionQueue, now: number): void {
    const { deliveryTimeoutMs } = this.#options
    const failed = queue.expire(now - deliveryTimeoutMs, batch => lateError(batch, deliveryTimeoutMs))
    for (const batch of failed) this.#options.onSettled(batch, lateError(batch, deliveryTimeoutMs))
  }

  #wake(ms: number): void {
    const at = performance.now() + ms
    if (at >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.kick()
    }, ms)
  }

  async #send(batches: readonly Batch[]): Promise<void> {
    const head = {
      batches: batches.map(({ topic, partition, bytes }) => ({ topic, partition, bytes: bytes.length })),
    }
    const pieces = framePieces(
      head,
      batches.map(batch => batch.signed()),
    )
    let results: readonly (Result | ClientError)[]
    try {
      const timeoutMs = Math.min(this.#options.deliveryTimeoutMs, this.#connection.requestTimeoutMs)
      const options = { pieces, contentType: FRAMED_TYPE, timeoutMs }
      const reply = await this.#connection.send("POST", "/produce", options)
      results = resultsOf(decoder.decode(reply.body), batches.length)
    } catch (error) {
      const failure = clientError(error)
      results = batches.map(() => failure)
    }
    this.#requests--
    const queues = Map.groupBy(batches.keys(), index =>
      this.queue(batches[index].topic, batches[index].partition),
    )
    for (const [queue, indexes] of queues) {
      queue.busy = false
      this.#judge(
        queue,
        indexes.map(index => [batches[index], results[index]] as const),
      )
    }
    this.kick()
  }

  /** What became of a partition's batches in one request. */
  #judge(queue: PartitionQueue, answered: readonly (readonly [Batch, Result | ClientError])[]): void {
    let failure: ClientError | undefined
    let gap = false
    let renumber = false
    for (const [batch, result] of answered) {
      if (batch.settled) continue
      const error = errorOf(batch, result)
      if (error === undefined) {
        queue.remove(batch)
        this.#settle(batch, undefined, (result as Result).offset ?? -1)
      } else if (error.code === "fenced") {
        this.#options.onFatal(fencedError(error))
        return
      } else if (error.retriable) {
        batch.inDoubt ||= isInDoubt(error)
        failure ??= error
      } else if (error.code === "gap") {
        batch.inDoubt = false
        gap = true
        // What is missing are earlier ones of this very request, which are sent again before it; or the server has forgotten us.
        if (failure === undefined && !renumber && this.#cannotRenumber(batch)) {
          queue.remove(batch)
          this.#settle(batch, error)
        } else if (failure === undefined) renumber = true
      } else {
        queue.remove(batch)
        this.#settle(batch, error)
        renumber = true
      }
    }
    if (renumber) queue.renumber()
    if (failure === undefined) {
      queue.attempts = 0
      return
    }
    queue.attempts++
    const pauseMs = gap && queue.attempts === 1 ? 0 : this.#connection.backoffMs(queue.attempts, failure)
    queue.notBefore = performance.now() + pauseMs
    this.#wake(pauseMs)
  }

  /** Sequences of a transaction are its own: none of it can be left out. */
  #cannotRenumber(batch: Batch): boolean {
    return batch.stamp === undefined || batch.stamp.transactional || batch.stamp.producerId < 0
  }

  #settle(batch: Batch, error: ClientError | undefined, offset = -1): void {
    if (error === undefined) batch.stands(offset)
    else batch.fails(error)
    this.#options.onSettled(batch, error)
  }
}

function resultsOf(text: string, count: number): readonly Result[] {
  const { results } = parseJson(text, "POST /produce") as { readonly results?: readonly Result[] }
  if (!Array.isArray(results) || results.length !== count)
    throw new ClientError("corrupt_reply", `POST /produce: expected ${count} results`, { retriable: true })
  return results
}

/** Undefined: the batch stands, now or since an earlier attempt. */
function errorOf({ topic, partition }: Batch, result: Result | ClientError): ClientError | undefined {
  if (result instanceof ClientError) return result
  if (result.reason === undefined || result.reason === "duplicate") return undefined
  const { partition: _, ...form } = result
  return serverError(`produce to ${topic}/${partition}`, form)
}

const fencedError = (error: ClientError): ClientError =>
  new ClientError("fenced", `${error.message}; this producer has been replaced, make a new one`, {
    detail: error.detail,
    cause: error,
  })

function lateError(batch: Batch, deliveryTimeoutMs: number): ClientError {
  const { topic, partition, inDoubt } = batch
  const what = `${batch.count} records for ${topic}/${partition} were not acknowledged within ${deliveryTimeoutMs} ms`
  const how = inDoubt ? "they may stand nevertheless" : "they were not appended"
  return new ClientError("delivery_timeout", `${what}: ${how}`, { detail: { inDoubt: inDoubt ? 1 : 0 } })
}
