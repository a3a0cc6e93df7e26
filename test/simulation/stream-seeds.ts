import { addTimes } from "./log-seeds.ts"
import { runStreamSeed, type StreamRun } from "./stream-workload.ts"

/** Violations that a message shows: the first is the cause, more often than not. */
const SHOWN_MAX = 3

/** What several runs came to, for the end of a test. */
export interface StreamSeedsSummary {
  seeds: number
  steps: number
  operations: number
  sent: number
  read: number
  virtualHours: number
  readonly counts: Map<string, number>
  readonly faultsMet: Map<string, number>
}

function failureText({ seed, violations }: StreamRun): string {
  const more = violations.length - SHOWN_MAX
  return [
    `seed ${seed} of the streams' simulation broke:`,
    ...violations.slice(0, SHOWN_MAX).map(text => `- ${text}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    `Replay: npm run simulate -- --workload streams --from ${seed} --seeds 1 --trace`,
  ].join("\n")
}

/** Runs `count` seeds from `from` on, one after the other; throws at the first that breaks something. */
export async function runStreamSeeds(from: number, count: number): Promise<StreamSeedsSummary> {
  const figures = { seeds: 0, steps: 0, operations: 0, sent: 0, read: 0, virtualHours: 0 }
  const summary: StreamSeedsSummary = { ...figures, counts: new Map(), faultsMet: new Map() }
  for (let seed = from; seed < from + count; seed++) {
    const run = await runStreamSeed(seed)
    if (run.violations.length > 0) throw new Error(failureText(run))
    summary.seeds++
    summary.steps += run.steps
    summary.operations += run.operations
    summary.sent += run.sent
    summary.read += run.read
    summary.virtualHours += run.virtualHours
    addTimes(summary.counts, run.counts)
    addTimes(summary.faultsMet, run.faultsMet)
  }
  return summary
}

export function streamSummaryText(summary: StreamSeedsSummary): string {
  const { seeds, steps, operations, sent, read, virtualHours, counts, faultsMet } = summary
  const listed = (times: ReadonlyMap<string, number>) =>
    [...times]
      .sort()
      .map(([what, often]) => `${what} ${often}`)
      .join(", ")
  return [
    `${seeds} seeds, ${steps} steps, ${Math.round(virtualHours)} h of virtual time`,
    `${operations} operations, ${sent} records sent, ${read} read; ${listed(counts)}`,
    `faults met: ${listed(faultsMet)}`,
  ].join("\n")
}
