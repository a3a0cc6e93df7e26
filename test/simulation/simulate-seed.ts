import type { Emphasis } from "./log-scenario.ts"
import type { LogRun } from "./log-workload.ts"
import { runLogSeed } from "./log-workload.ts"
import type { TableRun } from "./table-workload.ts"
import { runTableSeed } from "./table-workload.ts"

export const WORKLOADS = ["log", "table", "functions", "journal"] as const

/** What is tried: the log in servers, tables in servers, the log in a function's environments, and behind a journal. */
export type Workload = (typeof WORKLOADS)[number]

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

export interface SeedOptions {
  readonly trace?: boolean
  readonly emphasis?: Emphasis | undefined
}

const RUNS: Record<Workload, (seed: number, options: SeedOptions) => Promise<LogRun | TableRun>> = {
  log: runLogSeed,
  table: runTableSeed,
  functions: (seed, options) => runLogSeed(seed, { ...options, home: "functions" }),
  journal: (seed, options) => runLogSeed(seed, { ...options, home: "journal" }),
}

/** Runs one seed of a workload. */
export async function runSeed(
  workload: Workload,
  seed: number,
  options: SeedOptions = {},
): Promise<SeedReport> {
  const { steps, virtualHours, violations, faultsMet, trace } = await RUNS[workload](seed, options)
  let faults = 0
  for (const times of faultsMet.values()) faults += times
  return { workload, seed, steps, virtualHours, faults, violations, trace: options.trace ? trace : [] }
}
