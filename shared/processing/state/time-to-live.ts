import type { StateTtl } from "../../definition/job/state.ts"

/** A value and when its time to live began, processing time, epoch ms. Plain data: it is stored. */
export type Stamped<V> = [value: V, since: number]

/** Judges stamped values by a descriptor's time to live (Flink's `StateTtlConfig`). Without one nothing expires. */
export class TimeToLive {
  readonly #ttl: StateTtl | undefined
  readonly #now: () => number

  constructor(ttl: StateTtl | undefined, now: () => number) {
    this.#ttl = ttl
    this.#now = now
  }

  get isSet(): boolean {
    return this.#ttl !== undefined
  }

  stamp<V>(value: V): Stamped<V> {
    return [value, this.#ttl === undefined ? 0 : this.#now()]
  }

  /** Whether the value's time is up; it is then to be removed. */
  isExpired([, since]: Stamped<unknown>): boolean {
    return this.#ttl !== undefined && since + this.#ttl.ttlMs <= this.#now()
  }

  /** Whether the value may be read. */
  isVisible(stamped: Stamped<unknown>): boolean {
    return this.#ttl?.visibility === "untilCleanedUp" || !this.isExpired(stamped)
  }

  /** Begins the time anew where a look at the value does that; whether it did. */
  looked(stamped: Stamped<unknown>): boolean {
    if (this.#ttl?.update !== "readAndWrite" || this.isExpired(stamped)) return false
    stamped[1] = this.#now()
    return true
  }

  /** When a value stamped now will have expired, epoch ms; undefined: never. */
  get expiry(): number | undefined {
    return this.#ttl === undefined ? undefined : this.#now() + this.#ttl.ttlMs
  }
}
