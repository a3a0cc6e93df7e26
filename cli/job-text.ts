import { textTable } from "./text-table.ts"

/** A job as `GET /jobs` tells it. */
export interface JobSummary {
  readonly name: string
  readonly state: string
  readonly changing?: string
  readonly owner: string
  readonly generation: number
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly fault?: Readonly<Record<string, unknown>> & { readonly error: string }
  readonly trouble?: { readonly error: string; readonly times: number }
}

/** A job as `GET /jobs/{name}` tells it. */
export interface Job extends JobSummary {
  readonly tasks: readonly Task[]
  readonly savepoints: readonly {
    readonly id: string
    readonly generation: number
    readonly created: number
  }[]
}

interface Task {
  readonly task: number
  readonly lag: number
  readonly watermark: number | null
  readonly watermark_lag_ms: number | null
  readonly records_in: number
  readonly records_out: number
  readonly late_dropped: number
  readonly skipped: number
  readonly missed: number
  readonly state_bytes: number
  readonly busy_ratio?: number
  readonly positions: readonly Position[]
}

interface Position {
  readonly topic: string
  readonly partition: number
  readonly next_offset: number | null
  readonly end_offset: number
  readonly lag: number
  readonly idle: boolean
  readonly ended: boolean
  readonly deleted: boolean
}

const TASK_COLUMNS = ["task", "in", "out", "late", "skipped", "lag", "watermark", "behind", "state", "busy"]
const POSITION_COLUMNS = ["task", "topic", "partition", "next", "end", "lag", "is"]
/** The end of time: `Number.MAX_SAFE_INTEGER` is past what dates can say. */
const DATE_MAX = 8.64e15

const SPANS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const

/** A job for a person. */
export function jobText(job: Job): string {
  const lines = [
    `${job.name}: ${job.state}${job.changing === undefined ? "" : `, ${job.changing} under way`}`,
    `generation ${job.generation} of ${job.owner}, ${job.reads.join(" ")} → ${job.writes.join(" ")}`,
  ]
  if (job.trouble !== undefined) lines.push(`trouble: ${job.trouble.error} (${job.trouble.times} times)`)
  if (job.fault !== undefined) lines.push("", ...faultLines(job.fault))
  const missed = job.tasks.reduce((sum, task) => sum + task.missed, 0)
  if (missed > 0) lines.push(`missed: ${missed} records that were deleted before they were read`)
  const tasks = textTable(TASK_COLUMNS, job.tasks.map(taskRow), [
    true,
    true,
    true,
    true,
    true,
    true,
    false,
    true,
    true,
    true,
  ])
  const positions = job.tasks.flatMap(task => task.positions.map(position => positionRow(task, position)))
  const parts = [
    `${lines.join("\n")}\n`,
    tasks,
    textTable(POSITION_COLUMNS, positions, [true, false, true, true, true, true, false]),
  ]
  if (job.savepoints.length > 0) {
    const rows = job.savepoints.map(({ id, generation, created }) => [id, `${generation}`, timeText(created)])
    parts.push(textTable(["savepoint", "generation", "made"], rows, [false, true, false]))
  }
  return parts.join("\n")
}

function faultLines({ error, record, ...where }: Readonly<Record<string, unknown>>): readonly string[] {
  const flat = Object.entries(where).flatMap(([name, value]) =>
    typeof value === "object" && value !== null ? Object.entries(value) : [[name, value] as const],
  )
  const places = flat.map(([name, value]) => `${name} ${String(value)}`)
  const shown = record === undefined ? [] : [`  record: ${String(record)}`]
  return [`fault: ${String(error)}`, `  at ${places.join(", ")}`, ...shown]
}

function taskRow(task: Task): readonly string[] {
  return [
    `${task.task}`,
    `${task.records_in}`,
    `${task.records_out}`,
    `${task.late_dropped}`,
    `${task.skipped}`,
    `${task.lag}`,
    task.watermark === null ? "" : timeText(task.watermark),
    task.watermark_lag_ms === null ? "" : spanText(task.watermark_lag_ms),
    bytesText(task.state_bytes),
    task.busy_ratio === undefined ? "" : `${Math.round(task.busy_ratio * 100)} %`,
  ]
}

function positionRow({ task }: Task, position: Position): readonly string[] {
  const { topic, partition, next_offset: next, end_offset: end, lag } = position
  const is = (["deleted", "ended", "idle"] as const).filter(name => position[name]).join(" ")
  return [`${task}`, topic, `${partition}`, next === null ? "" : `${next}`, `${end}`, `${lag}`, is]
}

function timeText(epochMs: number): string {
  return epochMs > DATE_MAX ? "end" : new Date(epochMs).toISOString()
}

function spanText(ms: number): string {
  const [unit, size] = SPANS.find(([, least]) => ms >= 2 * least) ?? (["s", 1_000] as const)
  return `${(ms / size).toFixed(1)} ${unit}`
}

function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"]
  let value = bytes
  let unit = 0
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
