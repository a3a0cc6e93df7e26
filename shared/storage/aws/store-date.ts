import type { Clock } from "../time.ts"

export type OwnTime = Pick<Clock, "now" | "elapsed">

/** This process's clocks at one moment. */
export interface Moment {
  readonly now: number
  readonly elapsed: number
}

interface Anchor {
  readonly sent: Moment
  readonly date: number
}

/**
 * What is known of a service's time: the `Date` of its responses, in whole seconds. Hosts of one service differ a little,
 * so the newest is held: the dates that are given out do not go back.
 *
 * Between responses the date is taken to have moved by what has passed here since the latest *request* was sent, not
 * since its response was read: a process may be frozen between the two for hours. It is the larger of what the
 * monotonic and the wall clock say, since either may stand still while a machine sleeps. So the estimate is behind the
 * service by a second at most, and may be ahead.
 */
export class StoreDate {
  readonly #clock: OwnTime
  #newest: number | undefined
  #anchor: Anchor | undefined

  constructor(clock: OwnTime) {
    this.#clock = clock
  }

  /** To be taken before a request is sent. */
  moment(): Moment {
    return { now: this.#clock.now(), elapsed: this.#clock.elapsed() }
  }

  /**
   * Takes a response's `Date` in.
   * @returns the response's date, epoch ms, never before one that was returned already
   * @throws Error the first response has none
   */
  answered(sent: Moment, header: string | undefined): number {
    const date = header === undefined ? Number.NaN : Date.parse(header)
    if (Number.isFinite(date)) {
      this.#newest = Math.max(this.#newest ?? date, date)
      if (this.#anchor === undefined || sent.elapsed >= this.#anchor.sent.elapsed) {
        this.#anchor = { sent, date: this.#newest }
      }
    }
    return this.newest()
  }

  /** The newest date that a response has told. */
  newest(): number {
    if (this.#newest === undefined) throw new Error("no response has told a date")
    return this.#newest
  }

  /** Whether the service's time may be past `notAfter` by now; so it is while nothing is known of it. */
  isPast(notAfter: number): boolean {
    if (this.#anchor === undefined) return true
    const { date, sent } = this.#anchor
    const passed = Math.max(this.#clock.now() - sent.now, this.#clock.elapsed() - sent.elapsed, 0)
    return date + passed > notAfter
  }
}
