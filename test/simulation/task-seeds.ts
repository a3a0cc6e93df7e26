import { runTaskSeed, type TaskRun } from "./task-workload.ts"

/** Violations that a message shows: the first is the cause, more often than not. */
const SHOWN_MAX = 3

/** What several runs came to, for the end of a test. */
export interface TaskSeedsSummary {
  seeds: number
  steps: number
  records: number
  commits: number
  seals: number
  generations: number
  collected: number
  virtualHours: number
  readonly faultsMet: Map<string, number>
}

/** Says what a failed run broke and how to see it again. */
export function taskFailureText({ seed, violations }: TaskRun): string {
  const more = violations.length - SHOWN_MAX
  return [
    `seed ${seed} of the tasks' simulation broke:`,
    ...violations.slice(0, SHOWN_MAX).map(text => `- ${text}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    `Replay: npm run simulate -- --workload tasks --from ${seed} --seeds 1 --trace`,
  ].join("\n")
}

/** Runs `count` seeds from `from` on, one after the other; throws at the first that breaks something. */
export async function runTaskSeeds(from: number, count: number): Promise<TaskSeedsSummary> {
  const counts = {
    seeds: 0,
    steps: 0,
    records: 0,
    commits: 0,
    seals: 0,
    generations: 0,
    collected: 0,
    virtualHours: 0,
  }
  const summary: TaskSeedsSummary = { ...counts, faultsMet: new Map() }
  for (let seed = from; seed < from + count; seed++) {
    const run = await runTaskSeed(seed)
    if (run.violations.length > 0) throw new Error(taskFailureText(run))
    summary.seeds++
    summary.steps += run.steps
    summary.records += run.records
    summary.commits += run.commits
    summary.seals += run.seals
    summary.generations += run.generations
    summary.collected += run.collected
    summary.virtualHours += run.virtualHours
    for (const [fault, times] of run.faultsMet) {
      summary.faultsMet.set(fault, (summary.faultsMet.get(fault) ?? 0) + times)
    }
  }
  return summary
}

export function taskSummaryText(summary: TaskSeedsSummary): string {
  const { seeds, steps, records, commits, seals, generations, collected, virtualHours, faultsMet } = summary
  const faults = [...faultsMet].sort().map(([fault, times]) => `${fault} ${times}`)
  return [
    `${seeds} seeds, ${steps} steps, ${Math.round(virtualHours)} h of virtual time`,
    `${records} records, ${commits} commits, ${seals} seals, ${generations} generations, ${collected} records deleted`,
    `faults met: ${faults.join(", ")}`,
  ].join("\n")
}
