import { runTableSeed, type TableRun } from "./table-workload.ts"

/** Violations that a message shows: the first is the cause, more often than not. */
const SHOWN_MAX = 3

/** What several runs came to, for the end of a test. */
export interface TableSeedsSummary {
  seeds: number
  steps: number
  records: number
  pins: number
  manifests: number
  spills: number
  merges: number
  collected: number
  virtualHours: number
  readonly faultsMet: Map<string, number>
}

export function emptyTableSummary(): TableSeedsSummary {
  return {
    seeds: 0,
    steps: 0,
    records: 0,
    pins: 0,
    manifests: 0,
    spills: 0,
    merges: 0,
    collected: 0,
    virtualHours: 0,
    faultsMet: new Map(),
  }
}

export function addTableRun(summary: TableSeedsSummary, run: TableRun): void {
  summary.seeds++
  summary.steps += run.steps
  summary.records += run.records
  summary.pins += run.pins
  summary.manifests += run.manifests
  summary.spills += run.spills
  summary.merges += run.merges
  summary.collected += run.collected
  summary.virtualHours += run.virtualHours
  for (const [fault, times] of run.faultsMet) {
    summary.faultsMet.set(fault, (summary.faultsMet.get(fault) ?? 0) + times)
  }
}

/** Says what a failed run broke and how to see it again. */
export function tableFailureText({ seed, violations }: TableRun, workload = "table"): string {
  const more = violations.length - SHOWN_MAX
  return [
    `seed ${seed} of the tables' simulation broke:`,
    ...violations.slice(0, SHOWN_MAX).map(text => `- ${text}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    `Replay: npm run simulate -- --workload ${workload} --from ${seed} --seeds 1 --trace`,
  ].join("\n")
}

/** Runs `count` seeds from `from` on, one after the other; throws at the first that breaks something. */
export async function runTableSeeds(from: number, count: number): Promise<TableSeedsSummary> {
  const summary = emptyTableSummary()
  for (let seed = from; seed < from + count; seed++) {
    const run = await runTableSeed(seed)
    if (run.violations.length > 0) throw new Error(tableFailureText(run))
    addTableRun(summary, run)
  }
  return summary
}

export function tableSummaryText(summary: TableSeedsSummary): string {
  const { seeds, steps, records, pins, manifests, spills, merges, collected } = summary
  const { virtualHours, faultsMet } = summary
  const faults = [...faultsMet].sort().map(([fault, times]) => `${fault} ${times}`)
  return [
    `${seeds} seeds, ${steps} steps, ${Math.round(virtualHours)} h of virtual time`,
    `${records} records, ${pins} pins, ${manifests} manifests, ${spills} of them with lists, ${merges} with merged segments`,
    `${collected} objects collected`,
    `faults met: ${faults.join(", ")}`,
  ].join("\n")
}
