import type { Log } from "../log/types.ts"
import { JobError } from "../processing/jobs/job-error.ts"
import type { JobItem } from "../processing/jobs/job-item.ts"
import type { JobTrouble, JobView, TaskActivity } from "../processing/jobs/job-view.ts"
import type { Jobs } from "../processing/jobs/lifecycle.ts"
import { removeJob } from "../processing/jobs/remove-job.ts"
import { viewTasks } from "../processing/jobs/view-job.ts"
import type { CommitStore } from "../processing/task/commit-store.ts"
import type { Ports } from "../storage/time.ts"
import type { JobService } from "./types.ts"

/** What the process that runs jobs knows of them beside what is stored. */
export interface JobActivity {
  trouble(job: string): JobTrouble | undefined
  task(job: string, generation: number, task: number): TaskActivity | undefined
}

export interface JobServices {
  readonly ports: Pick<Ports, "meta" | "clock" | "random">
  readonly log: Log
  readonly jobs: Jobs
  readonly commits: CommitStore
  /** Default: nothing runs here. */
  readonly activity?: JobActivity
  /** Told of each job that was changed, for who runs it. */
  readonly onChange?: (job: string) => void
}

/** What routes ask of jobs and do with them, over what is stored. */
export function jobService(services: JobServices): JobService {
  const { ports, log, jobs, commits, activity, onChange } = services
  const summary = (item: JobItem) => {
    const trouble = activity?.trouble(item.name)
    return { item, at: ports.clock.now(), ...(trouble === undefined ? {} : { trouble }) }
  }
  const changing = async (name: string, change: Promise<unknown>) => {
    try {
      await change
    } finally {
      onChange?.(name)
    }
  }
  return {
    list: async () => (await jobs.store.list()).map(summary),
    get: async name => {
      const { item } = await jobs.store.get(name)
      const [stored, savepoints] = await Promise.all([
        viewTasks(commits, log, item),
        jobs.savepoints.list(item.id),
      ])
      const tasks = stored.map(task => {
        const own = activity?.task(name, item.generation, task.task)
        if (own === undefined) return task
        // Until it has something to do, a task holds no state.
        return { ...task, activity: { ...own, stateBytes: own.stateBytes || task.storedBytes } }
      })
      return { ...summary(item), tasks, savepoints } satisfies JobView
    },
    pause: name => changing(name, jobs.pause(name)),
    resume: async (name, options) => {
      const { item } = await jobs.store.get(name)
      if (!item.attached) {
        throw new JobError("wrong_state", `job ${name} is detached: expected its app to name it again`)
      }
      await changing(name, jobs.resume(name, options))
    },
    reset: name => changing(name, jobs.reset(name)),
    restore: (name, savepoint) => changing(name, jobs.restore(name, savepoint)),
    savepoint: (name, id) => jobs.takeSavepoint(name, id),
    remove: name => changing(name, removeJob(ports, jobs, name)),
  }
}
