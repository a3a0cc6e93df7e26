import { StorageError } from "../../storage/errors.ts"
import type { CommitRecord, RunRef } from "../task/commit.ts"
import type { CommitStore } from "../task/commit-store.ts"
import { type JobItem, startOf } from "./job-item.ts"

/**
 * What a task's chain goes on from, as its generation sees it: under new producers, so without sequences, and of another
 * graph's event time nothing but what its sources' positions tell. Undefined: it begins with nothing.
 */
export async function readStart(
  commits: CommitStore,
  job: JobItem,
  index: number,
): Promise<CommitRecord | undefined> {
  const ref = startOf(job, index)
  if (ref === undefined || job.start.kind !== "heads") return undefined
  const [generation, seq] = ref
  const record = await commits.record({ job: job.id, generation, stage: 0, index }, seq)
  if (record === undefined) {
    throw new StorageError(
      "corrupt",
      `job ${job.name}: task ${index} of generation ${generation}, no record ${seq}`,
    )
  }
  const { digest, without = [] } = job.start
  const left = (run: RunRef): RunRef => ({
    ...run,
    without: [...new Set([...(run.without ?? []), ...without])],
  })
  return {
    ...record,
    published: seq,
    outputs: [],
    sinks: [],
    sequences: {},
    runs: without.length === 0 ? record.runs : record.runs.map(left),
    times: digest === job.digest ? record.times : [],
  }
}
