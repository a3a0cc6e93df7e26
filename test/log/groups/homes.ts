import { openLog } from "../../../shared/log/open-log.ts"
import type { Log } from "../../../shared/log/types.ts"
import type { CountingStores } from "../../../shared/storage/counting.ts"
import { localLogs } from "../../support/local-log.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

/** Stores, and processes over them. */
export interface Home {
  readonly log: Log
  readonly counts: CountingStores
  /** Another process over the same stores, which remembers nothing. */
  another(): Log
  /** Moves the stores' date on. */
  advance(ms: number): void
}

export function memoryHome(): Home {
  const ports = memoryPorts()
  let seed = 0
  return {
    log: openLog(ports),
    counts: ports.counts,
    another: () => openLog({ ...memoryPorts({ stores: ports.stores, seed: ++seed }), meta: ports.meta }),
    advance: ports.advance,
  }
}

export async function localHome(): Promise<Home> {
  const { counts, open, advance } = await localLogs()
  return { log: open(), counts, another: open, advance }
}

export const homes = [
  ["memory", memoryHome],
  ["local", localHome],
] as const
