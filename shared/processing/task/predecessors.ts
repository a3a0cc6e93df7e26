import { taskOf } from "../jobs/carry-intent.ts"
import type { JobItem } from "../jobs/job-item.ts"
import { packState } from "../state/packing.ts"
import type { CommitRecord, SinkBatch, TaskId } from "./commit.ts"
import type { CommitStore } from "./commit-store.ts"
import type { JobCode } from "./job-code.ts"

/** Results for function sinks, of one record. */
interface Given {
  readonly seq: number
  readonly sinks: readonly (SinkBatch | CommitRecord["sinks"][number])[]
}

/** Gives function sinks what records have for them, one after the other. Throws what the sinks throw. */
export async function giveToSinks(
  commits: CommitStore,
  code: JobCode,
  task: TaskId,
  records: readonly Given[],
): Promise<void> {
  for (const { seq, sinks } of records) {
    for (const batch of sinks) {
      const place = code.facts.functionSinks[batch.sink]
      // The graph has fewer by now: nobody takes them.
      if (place === undefined) continue
      const [bytes] = "piece" in batch ? await commits.pieces([batch.piece]) : [batch.records]
      const id = `${task.job}/${task.generation}/${task.stage}-${task.index}/${seq}/${batch.sink}`
      await code.callSink(place, bytes ?? packState([]), id)
    }
  }
}

/**
 * Gives function sinks what earlier generations committed for them and may not have given: whoever sealed them need not
 * have had the code. A generation that has a commit of its own has done this for those before it.
 */
export async function finishPredecessors(
  commits: CommitStore,
  code: JobCode,
  job: JobItem,
  index: number,
): Promise<void> {
  const left: { task: TaskId; records: readonly CommitRecord[] }[] = []
  for (let generation = job.generation - 1; generation >= 1; generation--) {
    const task = { ...taskOf(job, index), generation }
    const { head } = await commits.head(task)
    if (head === undefined) continue
    const before = head.seq === 0 ? undefined : await commits.record(task, head.seq - 1)
    if (before === undefined) continue
    if (head.published < head.seq - 1) {
      left.push({ task, records: await commits.records(task, head.published + 1, head.seq - 1) })
    }
    break
  }
  for (const { task, records } of left.reverse()) await giveToSinks(commits, code, task, records)
}
