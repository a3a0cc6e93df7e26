import { ProcessingError } from "../errors.ts"
import type { Operator, OperatorContext, StateTable } from "../operator.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import { TimerQueue } from "../time/timer-queue.ts"

/** What was seen is forgotten in steps of this share of its time to live: few timers, little kept too long. */
const STEPS = 32

/** The times at which an id was let through; several only where records are more out of order than the time to live. */
type Times = number | readonly number[]

interface Seen {
  readonly slot: KeySlot<Times>
  readonly by: string | number
}

/**
 * Lets the first record of each `by` of a key through, within `ttlMs` of event time. A record so old that what was seen
 * with it may be forgotten is dropped too, and counted as expired: nothing is counted twice.
 */
export class Deduplicate implements Operator {
  readonly nextTimer = undefined
  readonly #by: (record: unknown) => unknown
  readonly #ttlMs: number
  readonly #stepMs: number
  readonly #context: OperatorContext
  readonly #store: KeyedStore<Times>
  readonly #timers = new TimerQueue<Seen>()

  constructor(
    options: { keys: KeyReader; by: (record: unknown) => unknown; ttlMs: number },
    context: OperatorContext,
  ) {
    this.#by = options.by
    this.#ttlMs = options.ttlMs
    this.#stepMs = Math.max(1, Math.floor(options.ttlMs / STEPS))
    this.#context = context
    this.#store = new KeyedStore(options.keys, { loaded: () => this.#rearm() })
  }

  get state(): StateTable {
    return this.#store
  }

  processingTime(): void {}
  endProcessingTime(): void {}
  beforeCommit(): void {}

  record(value: unknown, timestamp: number): void {
    if (timestamp + this.#ttlMs <= this.#context.watermark) {
      this.#context.dropped("expired")
      return
    }
    const by = this.#by(value)
    if (typeof by !== "string" && typeof by !== "number") {
      throw new ProcessingError("user_function", `deduplicate: expected text or a number, got ${typeof by}`)
    }
    const slot = this.#store.slotOf(value)
    const seen = slot.entries.get(by)
    if (seen !== undefined && this.#isWithin(timestamp, seen)) {
      this.#context.dropped("duplicate")
      return
    }
    this.#store.set(slot, by, seen === undefined ? timestamp : [...timesOf(seen), timestamp])
    this.#arm(slot, by, timestamp)
    this.#context.output.record(value, timestamp)
  }

  #isWithin(timestamp: number, seen: Times): boolean {
    if (typeof seen === "number") return Math.abs(timestamp - seen) < this.#ttlMs
    return seen.some(time => Math.abs(timestamp - time) < this.#ttlMs)
  }

  watermark(watermark: number): void {
    this.#timers.fire(watermark, (_time, { slot, by }) => {
      const seen = timesOf(slot.entries.get(by))
      const kept = seen.filter(time => this.#forgottenAt(time) > watermark)
      if (kept.length === seen.length) return
      const [only] = kept
      if (only === undefined) this.#store.delete(slot, by)
      else this.#store.set(slot, by, kept.length === 1 ? only : kept)
    })
  }

  /** A record may be as late as the time to live, and the same as one that is as much older. */
  #forgottenAt(timestamp: number): number {
    return timestamp + 2 * this.#ttlMs
  }

  #arm(slot: KeySlot<Times>, by: string | number, timestamp: number): void {
    const due = this.#forgottenAt(timestamp)
    this.#timers.add(Math.ceil(due / this.#stepMs) * this.#stepMs, { slot, by })
  }

  #rearm(): void {
    this.#timers.clear()
    for (const slot of this.#store.slots()) {
      for (const [by, seen] of slot.entries) for (const time of timesOf(seen)) this.#arm(slot, by, time)
    }
  }
}

const NONE: readonly number[] = []

function timesOf(times: Times | undefined): readonly number[] {
  if (times === undefined) return NONE
  return typeof times === "number" ? [times] : times
}
