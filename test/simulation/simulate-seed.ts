import type { Emphasis } from "./log-scenario.ts"
import type { LogRun, LogRunOptions } from "./log-workload.ts"
import type { StreamRun } from "./stream-workload.ts"
import type { TableRun } from "./table-workload.ts"
import type { TaskRun } from "./task-workload.ts"

export const WORKLOADS = ["log", "table", "functions", "journal", "wakes", "tasks", "streams"] as const

/**
 * What is tried: the log in servers; tables in servers; the log in a function's environments; there behind a journal;
 * tables whose segments are built by functions that others wake; jobs; what clients of the log see of all that it offers.
 */
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

type Run = (seed: number, options: SeedOptions) => Promise<LogRun | TableRun | TaskRun | StreamRun>

// Loaded when they are asked for: functions take their time.
const logRun = async (home: LogRunOptions["home"]): Promise<Run> => {
  const { runLogSeed } = await import("./log-workload.ts")
  return (seed, options) => runLogSeed(seed, { ...options, home })
}

const RUNS: Record<Workload, () => Promise<Run>> = {
  log: () => logRun("servers"),
  table: async () => (await import("./table-workload.ts")).runTableSeed,
  functions: () => logRun("functions"),
  journal: () => logRun("journal"),
  wakes: async () => (await import("./wake-workload.ts")).runWakeSeed,
  tasks: async () => (await import("./task-workload.ts")).runTaskSeed,
  streams: async () => (await import("./stream-workload.ts")).runStreamSeed,
}

/** Runs one seed of a workload. */
export async function runSeed(
  workload: Workload,
  seed: number,
  options: SeedOptions = {},
): Promise<SeedReport> {
  const run = await RUNS[workload]()
  const { steps, virtualHours, violations, faultsMet, trace } = await run(seed, options)
  let faults = 0
  for (const times of faultsMet.values()) faults += times
  return { workload, seed, steps, virtualHours, faults, violations, trace: options.trace ? trace : [] }
}
