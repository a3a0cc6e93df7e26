import type { Batch } from "./batches.ts"
import type { Failure } from "./failure.ts"

/** Partitions sent to at once; each has one request under way, so that its order and sequence hold. */
const PARTITIONS_AT_ONCE = 4

/** The first pause before a request is sent again, and the longest. */
const RETRY_MS = 100
const RETRY_MS_MAX = 2_000

/** A server that fails for longer than this is given up. */
const RETRY_TOTAL_MS = 60_000

/** Sends one batch until all of it is taken; `took` is told of records that are. Throws `Failure`. */
export type Delivery = (batch: Batch, took: (records: number) => void) => Promise<void>

/** Calls `attempt` until it returns nothing; what it returns is thrown once it has come for too long. */
export async function again(attempt: () => Promise<Failure | undefined>): Promise<void> {
  let waited = 0
  for (let retryMs = RETRY_MS; ; retryMs = Math.min(RETRY_MS_MAX, 2 * retryMs)) {
    const problem = await attempt()
    if (problem === undefined) return
    if (waited >= RETRY_TOTAL_MS) throw problem
    await new Promise(resolve => setTimeout(resolve, retryMs))
    waited += retryMs
  }
}

/** Sends batches to several partitions at once, each partition's in their order. */
export class Sender {
  /** Records that the server has acknowledged. */
  acknowledged = 0
  readonly #deliver: Delivery
  readonly #underWay = new Map<number, Promise<void>>()
  #failure: unknown

  constructor(deliver: Delivery) {
    this.#deliver = deliver
  }

  /** Takes a batch; resolves as soon as there is room for the next one. Throws what an earlier batch failed with. */
  async send(batch: Batch): Promise<void> {
    await this.#underWay.get(batch.partition)
    while (this.#underWay.size >= PARTITIONS_AT_ONCE) await Promise.race(this.#underWay.values())
    this.#throwFailure()
    const took = (records: number) => {
      this.acknowledged += records
    }
    const sent = this.#deliver(batch, took)
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
}
