import * as v from "valibot"
import type { InputView, JobView, SavepointView, TaskView } from "../processing/jobs/job-view.ts"
import { END_OF_TIME } from "../processing/operator.ts"

type Summary = Omit<JobView, "tasks" | "savepoints">

const nullable = (description: string) => v.pipe(v.nullable(v.number()), v.description(description))
const described = (description: string) => v.pipe(v.number(), v.description(description))

const fault = v.looseObject({ task: v.number(), error: v.string() })

const summary = {
  name: v.string(),
  state: v.pipe(
    v.picklist(["running", "paused", "failed", "finished", "detached"]),
    v.description("`finished`: a bounded run is at its end; `detached`: its app no longer names it."),
  ),
  changing: v.pipe(
    v.optional(v.picklist(["pause", "upgrade", "restore", "reset"])),
    v.description("What is being carried through."),
  ),
  owner: v.string(),
  generation: described("Counted up by every pause, upgrade, restore and reset."),
  reads: v.array(v.string()),
  writes: v.array(v.string()),
  fault: v.pipe(v.optional(fault), v.description("Why it failed: the record, its position, and the error.")),
  trouble: v.pipe(
    v.optional(v.object({ error: v.string(), times: v.number() })),
    v.description("What keeps its code from running here; it is tried again."),
  ),
}

const position = v.object({
  topic: v.string(),
  partition: v.number(),
  next_offset: nullable("The offset of the next record; null before the first commit."),
  end_offset: v.number(),
  lag: described("Records that are there and not read yet."),
  idle: v.boolean(),
  ended: v.boolean(),
  deleted: v.boolean(),
})

const task = v.object({
  task: v.number(),
  commits: described("Since the job began."),
  lag: v.number(),
  watermark: nullable("Event time of the results, epoch ms; null before the first."),
  watermark_lag_ms: nullable("How far it is behind the clock."),
  records_in: v.number(),
  records_out: v.number(),
  late_dropped: v.number(),
  duplicates_dropped: v.number(),
  expired_dropped: v.number(),
  skipped: described("Records that its functions threw on."),
  missed: described("Records that were deleted before they were read, and passed over on request."),
  state_bytes: v.number(),
  busy_ratio: v.pipe(
    v.optional(v.number()),
    v.description("The share of the last seconds in which it worked, where it runs in this process."),
  ),
  positions: v.array(position),
})

export const savepointAnswer = v.object({ id: v.string(), generation: v.number(), created: v.number() })
export const jobSummaryAnswer = v.object(summary)
export const jobAnswer = v.object({ ...summary, tasks: v.array(task), savepoints: v.array(savepointAnswer) })

/** A job in a list. */
export function summaryJson({ item, trouble }: Summary): v.InferInput<typeof jobSummaryAnswer> {
  const { definition } = item
  return {
    name: item.name,
    state: stateOf(item),
    ...(item.intent === undefined ? {} : { changing: item.intent.kind }),
    owner: item.owner,
    generation: item.generation,
    reads: [...definition.reads],
    writes: [...definition.writes],
    ...(item.fault === undefined ? {} : { fault: { ...item.fault } }),
    ...(trouble === undefined ? {} : { trouble: { ...trouble } }),
  }
}

function stateOf({ attached, state, finished }: JobView["item"]): v.InferInput<typeof summary.state> {
  if (!attached) return "detached"
  return state === "running" && finished === true ? "finished" : state
}

export function jobJson(view: JobView): v.InferInput<typeof jobAnswer> {
  return {
    ...summaryJson(view),
    tasks: view.tasks.map(each => taskJson(each, view.at)),
    savepoints: view.savepoints.map(savepointJson),
  }
}

export function savepointJson({ id, generation, created }: SavepointView) {
  return { id, generation, created }
}

/** How far a task's results are behind the clock, ms; undefined before the first and at the end. */
export function watermarkLagMs({ watermark }: Pick<TaskView, "watermark">, at: number): number | undefined {
  return watermark === undefined || watermark === END_OF_TIME ? undefined : Math.max(0, at - watermark)
}

export function lagOf({ inputs }: Pick<TaskView, "inputs">): number {
  return inputs.reduce((sum, { lag }) => sum + lag, 0)
}

function taskJson(view: TaskView, at: number): v.InferInput<typeof task> {
  const { counters, activity } = view
  return {
    task: view.task,
    commits: (view.seq ?? -1) + 1,
    lag: lagOf(view),
    watermark: view.watermark ?? null,
    watermark_lag_ms: watermarkLagMs(view, at) ?? null,
    records_in: counters.recordsIn,
    records_out: counters.recordsOut,
    late_dropped: counters.late,
    duplicates_dropped: counters.duplicate,
    expired_dropped: counters.expired,
    skipped: counters.skipped,
    missed: counters.missed ?? 0,
    state_bytes: activity?.stateBytes ?? view.storedBytes,
    ...(activity === undefined ? {} : { busy_ratio: activity.busyRatio }),
    positions: view.inputs.map(positionJson),
  }
}

function positionJson({ next, end, ...rest }: InputView): v.InferInput<typeof position> {
  const { topic, partition, lag, idle, ended, deleted } = rest
  return { topic, partition, next_offset: next ?? null, end_offset: end, lag, idle, ended, deleted }
}
