import { expect, test } from "vitest"
import type { JobItem } from "../../shared/processing/jobs/job-item.ts"
import { type CommitRecord, NO_COUNTERS } from "../../shared/processing/task/commit.ts"
import { decide, type TaskSight, WORK_TIME_MIN_MS } from "../../shared/processing/task/decide.ts"

const job = {
  id: "j",
  name: "clicks",
  state: "running",
  generation: 2,
  digest: "d",
  tasks: [[["t", 0]]],
  start: { kind: "empty" },
} as unknown as JobItem

const head: CommitRecord = {
  seq: 5,
  kind: "commit",
  commitId: "c5",
  time: 0,
  inputs: [],
  times: [],
  runs: [],
  outputs: [],
  sinks: [],
  sequences: {},
  nextTimer: undefined,
  published: 4,
  counters: NO_COUNTERS,
}

const warm = { generation: 2, seq: 5, commitId: "c5", dirty: false }

const sight: TaskSight = {
  job,
  task: 0,
  digest: "d",
  head,
  warm,
  published: 5,
  predecessorsDone: true,
  hasWork: true,
  ended: false,
  timeLeftMs: Number.POSITIVE_INFINITY,
}

const stop = (why: string) => ({ kind: "stop", why })

const cases: readonly (readonly [what: string, seen: Partial<TaskSight>, decision: object])[] = [
  ["there is no job", { job: undefined }, stop("no_job")],
  [
    "an intent stands, whoever's",
    { job: { ...job, intent: { kind: "pause" } }, digest: "other" },
    { kind: "carry_intent" },
  ],
  [
    "an intent stands on a failed job",
    { job: { ...job, state: "failed", intent: { kind: "reset" } } },
    { kind: "carry_intent" },
  ],
  ["paused", { job: { ...job, state: "paused" } }, stop("paused")],
  ["failed, something unpublished", { job: { ...job, state: "failed" }, published: 4 }, stop("failed")],
  ["other code", { digest: "other" }, stop("other_digest")],
  ["a task that the job has not", { task: 1 }, stop("no_task")],
  ["sealed, the item not yet read", { head: { ...head, kind: "sealed" }, published: 4 }, stop("sealed")],
  [
    "a new generation, sinks not done",
    { head: undefined, predecessorsDone: false },
    { kind: "finish_predecessors" },
  ],
  ["a new generation", { head: undefined }, { kind: "open" }],
  ["unpublished, and no state", { published: 3, warm: undefined }, { kind: "publish", from: 3 }],
  ["unpublished, time short", { published: 4, timeLeftMs: 0 }, { kind: "publish", from: 4 }],
  ["ended, not said yet", { ended: true }, { kind: "finish" }],
  ["ended and said", { ended: true, job: { ...job, finished: true } }, stop("finished")],
  ["nobody looked, and no state", { hasWork: undefined, warm: undefined }, { kind: "look" }],
  ["nothing to do, and no state", { hasWork: false, warm: undefined }, { kind: "wait" }],
  ["work, time short", { timeLeftMs: WORK_TIME_MIN_MS - 1 }, { kind: "yield" }],
  ["work, no state", { warm: undefined }, { kind: "load" }],
  ["work, state touched", { warm: { ...warm, dirty: true } }, { kind: "load" }],
  ["work, state of another record", { warm: { ...warm, seq: 4, commitId: "c4" } }, { kind: "load" }],
  ["work, state of a lost record", { warm: { ...warm, commitId: "c5b" } }, { kind: "load" }],
  ["work, state of another generation", { warm: { ...warm, generation: 1 } }, { kind: "load" }],
  ["work", { timeLeftMs: WORK_TIME_MIN_MS }, { kind: "work" }],
]

test.each(cases)("%s", (_, seen, decision) => {
  expect(decide({ ...sight, ...seen })).toEqual(decision)
})
