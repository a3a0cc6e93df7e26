import { ProcessingError } from "../errors.ts"
import type { Operator, OperatorContext, StateTable } from "../operator.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import { TimerQueue } from "../time/timer-queue.ts"

/** What was seen is forgotten in steps of this share of its time to live: few timers, little kept too long. */
const STEPS = 32

interface Seen {
  readonly slot: KeySlot<number>
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
  /** The highest time at which it was seen. */
  readonly #store: KeyedStore<number>
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
    if (seen !== undefined && Math.abs(timestamp - seen) < this.#ttlMs) {
      this.#context.dropped("duplicate")
      return
    }
    if (seen === undefined || timestamp > seen) {
      this.#store.set(slot, by, timestamp)
      this.#arm(slot, by, timestamp)
    }
    this.#context.output.record(value, timestamp)
  }

  watermark(watermark: number): void {
    this.#timers.fire(watermark, (_time, { slot, by }) => {
      const seen = slot.entries.get(by)
      if (seen !== undefined && seen + this.#ttlMs <= watermark) this.#store.delete(slot, by)
    })
  }

  #arm(slot: KeySlot<number>, by: string | number, timestamp: number): void {
    const due = timestamp + this.#ttlMs
    this.#timers.add(Math.ceil(due / this.#stepMs) * this.#stepMs, { slot, by })
  }

  #rearm(): void {
    this.#timers.clear()
    for (const slot of this.#store.slots()) {
      for (const [by, seen] of slot.entries) this.#arm(slot, by, seen)
    }
  }
}
