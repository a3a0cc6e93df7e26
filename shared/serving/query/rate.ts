import type { Clock } from "../../storage/time.ts"

/** How often somebody may ask. */
export interface Quota {
  /** Who is counted: a key's id. */
  readonly id: string
  readonly queriesPerSecond: number
}

interface Bucket {
  tokens: number
  /** `Clock.elapsed`, ms. */
  at: number
}

/** Buckets kept; as many keys as a deployment has. One that is dropped begins full again. */
const BUCKETS_MAX = 1_000

/**
 * Token buckets, one for each id, which hold a second's worth, at least one. They are this process's own: where several
 * processes answer, each lets as much through.
 */
export class Rates {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a token; else, milliseconds until there is one. */
  take({ id, queriesPerSecond }: Quota): number {
    const now = this.#clock.elapsed()
    const most = Math.max(1, queriesPerSecond)
    const kept = this.#buckets.get(id) ?? { tokens: most, at: now }
    const tokens = Math.min(most, kept.tokens + ((now - kept.at) / 1000) * queriesPerSecond)
    // Last in the map's order: most recently used.
    this.#buckets.delete(id)
    this.#buckets.set(id, { tokens: tokens < 1 ? tokens : tokens - 1, at: now })
    if (this.#buckets.size > BUCKETS_MAX) {
      const [oldest] = this.#buckets.keys()
      if (oldest !== undefined) this.#buckets.delete(oldest)
    }
    return tokens < 1 ? ((1 - tokens) / queriesPerSecond) * 1000 : 0
  }
}
