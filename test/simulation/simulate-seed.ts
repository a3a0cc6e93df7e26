import type { LogRun } from "./log-workload.ts"
import { runLogSeed } from "./log-workload.ts"
import type { TableRun } from "./table-workload.ts"
import { runTableSeed } from "./table-workload.ts"

export type Workload = "log" | "table"

export const WORKLOADS: readonly Workload[] = ["log", "table"]

/** One run, as its parent process is told of it. */
export interface SeedReport {
  readonly workload: Workload
  readonly seed: number
  readonly steps: number
  readonly virtualHours: number
  readonly faults: number
  readonly violations: readonly string[]
  readonly trace: readonly string[]
}

/** Runs one seed of a workload. */
export async function runSeed(workload: Workload, seed: number, trace: boolean): Promise<SeedReport> {
  const run: LogRun | TableRun = await (workload === "log" ? runLogSeed : runTableSeed)(seed, { trace })
  let faults = 0
  for (const times of run.faultsMet.values()) faults += times
  const { steps, virtualHours, violations } = run
  return { workload, seed, steps, virtualHours, faults, violations, trace: trace ? run.trace : [] }
}
