import { QueryError } from "../errors.ts"
import { type ChildOptions, QueryChild } from "./query-child.ts"

/** Queries that wait for a child: at a few milliseconds each, what a second's worth of waiting can serve. */
const WAITING_MAX = 128

/** A child that is not ready by then never will be; a cold start takes 0.1 to 1 s. */
const START_MS_MAX = 30_000

interface Waiter {
  readonly take: (child: QueryChild | QueryError) => void
}

/**
 * A fixed number of children, started before they are needed and replaced when they die. A child that dies before
 * it is ready is replaced only when the next query asks, so that a broken installation does not spin.
 */
export class ChildPool {
  readonly #options: (index: number) => ChildOptions
  readonly #size: number
  readonly #children = new Map<number, QueryChild>()
  readonly #idle: QueryChild[] = []
  readonly #waiters: Waiter[] = []
  #isClosed = false

  /** @param options for the child of that number, 0 to `size` − 1 */
  constructor(size: number, options: (index: number) => ChildOptions) {
    this.#size = size
    this.#options = options
  }

  /** Starts the children that are missing, without waiting for them. */
  start(): void {
    for (let index = 0; index < this.#size; index++) if (!this.#children.has(index)) this.#startChild(index)
  }

  get pids(): number[] {
    return [...this.#children.values()].flatMap(({ pid }) => pid ?? [])
  }

  #startChild(index: number): void {
    const child = new QueryChild(this.#options(index))
    this.#children.set(index, child)
    const tooLate = setTimeout(() => child.kill(), START_MS_MAX)
    child.ready.then(isReady => {
      clearTimeout(tooLate)
      if (isReady) this.#offer(child)
    })
    child.exited.then(async () => {
      const wasReady = await child.ready
      this.#children.delete(index)
      const at = this.#idle.indexOf(child)
      if (at >= 0) this.#idle.splice(at, 1)
      if (this.#isClosed) return
      if (wasReady) this.#startChild(index)
      else this.#failOne(child.lastWords)
    })
  }

  #failOne(why: string): void {
    const message = `The process that runs queries did not start${why === "" ? "" : `: ${why}`}`
    this.#waiters.shift()?.take(new QueryError("query_execution", message))
    if (this.#waiters.length > 0) this.start()
  }

  #offer(child: QueryChild): void {
    if (!child.isAlive) return
    const waiter = this.#waiters.shift()
    if (waiter === undefined) this.#idle.push(child)
    else waiter.take(child)
  }

  /**
   * A child of one's own until `giveBack`. Faults: `too_many_requests` when too many wait already, `timeout`,
   * `query_execution` when no child starts or the pool is closed.
   */
  async lease(deadlineMs: number): Promise<QueryChild | QueryError> {
    if (this.#isClosed) return new QueryError("query_execution", "The query engine is closed")
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    if (this.#waiters.length >= WAITING_MAX) {
      return new QueryError(
        "too_many_requests",
        `${WAITING_MAX} queries are waiting already: try again later`,
      )
    }
    this.start()
    const { promise, resolve } = Promise.withResolvers<QueryChild | QueryError>()
    const waiter: Waiter = { take: resolve }
    this.#waiters.push(waiter)
    const timer = setTimeout(() => {
      const at = this.#waiters.indexOf(waiter)
      if (at >= 0) this.#waiters.splice(at, 1)
      resolve(new QueryError("timeout", "The query waited for others until its deadline"))
    }, deadlineMs)
    const leased = await promise
    clearTimeout(timer)
    return leased
  }

  giveBack(child: QueryChild): void {
    this.#offer(child)
  }

  /** Kills every child and fails who waits. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiter of this.#waiters.splice(0)) {
      waiter.take(new QueryError("query_execution", "The query engine is closed"))
    }
    const children = [...this.#children.values()]
    for (const child of children) child.kill()
    await Promise.all(children.map(child => child.exited))
  }
}
