import { LogKeeper } from "../../log/segments/log-keeper.ts"
import type { Ports } from "../../storage/time.ts"

/** As often as the tick of a deployment. */
const KEEP_MS = 5 * 60_000

export interface LogLoopOptions {
  readonly ports: Ports
  readonly signal: AbortSignal
  /** Lets requests have their turn. */
  readonly breathe: () => Promise<unknown>
  /** `what`: a partition of the log, or what else was being done. */
  readonly onFault: (what: string, error: unknown) => void
}

/** Keeps the log in shape for as long as the process runs. What fails is tried again the next time. */
export async function logLoop({ ports, signal, breathe, onFault }: LogLoopOptions): Promise<void> {
  const keeper = new LogKeeper(ports, { breathe })
  while (!signal.aborted) {
    try {
      const { faults } = await keeper.round(() => !signal.aborted)
      for (const { what, error } of faults) onFault(what, error)
    } catch (error) {
      if (!signal.aborted) onFault("the log", error)
    }
    await ports.clock.sleep(KEEP_MS, signal)
  }
}
