import { StorageError } from "../errors.ts"
import type { WriteOutcome } from "../outcome.ts"
import { failureOf } from "./failed-commit.ts"
import type { MetaDatabase } from "./meta-database.ts"
import { writeCeiling } from "./meta-database.ts"
import type { StoreDate } from "./store-date.ts"

/** Writes of one LMDB transaction: they run on the main thread, which must not be held for long. */
const BATCH_MAX = 2_000

interface Job {
  /** Runs inside the transaction at the store's `date`. It first checks, then writes: it never throws half-way. */
  apply(date: number): () => void
  /** The transaction failed; whether it became durable nobody knows. */
  fail(cause: unknown): void
}

/**
 * Group commit: all writes that wait when a transaction begins go into it, and one fsync commits them. While it syncs
 * the next ones gather.
 */
export class MetaCommits {
  readonly #database: MetaDatabase
  readonly #date: StoreDate
  #waiting: Job[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(database: MetaDatabase, date: StoreDate) {
    this.#database = database
    this.#date = date
  }

  /** Runs `apply` in the next transaction and resolves to its outcome once that is durable. */
  write<Standing>(apply: (date: number) => WriteOutcome<Standing>): Promise<WriteOutcome<Standing>> {
    this.checkOpen()
    return new Promise(resolve => {
      this.#waiting.push({
        apply(date) {
          const outcome = apply(date)
          return () => resolve(outcome)
        },
        fail: cause => resolve({ outcome: "unknown", cause }),
      })
      this.#running ??= this.#run()
    })
  }

  /** Throws `StorageError` `invalid` once the store is closed. */
  checkOpen(): void {
    if (this.#closed) throw new StorageError("invalid", "the store is closed")
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      let jobs: Job[] = []
      try {
        const { settle, ceiling } = await this.#database.root.childTransaction(() => {
          jobs = this.#waiting.splice(0, BATCH_MAX)
          return this.#apply(jobs)
        })
        if (ceiling !== undefined) this.#date.stored(ceiling)
        for (const done of settle) done()
      } catch (error) {
        const cause = await failureOf(error)
        // Before the callback ran nobody knows whose failure it is: those who wait must not wait for ever.
        if (jobs.length === 0) jobs = this.#waiting.splice(0)
        for (const job of jobs) job.fail(cause)
      }
    }
    this.#running = undefined
  }

  #apply(jobs: readonly Job[]): { settle: (() => void)[]; ceiling: number | undefined } {
    const date = this.#date.now()
    const settle = jobs.map(job => job.apply(date))
    const ceiling = this.#date.ceilingFor(date)
    if (ceiling !== undefined) writeCeiling(this.#database, ceiling)
    return { settle, ceiling }
  }

  /** Refuses new writes and waits for those under way. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }
}
