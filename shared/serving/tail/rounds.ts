/**
 * Shares work among those who ask at about the same time: who comes while a round runs joins the next one, which
 * begins only once that one ended. So everybody's answer comes of work that began after they asked.
 */
export class Rounds<T> {
  readonly #gather: (() => Promise<void>) | undefined
  readonly #running = new Map<string, Promise<T>>()
  readonly #next = new Map<string, Promise<T>>()

  /** @param gather waits a moment for others who come just now; default: a round begins at once */
  constructor(gather?: () => Promise<void>) {
    this.#gather = gather
  }

  /** The result of a run of `work` that begins at or after this call. */
  join(key: string, work: () => Promise<T>): Promise<T> {
    const waiting = this.#next.get(key)
    if (waiting !== undefined) return waiting
    const before = this.#running.get(key) ?? this.#gather?.()
    if (before === undefined) return this.#start(key, work)
    const next = before.then(
      () => this.#startNext(key, work),
      () => this.#startNext(key, work),
    )
    this.#next.set(key, next)
    return next
  }

  #startNext(key: string, work: () => Promise<T>): Promise<T> {
    this.#next.delete(key)
    return this.#start(key, work)
  }

  #start(key: string, work: () => Promise<T>): Promise<T> {
    const run = work().finally(() => this.#running.delete(key))
    this.#running.set(key, run)
    return run
  }
}
