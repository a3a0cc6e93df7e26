import { jobService } from "../../shared/api/job-service.ts"
import type { JobService } from "../../shared/api/types.ts"
import { Jobs } from "../../shared/processing/jobs/lifecycle.ts"
import { CommitStore } from "../../shared/processing/task/commit-store.ts"
import type { Home } from "./home.ts"
import { handOver, JobWakes, readProcessFunctions } from "./job-wakes.ts"
import { asError } from "./report.ts"

export interface ApiJobs {
  readonly service: JobService
  /** Resolves once whoever runs the jobs that were changed is told. */
  idle(): Promise<void>
}

/** Jobs as the API sees and steers them: whoever runs one is woken when it is changed, instead of finding it by the tick. */
export function apiJobs(home: Home): ApiJobs {
  const { ports, log } = home
  const commits = new CommitStore(ports)
  const jobs = new Jobs(ports, log, commits)
  const functions = readProcessFunctions(home.settings)
  let telling: Promise<void>[] = []

  async function tell(name: string): Promise<void> {
    try {
      const wakes = new JobWakes()
      const found = await jobs.store.find(name)
      for (const task of found?.item.tasks.keys() ?? []) wakes.add(name, task)
      const [lost] = await handOver(home, functions, wakes)
      if (lost !== undefined) throw lost
    } catch (error) {
      home.report.error("a job could not be woken", asError(error))
    }
  }

  return {
    service: jobService({ ports, log, jobs, commits, onChange: name => void telling.push(tell(name)) }),
    async idle() {
      const told = telling
      telling = []
      await Promise.all(told)
    },
  }
}
