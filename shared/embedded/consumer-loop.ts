import type { RestConsumers } from "../api/consumers/rest-consumers.ts"
import type { Clock } from "../storage/time.ts"

/** As often as the tick of a deployment. */
const COLLECT_MS = 5 * 60_000

/** Deletes consumer instances that nobody asks for any more, for as long as the process runs. */
export async function consumerLoop(
  consumers: Pick<RestConsumers, "collect">,
  clock: Clock,
  signal: AbortSignal,
  onFault: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await consumers.collect().catch(onFault)
    await clock.sleep(COLLECT_MS, signal)
  }
}
