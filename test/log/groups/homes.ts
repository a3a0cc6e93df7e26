import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import type { Log } from "../../../shared/log/types.ts"
import { type CountingStores, countingStores } from "../../../shared/storage/counting.ts"
import { localClock } from "../../../shared/storage/local/clock.ts"
import { openLocalStores } from "../../../shared/storage/local/local-stores.ts"
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
  const folder = mkdtempSync(join(tmpdir(), "millrace-groups-"))
  let moved = 0
  const own = localClock()
  const clock = { ...own, now: () => own.now() + moved, elapsed: () => own.elapsed() + moved }
  const stores = await openLocalStores(folder, clock)
  onTestFinished(async () => {
    await stores.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const counts = countingStores(stores)
  let seed = 0
  const open = () => {
    const { random, wake } = memoryPorts({ seed: ++seed })
    return openLog({ objects: counts.objects, meta: counts.meta, clock, random, wake })
  }
  const advance = (ms: number) => {
    moved += ms
  }
  return { log: open(), counts, another: open, advance }
}

export const homes = [
  ["memory", memoryHome],
  ["local", localHome],
] as const
