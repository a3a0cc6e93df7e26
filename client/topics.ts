import type { Connection } from "./connection.ts"
import { type ClientError, clientError } from "./errors.ts"

/** A topic that grew is known to have grown after this long, as everywhere. */
const REREAD_MS = 60_000

interface Known {
  readonly partitions: number
  readonly readAt: number
}

interface TopicAnswer {
  readonly partitions: readonly unknown[]
}

/** How many partitions topics have, as of a minute ago at most. */
export class Topics {
  readonly #connection: Connection
  readonly #timeoutMs: number
  readonly #known = new Map<string, Known>()
  readonly #reading = new Map<string, Promise<number>>()

  /** @param timeoutMs how long a topic that cannot be asked for is tried */
  constructor(connection: Connection, timeoutMs: number) {
    this.#connection = connection
    this.#timeoutMs = timeoutMs
  }

  /** What is known without asking; a count that is due to be read again is read meanwhile. */
  known(topic: string): number | undefined {
    const found = this.#known.get(topic)
    if (found === undefined) return undefined
    if (performance.now() - found.readAt > REREAD_MS) this.read(topic).catch(() => undefined)
    return found.partitions
  }

  /** Rejects with `unknown_topic`, `forbidden` …, or what does not pass within the call's time. */
  read(topic: string): Promise<number> {
    let reading = this.#reading.get(topic)
    if (reading === undefined) {
      reading = this.#read(topic).finally(() => this.#reading.delete(topic))
      this.#reading.set(topic, reading)
    }
    return reading
  }

  async #read(topic: string): Promise<number> {
    try {
      const path = `/topics/${encodeURIComponent(topic)}`
      const options = { timeoutMs: this.#timeoutMs }
      const answer = await this.#connection.call<TopicAnswer>("GET", path, options)
      const partitions = answer.partitions.length
      this.#known.set(topic, { partitions, readAt: performance.now() })
      return partitions
    } catch (error) {
      const failure: ClientError = clientError(error)
      // What was known stands while the server cannot be asked, for as long as it may have changed.
      if (!failure.retriable) this.#known.delete(topic)
      throw failure
    }
  }
}
