import type { JobActivity } from "../../api/job-service.ts"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import type { JobTrouble, TaskActivity } from "../../processing/jobs/job-view.ts"
import { type CodePlace, RunningJob, type RunningJobOptions } from "./running-job.ts"

/** An app's jobs, and where their code is. */
export interface JobsApp extends Pick<CodePlace, "file" | "stage" | "workMsMax"> {
  readonly jobs: readonly JobDefinition[]
}

/** Runs an app's jobs in this process: each in a thread of its own, whatever becomes of the others. */
export class JobManager implements JobActivity {
  readonly #options: Omit<RunningJobOptions, "name">
  readonly #running = new Map<string, RunningJob>()

  constructor(options: Omit<RunningJobOptions, "name">) {
    this.#options = options
  }

  /** Runs these jobs, with the app file as it is now; others that run are ended. They must be deployed. */
  async run({ jobs, ...place }: JobsApp): Promise<void> {
    const names = new Set(jobs.map(({ name }) => name))
    const gone = [...this.#running].filter(([name]) => !names.has(name))
    for (const [name] of gone) this.#running.delete(name)
    for (const { name, memoryMb } of jobs) {
      const code = { ...place, memoryMb }
      const running = this.#running.get(name)
      if (running === undefined) this.#running.set(name, new RunningJob({ ...this.#options, name }, code))
      else running.replace(code)
    }
    await Promise.all(gone.map(([, running]) => running.close()))
  }

  /** A job's item has changed. */
  changed(name: string): void {
    this.#running.get(name)?.changed()
  }

  trouble(name: string): JobTrouble | undefined {
    return this.#running.get(name)?.trouble
  }

  task(name: string, generation: number, task: number): TaskActivity | undefined {
    return this.#running.get(name)?.activity(generation, task)
  }

  /** Ends all jobs after the commits under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(running => running.close()))
    this.#running.clear()
  }
}
