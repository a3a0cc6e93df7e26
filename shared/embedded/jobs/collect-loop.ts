import { JobCollector } from "../../processing/jobs/job-collector.ts"
import type { JobStore } from "../../processing/jobs/job-store.ts"
import type { Savepoints } from "../../processing/jobs/savepoints.ts"
import type { CommitStore } from "../../processing/task/commit-store.ts"
import type { Ports } from "../../storage/time.ts"

/** As often as the tick of a deployment. */
const COLLECT_MS = 5 * 60_000

export interface CollectLoopOptions {
  readonly ports: Ports
  readonly jobs: JobStore
  readonly commits: CommitStore
  readonly savepoints: Savepoints
  readonly signal: AbortSignal
  readonly onFault: (job: string | undefined, error: unknown) => void
}

/** Deletes what jobs no longer need, for as long as the process runs. What fails is tried again the next time. */
export async function collectLoop(options: CollectLoopOptions): Promise<void> {
  const { ports, jobs, commits, savepoints, signal, onFault } = options
  const collector = new JobCollector()
  const context = { ports, commits, savepoints }
  const hasTime = () => !signal.aborted
  while (!signal.aborted) {
    let name: string | undefined
    try {
      for (const job of await jobs.list()) {
        name = job.name
        if (hasTime()) await collector.collect(context, jobs, name, hasTime)
      }
      name = undefined
      if (hasTime()) await collector.collectRemoved(context, hasTime)
    } catch (error) {
      onFault(name, error)
    }
    await ports.clock.sleep(COLLECT_MS, signal)
  }
}
