import type { Clock } from "../time.ts"

/**
 * How far ahead of the date the ceiling is stored. A longer stretch means fewer writes when nothing else is written; a
 * shorter one lets the date stand still for less time after a crash.
 */
const AHEAD_MS = 5_000

/**
 * The local stores' time: this machine's clock, held at its maximum whenever the clock goes back, also over a restart.
 *
 * No date above the *ceiling* is ever given to anybody, and the ceiling is durable: so a new process that begins at the
 * stored ceiling gives no date below any that was given before.
 */
export class StoreDate {
  readonly #clock: Clock
  #latest: number
  #ceiling: number
  #extend: (() => Promise<unknown>) | undefined

  /** @param stored the ceiling that the folder holds, epoch ms; 0 in a new folder */
  constructor(clock: Clock, stored: number) {
    this.#clock = clock
    this.#latest = stored
    this.#ceiling = stored
  }

  /** @param extend makes an empty commit, which stores a new ceiling */
  extendBy(extend: () => Promise<unknown>): void {
    this.#extend = extend
  }

  /** The date for use inside a store; it may be given away only once its ceiling is stored. */
  now(): number {
    this.#latest = Math.max(this.#latest, this.#clock.now())
    return this.#latest
  }

  /** The date for an answer, epoch ms. */
  async current(): Promise<number> {
    const date = this.now()
    // Where this fails the old ceiling stays: better late than ahead of what is stored.
    if (date > this.#ceiling) await this.#extend?.()
    return Math.min(date, this.#ceiling)
  }

  /** What a commit at `date` must store as ceiling, if anything. */
  ceilingFor(date: number): number | undefined {
    if (date > this.#ceiling) return date + AHEAD_MS
    // While the date is held above the clock it needs no new ceiling; else each crash would push it further ahead.
    const clock = this.#clock.now()
    return clock > this.#ceiling - AHEAD_MS / 2 ? clock + AHEAD_MS : undefined
  }

  stored(ceiling: number): void {
    this.#ceiling = Math.max(this.#ceiling, ceiling)
  }
}
