import type { JobView, TaskView } from "../processing/jobs/job-view.ts"
import { lagOf, watermarkLagMs } from "./job-json.ts"

/** Prometheus' text format, version 0.0.4. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

interface Metric {
  readonly name: string
  readonly type: "counter" | "gauge"
  readonly help: string
  /** Undefined: the task has none of it now. */
  readonly of: (task: TaskView, at: number) => number | undefined
}

const counter = (name: string, help: string, of: Metric["of"]): Metric => ({
  name,
  type: "counter",
  help,
  of,
})
const gauge = (name: string, help: string, of: Metric["of"]): Metric => ({ name, type: "gauge", help, of })

const metrics: readonly Metric[] = [
  counter("records_in_total", "Records read.", ({ counters }) => counters.recordsIn),
  counter("records_out_total", "Results given.", ({ counters }) => counters.recordsOut),
  counter("late_dropped_total", "Records too late for every window.", ({ counters }) => counters.late),
  counter("duplicates_dropped_total", "Records seen before.", ({ counters }) => counters.duplicate),
  counter("skipped_total", "Records that the job's functions threw on.", ({ counters }) => counters.skipped),
  counter(
    "missed_total",
    "Records that were deleted before they were read.",
    ({ counters }) => counters.missed ?? 0,
  ),
  counter("commits_total", "Commits since the job began.", ({ seq = -1 }) => seq + 1),
  gauge("lag_records", "Records that are there and not read yet.", lagOf),
  gauge("watermark_seconds", "Event time of the results, Unix time.", ({ watermark }) =>
    watermark === undefined ? undefined : watermark / 1_000,
  ),
  gauge("watermark_lag_seconds", "How far the watermark is behind the clock.", (task, at) => {
    const lagMs = watermarkLagMs(task, at)
    return lagMs === undefined ? undefined : lagMs / 1_000
  }),
  gauge("state_bytes", "State, in memory where the task runs here, else stored.", task =>
    task.activity === undefined ? task.storedBytes : task.activity.stateBytes,
  ),
  gauge("commit_bytes", "Size of the last commit.", ({ activity }) => activity?.commitBytes),
  gauge("commit_seconds", "Time of the last commit.", ({ activity }) =>
    activity === undefined ? undefined : activity.commitMs / 1_000,
  ),
  gauge(
    "busy_ratio",
    "Share of the last seconds in which the task worked.",
    ({ activity }) => activity?.busyRatio,
  ),
]

const escaped = (label: string) => label.replace(/[\\"\n]/g, char => (char === "\n" ? "\\n" : `\\${char}`))

export type Labels = Readonly<Record<string, string | number>>
/** A metric's value for some labels; undefined: there is none. */
export type Sample = readonly [Labels, number | undefined]

/** `{topic="a",partition="0"}`; nothing without labels. */
export function labels(of: Labels): string {
  const pairs = Object.entries(of).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}

/** A metric with its samples, a line each. */
export function sampleLines(
  name: string,
  type: "counter" | "gauge",
  help: string,
  samples: readonly Sample[],
): string[] {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
  for (const [of, value] of samples) if (value !== undefined) lines.push(`${name}${labels(of)} ${value}`)
  return lines
}

/** The metrics of jobs and their tasks, as Prometheus reads them. */
export function prometheusText(jobs: readonly JobView[]): string {
  const lines = ["# HELP millrace_job_up 1 while the job runs.", "# TYPE millrace_job_up gauge"]
  for (const { item, trouble } of jobs) {
    const isUp = item.attached && item.state === "running" && trouble === undefined
    lines.push(`millrace_job_up{job="${escaped(item.name)}"} ${isUp ? 1 : 0}`)
  }
  for (const { name, type, help, of } of metrics) {
    lines.push(`# HELP millrace_task_${name} ${help}`, `# TYPE millrace_task_${name} ${type}`)
    for (const { item, tasks, at } of jobs) {
      for (const task of tasks) {
        const value = of(task, at)
        if (value === undefined) continue
        lines.push(`millrace_task_${name}{job="${escaped(item.name)}",task="${task.task}"} ${value}`)
      }
    }
  }
  return `${lines.join("\n")}\n`
}
