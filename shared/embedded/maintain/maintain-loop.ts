import type { Log } from "../../log/types.ts"
import { Maintainer } from "../../serving/maintain/maintainer.ts"
import { maintainAll } from "../../serving/maintain/run.ts"
import { TableCollector } from "../../serving/maintain/table-collector.ts"
import type { TableRegistry } from "../../serving/tables/table-registry.ts"
import type { Ports } from "../../storage/time.ts"
import { RewriteThread } from "./rewrite-thread.ts"

/** Between two rounds while there is something to do: builders and queries come first. */
const PAUSE_MS = 500
/** … and while there is nothing, rounds become as rare as this. */
const PAUSE_MAX_MS = 30_000
/** Rounds without work after which the thread ends. */
const IDLE_ROUNDS = 3

export interface MaintainLoopOptions {
  readonly ports: Ports
  readonly log: Log
  readonly tables: TableRegistry
  readonly signal: AbortSignal
  /** `what`: a table's partition, or what else was being done. */
  readonly onFault: (what: string, error: unknown) => void
}

/**
 * Merges, rewrites and collects for as long as the process runs, one step at a time. What fails is told once, until another
 * fault or a round without any comes between.
 */
export async function maintainLoop(options: MaintainLoopOptions): Promise<void> {
  const { ports, log, tables, signal, onFault } = options
  const thread = new RewriteThread()
  const maintainer = new Maintainer(ports, tables, log, { rewriteFiles: thread.rewriteFiles })
  const collector = new TableCollector(ports, tables, log)
  const hasTime = () => !signal.aborted
  const stop = () => void thread.rest()
  signal.addEventListener("abort", stop)
  let told = new Set<string>()
  let idle = 0
  for (let round = 0; !signal.aborted; round++) {
    const met = new Set<string>()
    const tell = (what: string, error: unknown) => {
      // Ending the thread ends its work.
      if (signal.aborted) return
      const text = `${what}: ${error instanceof Error ? error.message : String(error)}`
      met.add(text)
      if (!told.has(text)) onFault(what, error)
    }
    const report = ({ table, partition, error }: { table: string; partition: number; error: unknown }) =>
      tell(table === "" ? "maintenance" : `table ${table}/${partition}`, error)
    const worked = await maintainAll(tables, maintainer, { hasTime, onFault: report }, round)
    idle = worked ? 0 : idle + 1
    if (idle === IDLE_ROUNDS) await thread.rest()
    await collector.round(hasTime).catch((error: unknown) => tell("what tables left", error))
    told = met
    await ports.clock.sleep(Math.min(PAUSE_MS * 2 ** Math.min(idle, 8), PAUSE_MAX_MS), signal)
  }
  signal.removeEventListener("abort", stop)
  await thread.rest()
}
