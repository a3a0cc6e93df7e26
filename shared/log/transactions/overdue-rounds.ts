import type { Transactions } from "./types.ts"

/** Looks at all transactional ids again and again, in bounded steps: what is overdue is aborted, what is decided completed. */
export class OverdueRounds {
  readonly #transactions: Pick<Transactions, "settleOverdue">
  #after: string | undefined

  constructor(transactions: Pick<Transactions, "settleOverdue">) {
    this.#transactions = transactions
  }

  /** Goes on where the last one ended, to the last id or until there is no time left. Throws `StorageError`. */
  async round(hasTime: () => boolean): Promise<void> {
    do {
      const { next } = await this.#transactions.settleOverdue(this.#after)
      this.#after = next
    } while (this.#after !== undefined && hasTime())
  }
}
