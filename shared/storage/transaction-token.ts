import { stepKey } from "./meta-checks.ts"
import type { TransactionStep } from "./meta-store.ts"

/** DynamoDB: how long a client request token stands for the transaction that it was first sent with. */
export const TOKEN_TTL_MS = 10 * 60 * 1000

/**
 * Tells a repeat of a transaction from another one under the same token. Versions stand for contents, since each
 * write has a fresh one.
 */
export function transactionDigest(steps: readonly TransactionStep[]): string {
  return JSON.stringify(
    steps.map(step => {
      const { pk, sk } = stepKey(step)
      const version = step.kind === "put" ? step.item.version : ""
      const { condition } = step
      const expected = condition === undefined ? "" : "absent" in condition ? true : condition.version
      return [step.kind, step.table, pk, sk, version, expected]
    }),
  )
}
