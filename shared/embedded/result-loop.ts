import { collectResults } from "../serving/query/result-store.ts"
import type { Ports } from "../storage/time.ts"

/** As often as the tick of a deployment. */
const COLLECT_MS = 5 * 60_000

/** Deletes answers that were kept for cursors and whose hour is over, for as long as the process runs. */
export async function resultLoop(
  ports: Pick<Ports, "objects" | "clock">,
  signal: AbortSignal,
  onFault: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await collectResults(ports).catch(onFault)
    await ports.clock.sleep(COLLECT_MS, signal)
  }
}
