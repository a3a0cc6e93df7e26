import { OverdueRounds } from "../log/transactions/overdue-rounds.ts"
import type { Log } from "../log/types.ts"
import type { Clock } from "../storage/time.ts"

/** Readers that are stopped by an overdue transaction end it at once: this is for what nobody reads. */
const ROUND_MS = 30_000

/** Ends transactions that their producers left open, for as long as the process runs. */
export async function overdueLoop(
  log: Log,
  clock: Clock,
  signal: AbortSignal,
  onFault: (error: unknown) => void,
): Promise<void> {
  const rounds = new OverdueRounds(log.transactions)
  while (!signal.aborted) {
    await rounds.round(() => !signal.aborted).catch(onFault)
    await clock.sleep(ROUND_MS, signal)
  }
}
