import { ExpiryRounds } from "../log/groups/expiry-rounds.ts"
import type { Log } from "../log/types.ts"
import type { Clock } from "../storage/time.ts"

/** How often it is asked whether it is time, and what failed or was cut short is gone on with. */
const LOOK_MS = 60_000

/** Forgets what groups no longer need, for as long as the process runs. */
export async function expiryLoop(
  log: Log,
  clock: Clock,
  signal: AbortSignal,
  onFault: (error: unknown) => void,
): Promise<void> {
  const rounds = new ExpiryRounds(log.groups, clock)
  while (!signal.aborted) {
    await rounds.round(() => !signal.aborted).catch(onFault)
    await clock.sleep(LOOK_MS, signal)
  }
}
