import { Faults } from "../../shared/definition/faults.ts"
import type { Job } from "../../shared/definition/job/job.ts"
import { resolveJob } from "../../shared/definition/resolve-job.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { patchBaseOffset } from "../../shared/log/records/index.ts"
import type { Log } from "../../shared/log/types.ts"
import { Jobs } from "../../shared/processing/jobs/lifecycle.ts"
import { CommitStore } from "../../shared/processing/task/commit-store.ts"
import { localJobCode } from "../../shared/processing/task/local-job-code.ts"
import { TaskRunner } from "../../shared/processing/task/runner.ts"
import { PARTITION_BATCH_BYTES_MAX } from "../../shared/processing/task/runner-options.ts"
import { memoryPorts } from "../../test/support/memory-ports.ts"

export interface JobRun {
  /** The events as the log hands them out, in the order in which the job reads them: a batch of work each. */
  readonly work: readonly (readonly Uint8Array[])[]
  /** Runs the job until nothing is new, and says in how many commits. */
  run(): Promise<number>
}

/** Puts the events into a log of their own and makes the job. */
export async function openRun(job: Job, batches: readonly Uint8Array[], partitions: number): Promise<JobRun> {
  const ports = memoryPorts()
  const log = openLog(ports)
  const commits = new CommitStore(ports)
  const jobs = new Jobs(ports, log, commits)
  await log.createTopic({ name: "events", partitions, owner: "http" })
  const sinks = job.graph.flatMap(({ operator }) =>
    operator.kind === "topicSink" ? [operator.topic.name] : [],
  )
  for (const name of new Set(sinks)) await log.createTopic({ name, partitions: 1, owner: "http" })
  for (let at = 0; at < batches.length; at += partitions) {
    const parts = batches.slice(at, at + partitions).map((batch, partition) => {
      const own = batch.slice()
      patchBaseOffset(own, 0)
      return { partition, batch: own }
    })
    for (const result of await log.append({ topic: "events", parts })) {
      if ("error" in result) throw new Error(result.error.message)
    }
  }
  const faults = new Faults()
  const definition = resolveJob(job, faults)
  if (definition === undefined) throw new Error(JSON.stringify(faults.list))
  await jobs.create(definition, "app:bench")
  const code = localJobCode(job, definition)
  const runner = new TaskRunner({ ports, log, commits, jobs: jobs.store, code, task: 0 })
  const run = async () => {
    runner.wake()
    let commitsMade = 0
    for (;;) {
      const outcome = await runner.step()
      if (outcome.kind === "idle") return commitsMade
      if (outcome.kind === "stopped") throw new Error(JSON.stringify(outcome))
      if (outcome.kind === "worked" && outcome.records > 0) commitsMade++
    }
  }
  return { work: await readAll(log, partitions), run }
}

async function readAll(log: Log, partitions: number): Promise<readonly (readonly Uint8Array[])[]> {
  const { id } = await log.topic("events")
  const offsets = Array.from({ length: partitions }, () => 0)
  const work: Uint8Array[][] = []
  for (;;) {
    const batches: Uint8Array[] = []
    for (const [partition, offset] of offsets.entries()) {
      const fetched = await log.fetch(id, partition, { offset, maxBytes: PARTITION_BATCH_BYTES_MAX })
      batches.push(...fetched.batches.map(({ bytes }) => bytes))
      offsets[partition] = fetched.nextOffset
    }
    if (batches.length === 0) return work
    work.push(batches)
  }
}
