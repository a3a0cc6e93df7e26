import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import type { Log } from "../../shared/log/types.ts"
import { type CountingStores, countingStores } from "../../shared/storage/counting.ts"
import { localClock } from "../../shared/storage/local/clock.ts"
import { openLocalStores } from "../../shared/storage/local/local-stores.ts"
import { memoryPorts } from "./memory-ports.ts"

/** Logs over one folder's stores, as processes of their own would have them, and a clock that a test can move. */
export interface LocalLogs {
  readonly counts: CountingStores
  open(): Log
  /** In ms. */
  advance(ms: number): void
}

/** The folder goes with the test. */
export async function localLogs(): Promise<LocalLogs> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-log-"))
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
  return { counts, open, advance }
}
