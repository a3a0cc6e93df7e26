import { type LogRun, type LogRunOptions, runLogSeed } from "./log-workload.ts"

/** Violations that a message shows: the first is the cause, more often than not. */
const SHOWN_MAX = 3

/** What several runs came to, for the end of a test. */
export interface SeedsSummary {
  seeds: number
  steps: number
  operations: number
  records: number
  slots: number
  snapshots: number
  rolled: number
  virtualHours: number
  readonly faultsMet: Map<string, number>
  readonly freezePoints: Map<string, number>
  readonly delivered: Map<string, number>
}

export function emptySummary(): SeedsSummary {
  return {
    seeds: 0,
    steps: 0,
    operations: 0,
    records: 0,
    slots: 0,
    snapshots: 0,
    rolled: 0,
    virtualHours: 0,
    faultsMet: new Map(),
    freezePoints: new Map(),
    delivered: new Map(),
  }
}

export function addRun(summary: SeedsSummary, run: LogRun): void {
  summary.seeds++
  summary.steps += run.steps
  summary.operations += run.operations
  summary.records += run.records
  summary.slots += run.slots
  summary.snapshots += run.snapshots
  summary.rolled += run.rolled
  summary.virtualHours += run.virtualHours
  addTimes(summary.faultsMet, run.faultsMet)
  addTimes(summary.freezePoints, run.freezePoints)
  addTimes(summary.delivered, new Map(Object.entries(run.delivered)))
}

/** Adds counts to others by name. */
export function addTimes(sum: Map<string, number>, times: ReadonlyMap<string, number>): void {
  for (const [name, count] of times) sum.set(name, (sum.get(name) ?? 0) + count)
}

/** Says what a failed run broke and how to see it again. */
export function failureText(run: LogRun, workload: string): string {
  const more = run.violations.length - SHOWN_MAX
  return [
    `seed ${run.seed} of the log's simulation broke:`,
    ...run.violations.slice(0, SHOWN_MAX).map(text => `- ${text}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    `Replay: npm run simulate -- --workload ${workload} --from ${run.seed} --seeds 1 --trace`,
  ].join("\n")
}

/** Runs `count` seeds from `from` on, one after the other; throws at the first that breaks something. */
export async function runLogSeeds(
  from: number,
  count: number,
  options: LogRunOptions = {},
): Promise<SeedsSummary> {
  const workload = options.home === undefined || options.home === "servers" ? "log" : options.home
  const summary = emptySummary()
  for (let seed = from; seed < from + count; seed++) {
    const run = await runLogSeed(seed, options)
    if (run.violations.length > 0) throw new Error(failureText(run, workload))
    addRun(summary, run)
  }
  return summary
}

export function summaryText(summary: SeedsSummary): string {
  const { seeds, steps, operations, records, slots, snapshots, rolled, virtualHours, faultsMet } = summary
  const faults = [...faultsMet].sort().map(([fault, times]) => `${fault} ${times}`)
  return [
    `${seeds} seeds, ${steps} steps, ${Math.round(virtualHours)} h of virtual time`,
    `${operations} operations, ${records} records in ${slots} slots, ${snapshots} snapshots, rolled up ${rolled} times`,
    `faults met: ${faults.join(", ")}`,
  ].join("\n")
}
