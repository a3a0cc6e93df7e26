import type { JobService } from "../../shared/api/types.ts"
import type { JobDefinition } from "../../shared/definition/job/job-definition.ts"
import { JobError } from "../../shared/processing/jobs/job-error.ts"
import type { JobItem } from "../../shared/processing/jobs/job-item.ts"
import type { JobView, SavepointView, TaskView } from "../../shared/processing/jobs/job-view.ts"

const AT = Date.UTC(2026, 0, 1)

const definition: JobDefinition = {
  name: "ad-stats",
  nodes: [],
  reads: ["ad-events"],
  writes: ["ad-stats"],
  parallelism: "single",
  poison: "fail",
  bounded: false,
  memoryMb: 1024,
  version: 1,
  dropState: [],
}

export const jobItem: JobItem = {
  id: "1".repeat(32),
  name: "ad-stats",
  owner: "app:ads",
  attached: true,
  state: "running",
  generation: 1,
  digest: "d",
  definition,
  tasks: [[["t", 0]]],
  firstProducer: 2 ** 52,
  start: { kind: "empty" },
  created: AT,
  began: AT,
}

export const taskView: TaskView = {
  task: 0,
  seq: 7,
  sealed: false,
  counters: { recordsIn: 1000, recordsOut: 12, late: 1, duplicate: 2, expired: 0, skipped: 0 },
  watermark: AT,
  storedBytes: 2048,
  inputs: [
    {
      topic: "ad-events",
      partition: 0,
      next: 1000,
      end: 1020,
      lag: 20,
      idle: false,
      ended: false,
      deleted: false,
    },
  ],
  activity: { stateBytes: 4096, commits: 3, commitBytes: 512, commitMs: 12, busyRatio: 0.25 },
}

/** One job that is seen and steered, without any work. */
export function memoryJobs(more: Partial<JobView> = {}): JobService {
  let item = { ...jobItem, ...more.item }
  const savepoints: SavepointView[] = []
  const view = (): JobView => ({ at: AT + 5_000, tasks: [taskView], ...more, item, savepoints })
  const known = (name: string) => {
    if (name !== item.name) throw new JobError("unknown_job", `job ${name} does not exist`)
  }
  const begin = (state: JobItem["state"], from: readonly JobItem["state"][]) => async (name: string) => {
    known(name)
    if (!from.includes(item.state)) {
      const expected = from.includes("running") ? "expected it to run" : "expected it to be paused or failed"
      throw new JobError("wrong_state", `job ${name} is ${item.state}: ${expected}`)
    }
    // Going on runs the generation that the pause made.
    const isResumed = state === "running" && !from.includes("running")
    item = { ...item, state, generation: item.generation + (isResumed ? 0 : 1) }
  }
  return {
    list: async () => [view()],
    async get(name) {
      known(name)
      return view()
    },
    pause: begin("paused", ["running"]),
    resume: begin("running", ["paused", "failed"]),
    reset: begin("running", ["running", "paused", "failed"]),
    async savepoint(name, id = "made") {
      known(name)
      if (savepoints.some(savepoint => savepoint.id === id)) {
        throw new JobError("savepoint_exists", `job ${name} has a savepoint ${id} already`)
      }
      savepoints.push({ id, generation: item.generation, created: AT })
      return savepoints.at(-1) as SavepointView
    },
    async restore(name, id) {
      known(name)
      if (!savepoints.some(savepoint => savepoint.id === id)) {
        throw new JobError("unknown_savepoint", `job ${name} has no savepoint ${id}`)
      }
      item = { ...item, state: "running", generation: item.generation + 1 }
    },
    async remove(name) {
      known(name)
      throw new JobError("wrong_state", `job ${name} belongs to ${item.owner}: expected it to be detached`)
    },
  }
}
