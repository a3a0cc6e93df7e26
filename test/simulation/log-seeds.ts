import { type LogRun, runLogSeed } from "./log-workload.ts"

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
  virtualHours: number
  readonly faultsMet: Map<string, number>
}

export function emptySummary(): SeedsSummary {
  return {
    seeds: 0,
    steps: 0,
    operations: 0,
    records: 0,
    slots: 0,
    snapshots: 0,
    virtualHours: 0,
    faultsMet: new Map(),
  }
}

export function addRun(summary: SeedsSummary, run: LogRun): void {
  summary.seeds++
  summary.steps += run.steps
  summary.operations += run.operations
  summary.records += run.records
  summary.slots += run.slots
  summary.snapshots += run.snapshots
  summary.virtualHours += run.virtualHours
  for (const [fault, times] of run.faultsMet) {
    summary.faultsMet.set(fault, (summary.faultsMet.get(fault) ?? 0) + times)
  }
}

/** Says what a failed run broke and how to see it again. */
export function failureText(run: LogRun): string {
  const more = run.violations.length - SHOWN_MAX
  return [
    `seed ${run.seed} of the log's simulation broke:`,
    ...run.violations.slice(0, SHOWN_MAX).map(text => `- ${text}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    `Replay: npm run simulate -- --workload log --from ${run.seed} --seeds 1 --trace`,
  ].join("\n")
}

/** Runs `count` seeds from `from` on, one after the other; throws at the first that breaks something. */
export async function runLogSeeds(from: number, count: number): Promise<SeedsSummary> {
  const summary = emptySummary()
  for (let seed = from; seed < from + count; seed++) {
    const run = await runLogSeed(seed)
    if (run.violations.length > 0) throw new Error(failureText(run))
    addRun(summary, run)
  }
  return summary
}

export function summaryText(summary: SeedsSummary): string {
  const { seeds, steps, operations, records, slots, snapshots, virtualHours, faultsMet } = summary
  const faults = [...faultsMet].sort().map(([fault, times]) => `${fault} ${times}`)
  return [
    `${seeds} seeds, ${steps} steps, ${Math.round(virtualHours)} h of virtual time`,
    `${operations} operations, ${records} records in ${slots} slots, ${snapshots} snapshots`,
    `faults met: ${faults.join(", ")}`,
  ].join("\n")
}
