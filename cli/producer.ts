import { type Batch, lineFailure, ndjson } from "./batches.ts"
import { exitCodes, Failure } from "./failure.ts"
import { path, refusal, type Server } from "./http.ts"

/** Partitions sent to at once; each has one request under way, so that its order and sequence hold. */
const PARTITIONS_AT_ONCE = 4

/** The first pause before a request is sent again, and the longest. */
const RETRY_MS = 100
const RETRY_MS_MAX = 2_000

/** A server that fails for longer than this is given up. */
const RETRY_TOTAL_MS = 60_000

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Statuses after which the same request may succeed. */
const retryable = new Set([408, 429, 502, 503, 504])

/**
 * Sends batches so that each record is in the log once, whatever has to be sent again: an idempotent producer with a
 * sequence a partition.
 */
export class Producer {
  /** Records that the server has acknowledged. */
  acknowledged = 0
  readonly #server: Server
  readonly #topic: string
  readonly #key: string | undefined
  readonly #id: { readonly id: string; readonly epoch: number }
  readonly #sequences = new Map<number, number>()
  readonly #underWay = new Map<number, Promise<void>>()
  #failure: unknown

  private constructor(
    server: Server,
    topic: string,
    key: string | undefined,
    id: { readonly id: string; readonly epoch: number },
  ) {
    this.#server = server
    this.#topic = topic
    this.#key = key
    this.#id = id
  }

  static async create(server: Server, topic: string, key: string | undefined): Promise<Producer> {
    const id = await server.json<{ id: string; epoch: number }>("/producers", { method: "POST" })
    return new Producer(server, topic, key, id)
  }

  /** Takes a batch; resolves as soon as there is room for the next one. Throws what an earlier batch failed with. */
  async send(batch: Batch): Promise<void> {
    await this.#underWay.get(batch.partition)
    while (this.#underWay.size >= PARTITIONS_AT_ONCE) await Promise.race(this.#underWay.values())
    this.#throwFailure()
    const sent = this.#deliver(batch)
      .catch(error => {
        this.#failure ??= error
      })
      .finally(() => this.#underWay.delete(batch.partition))
    this.#underWay.set(batch.partition, sent)
  }

  /** Resolves once everything is acknowledged. */
  async flush(): Promise<void> {
    await Promise.all(this.#underWay.values())
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async #deliver(batch: Batch): Promise<void> {
    const { partition, lines } = batch
    const sequence = this.#sequences.get(partition) ?? 0
    const query = this.#key === undefined ? "" : `&key=${encodeURIComponent(this.#key)}`
    const url = `${path`/topics/${this.#topic}/partitions/${partition}`}?summary${query}`
    const headers = {
      "content-type": "application/x-ndjson",
      "producer-id": this.#id.id,
      "producer-epoch": String(this.#id.epoch),
      "producer-seq": String(sequence),
    }
    const body = ndjson(lines)
    let waited = 0
    for (let retryMs = RETRY_MS; ; retryMs = Math.min(RETRY_MS_MAX, 2 * retryMs)) {
      const problem = await this.#try(url, { headers, body }, batch)
      if (problem === undefined) break
      if (waited >= RETRY_TOTAL_MS) throw problem
      await pause(retryMs)
      waited += retryMs
    }
    this.#sequences.set(partition, sequence + lines.length)
    this.acknowledged += lines.length
  }

  /** Undefined: acknowledged. A failure that is returned may pass; one that is thrown is final. */
  async #try(
    url: string,
    request: { headers: Record<string, string>; body: Buffer<ArrayBuffer> },
    { lines }: Batch,
  ): Promise<Failure | undefined> {
    let response: Response
    try {
      response = await this.#server.send(url, { method: "POST", ...request })
    } catch (error) {
      if (error instanceof Failure) return error
      throw error
    }
    if (response.ok) {
      await response.arrayBuffer()
      return undefined
    }
    const { status, message, reason, detail } = await refusal(response)
    // Committed by an earlier try whose answer was lost.
    if (reason === "duplicate") return undefined
    if (retryable.has(status)) return new Failure(exitCodes.failed, message)
    throw lineFailure(message, detail.line, lines)
  }
}
