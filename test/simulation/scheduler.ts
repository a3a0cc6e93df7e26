import type { SimEvent } from "./event-queue.ts"
import { EventQueue } from "./event-queue.ts"
import type { Prng } from "./prng.ts"

/** After so many steps the real event loop has a turn, so that test runners can see to their own. */
const STEPS_PER_TURN = 20_000

export type StopReason = "idle" | "until" | "time"

export interface RunLimits {
  /** Asked before each step. */
  readonly until?: () => boolean
  /** Stop before the first event past this virtual time, ms since the world began. */
  readonly timeMax?: number
  /** A world that takes more steps than this is taken to go round in circles. */
  readonly stepsMax: number
}

/**
 * A discrete-event scheduler: virtual time, one event at a time, everything that follows from an event done before the
 * next. "Everything" is what Node does between two callbacks: its microtask queue, emptied. An event runs in a
 * `process.nextTick` that a microtask asked for, and Node runs such a tick only once no microtask is left.
 */
export class Scheduler {
  readonly #queue = new EventQueue()
  readonly #prng: Prng
  #now = 0
  #order = 0
  #steps = 0
  #hashLow = 0x811c9dc5
  #hashHigh = 0x01000193
  #failure: { readonly error: unknown } | undefined
  readonly #external = new Set<Promise<unknown>>()

  constructor(prng: Prng) {
    this.#prng = prng
  }

  /** Virtual milliseconds since the world began. */
  get now(): number {
    return this.#now
  }

  get steps(): number {
    return this.#steps
  }

  /** A digest of every event and mark so far. */
  get hash(): string {
    const half = (word: number) => (word >>> 0).toString(16).padStart(8, "0")
    return half(this.#hashHigh) + half(this.#hashLow)
  }

  /** Runs `run` after `ms` of virtual time; taking the event's `run` away cancels it. */
  after(ms: number, tag: number, run: () => void): SimEvent {
    const event = {
      time: this.#now + Math.max(0, ms),
      tie: this.#prng.word(),
      order: this.#order++,
      tag,
      run,
    }
    this.#queue.push(event)
    return event
  }

  /** Adds to the trace's digest. */
  mark(word: number): void {
    this.#hashLow = Math.imul(this.#hashLow ^ word, 0x01000193)
    this.#hashHigh = (Math.imul(this.#hashHigh, 31) + (this.#hashLow ^ (word >>> 7))) | 0
  }

  markText(text: string): void {
    let word = 0
    for (let at = 0; at < text.length; at++) word = (Math.imul(word, 31) + text.charCodeAt(at)) | 0
    this.mark(word)
  }

  /** Ends the run under way with this error. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  /** Real asynchronous work (a child process, a native codec): virtual time stands still until it is done. */
  async external<T>(work: Promise<T>): Promise<T> {
    this.#external.add(work)
    try {
      return await work
    } finally {
      this.#external.delete(work)
    }
  }

  /** Runs events until one of the limits, or none is left. */
  run(limits: RunLimits): Promise<StopReason> {
    const last = this.#steps + limits.stepsMax
    return new Promise((resolve, reject) => {
      const turn = () => {
        if (this.#external.size > 0) {
          void Promise.allSettled(this.#external).then(() => setImmediate(turn))
          return
        }
        try {
          const reason = this.#step(limits, last)
          if (reason !== undefined) return resolve(reason)
        } catch (error) {
          return reject(error)
        }
        if (this.#steps % STEPS_PER_TURN === 0) setImmediate(turn)
        else queueMicrotask(tick)
      }
      const tick = () => process.nextTick(turn)
      queueMicrotask(tick)
    })
  }

  #step(limits: RunLimits, last: number): StopReason | undefined {
    if (this.#failure !== undefined) {
      const { error } = this.#failure
      this.#failure = undefined
      throw error
    }
    if (limits.until?.()) return "until"
    const next = this.#queue.peek()
    if (next === undefined) return "idle"
    if (limits.timeMax !== undefined && next.time > limits.timeMax) {
      this.#now = Math.max(this.#now, limits.timeMax)
      return "time"
    }
    if (this.#steps >= last) throw new Error(`no end after ${limits.stepsMax} steps`)
    this.#queue.pop()
    this.#steps++
    this.#now = next.time
    this.mark(Math.floor(next.time * 1_000) ^ (next.tag << 20))
    next.run!()
    return undefined
  }
}
