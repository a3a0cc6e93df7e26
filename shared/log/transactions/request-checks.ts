import { utf8Length } from "../../storage/utf8.ts"
import { LogError } from "../errors.ts"
import {
  TRANSACTION_TIMEOUT_MS_MAX,
  TRANSACTION_TIMEOUT_MS_MIN,
  TRANSACTIONAL_ID_BYTES_MAX,
} from "./limits.ts"
import { sameEpoch, type TransactionEpoch, type TransactionRead } from "./transaction-item.ts"

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is not allowed
const UNPRINTABLE = /[\u0000-\u001f\u007f]/

/** Throws `invalid_producer`. */
export function checkTransactionalId(id: string): void {
  const bytes = utf8Length(id)
  if (bytes >= 1 && bytes <= TRANSACTIONAL_ID_BYTES_MAX && !UNPRINTABLE.test(id)) return
  throw new LogError(
    "invalid_producer",
    `transactional id ${JSON.stringify(id.slice(0, TRANSACTIONAL_ID_BYTES_MAX))}: expected 1 to ${TRANSACTIONAL_ID_BYTES_MAX} bytes of printable characters`,
  )
}

/** Throws `invalid_producer`. */
export function checkTimeout(timeoutMs: number): void {
  const [least, most] = [TRANSACTION_TIMEOUT_MS_MIN, TRANSACTION_TIMEOUT_MS_MAX]
  if (Number.isInteger(timeoutMs) && timeoutMs >= least && timeoutMs <= most) return
  throw new LogError("invalid_producer", `timeoutMs: expected ${least} to ${most}, got ${timeoutMs}`)
}

/** Why a transaction that is not the present one takes nothing: it ended and its client may go on, or that is fenced. */
export function refusal({ transactionalId, state }: TransactionRead, asked: TransactionEpoch): LogError {
  const { producerId, epoch } = asked
  const decided = state.decided.find(one => sameEpoch(one, asked))
  if (decided !== undefined && sameEpoch(decided.next, state)) {
    const outcome = decided.committed ? "committed" : "aborted"
    return new LogError("invalid_transaction", `transaction ${epoch} of ${transactionalId} is ${outcome}`, {
      detail: { outcome },
    })
  }
  if (producerId === state.producerId && epoch > state.epoch) {
    return new LogError(
      "invalid_transaction",
      `transaction ${epoch} of ${transactionalId} has not begun: expected ${state.epoch}`,
    )
  }
  return new LogError(
    "fenced",
    `transaction ${epoch} of ${transactionalId} is over: another producer has taken its place`,
    { detail: { epoch: state.epoch } },
  )
}
