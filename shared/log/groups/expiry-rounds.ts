import type { Clock } from "../../storage/time.ts"
import { EXPIRY_EVERY_MS } from "./limits.ts"
import type { Groups } from "./types.ts"

/** Looks at all groups again and again, in bounded steps: what is gone for good is deleted. */
export class ExpiryRounds {
  readonly #groups: Pick<Groups, "expire">
  readonly #clock: Pick<Clock, "elapsed">
  #after: string | undefined
  /** By the own clock: it only saves reads. */
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(groups: Pick<Groups, "expire">, clock: Pick<Clock, "elapsed">) {
    this.#groups = groups
    this.#clock = clock
  }

  /**
   * Goes on where the last one ended, to the last group or until there is no time left. Throws what failed first, once all is
   * done: `StorageError`, `LogError`.
   */
  async round(hasTime: () => boolean): Promise<void> {
    if (this.#after === undefined && this.#clock.elapsed() < this.#nextAt) return
    const faults: unknown[] = []
    do {
      const expired = await this.#groups.expire(this.#after)
      for (const { error } of expired.faults) faults.push(error)
      this.#after = expired.next
    } while (this.#after !== undefined && hasTime())
    if (this.#after === undefined) this.#nextAt = this.#clock.elapsed() + EXPIRY_EVERY_MS
    if (faults.length > 0) throw faults[0]
  }
}
