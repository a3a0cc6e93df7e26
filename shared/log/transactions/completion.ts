import { StorageError } from "../../storage/errors.ts"
import type { Appends } from "../appends.ts"
import { LogError } from "../errors.ts"
import { markAll } from "./markers.ts"
import type { TransactionRead } from "./transaction-item.ts"
import type { TransactionItems } from "./transaction-items.ts"

/** Carries decided transactions through: their markers, then their items say that the next one may begin. */
export class Completion {
  readonly #items: TransactionItems
  readonly #appends: Pick<Appends, "mark">

  constructor(items: TransactionItems, appends: Pick<Appends, "mark">) {
    this.#items = items
    this.#appends = appends
  }

  /**
   * Returns once a decided transaction has all its markers and is complete, by whomever. Throws `LogError`
   * (`outcome_unknown`, `overloaded`) and `StorageError`: then somebody else has to go on.
   */
  async complete(read: TransactionRead): Promise<void> {
    const { state, date } = read
    const decided = state.decided.at(-1)
    const ends = state.state === "committing" || state.state === "aborting"
    if (!ends || decided === undefined) return
    await markAll(this.#appends, state.partitions, decided, date)
    // Whoever was first has completed it too: nothing is left to do.
    await this.#items.replace(read, { ...state, state: "empty", partitions: [] })
  }

  /** As `complete`, where what fails is left to whoever meets the transaction next: it is decided. */
  async completeIfItCan(read: TransactionRead): Promise<void> {
    try {
      await this.complete(read)
    } catch (error) {
      if (!(error instanceof LogError) && !(error instanceof StorageError)) throw error
    }
  }
}
