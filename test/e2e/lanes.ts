import { pause, type Server } from "./support.ts"

/** What a lane wrote: `n` counts its records from 0. */
export interface Entry {
  readonly lane: string
  readonly n: number
  readonly pad: string
}

/** What became of the requests sent to one server process. */
export class Incarnation {
  answered = 0
  /** Sent, and no whole answer came. */
  unanswered = 0
  inFlight = 0
  /** Nothing is sent any more: what ends unanswered from here on was under way. */
  isKilled = false
}

/** The server as the producers see it: it is killed and replaced now and then. */
export interface Target {
  server: Server
  incarnation: Incarnation
}

/** Between tries, ms. */
const RETRY_MS = 15
const RECORDS_MAX = 24
const PAD = "x".repeat(400)

/** Answers after which the same request is sent again. */
const RETRYABLE = new Set(["outcome_unknown", "gap", "too_many_in_flight", "overloaded", "busy", "closing"])

export interface LaneOptions {
  readonly name: string
  readonly path: string
  /** With it requests carry producer headers: each record is in the log once, whatever is sent again. */
  readonly producer?: string
  /** Requests under way at once; more than one only for producers. */
  readonly pipelined?: number
}

/** A stream of requests that is sent, and sent again, until each is answered. */
export class Lane {
  readonly name: string
  readonly path: string
  readonly producer: string | undefined
  readonly #target: Target
  readonly #pipelined: number
  /** Records of acknowledged requests, as [first, count]. */
  readonly acknowledged: (readonly [first: number, count: number])[] = []
  acknowledgedRecords = 0
  /** Requests that were sent again after no answer came, and then answered. */
  retried = 0
  #next = 0
  #stopping = false

  constructor(target: Target, options: LaneOptions) {
    this.#target = target
    this.name = options.name
    this.path = options.path
    this.producer = options.producer
    this.#pipelined = options.pipelined ?? 1
  }

  /** Records that were sent, all of them acknowledged once `run` has resolved. */
  get count(): number {
    return this.#next
  }

  stop(): void {
    this.#stopping = true
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#pipelined }, () => this.#sendOneByOne()))
  }

  async #sendOneByOne(): Promise<void> {
    while (!this.#stopping) {
      const first = this.#next
      // Sizes differ, but not from run to run.
      const count = 1 + ((first * 7 + this.name.length) % RECORDS_MAX)
      this.#next += count
      await this.#deliver(first, count)
    }
  }

  async #deliver(first: number, count: number): Promise<void> {
    const entries: Entry[] = Array.from({ length: count }, (_, i) => ({
      lane: this.name,
      n: first + i,
      pad: PAD,
    }))
    const headers: Record<string, string> =
      this.producer === undefined
        ? {}
        : { "producer-id": this.producer, "producer-epoch": "0", "producer-seq": String(first) }
    for (let tries = 0; ; tries++) {
      if (await this.#try(entries, headers)) {
        this.acknowledged.push([first, count])
        this.acknowledgedRecords += count
        if (tries > 0) this.retried++
        return
      }
      await pause(RETRY_MS)
    }
  }

  async #try(entries: readonly Entry[], headers: Record<string, string>): Promise<boolean> {
    const { server, incarnation } = this.#target
    if (incarnation.isKilled) return false
    incarnation.inFlight++
    try {
      const answer = await server.produce(`${this.path}?summary`, entries, headers)
      incarnation.answered++
      if (answer.status === 200) return true
      const { reason } = answer.json
      if (reason === "duplicate") return true
      if (RETRYABLE.has(reason)) return false
      throw new Refused(`${this.name}: ${answer.status} ${answer.text}`)
    } catch (error) {
      if (error instanceof Refused) throw error
      incarnation.unanswered++
      return false
    } finally {
      incarnation.inFlight--
    }
  }
}

class Refused extends Error {}
