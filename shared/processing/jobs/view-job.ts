import { LogError } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import { type CommitRecord, NO_COUNTERS, type StoredInput } from "../task/commit.ts"
import type { CommitStore } from "../task/commit-store.ts"
import { inTurns } from "../task/publisher.ts"
import { taskOf } from "./carry-intent.ts"
import type { JobItem } from "./job-item.ts"
import type { InputView, TaskView } from "./job-view.ts"
import { readStart } from "./start-record.ts"

/** Tasks, and partitions of one, that are looked at at once. */
const LOOKS_AT_ONCE = 8

/** A job's tasks as their last commit records have them. Throws `StorageError`, `LogError`. */
export function viewTasks(commits: CommitStore, log: Log, item: JobItem): Promise<readonly TaskView[]> {
  return inTurns(item.tasks, LOOKS_AT_ONCE, (_, index) => viewTask(commits, log, item, index))
}

async function viewTask(commits: CommitStore, log: Log, item: JobItem, task: number): Promise<TaskView> {
  const read = await commits.head(taskOf(item, task))
  const head = read.head ?? (await readStart(commits, item, task))
  const inputs = await inTurns(item.tasks[task] ?? [], LOOKS_AT_ONCE, ([topicId, partition]) =>
    viewInput(log, topicId, partition, positionOf(head, topicId, partition)),
  )
  return {
    task,
    seq: head?.seq,
    sealed: read.head?.kind === "sealed",
    counters: head?.counters ?? NO_COUNTERS,
    watermark: watermarkOf(item, head),
    storedBytes: head?.runs.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0,
    inputs,
  }
}

/** Of several sources that read one partition, the one that is furthest behind. */
function positionOf(
  head: CommitRecord | undefined,
  topicId: string,
  partition: number,
): StoredInput | undefined {
  const found = head?.inputs.filter(at => at.topicId === topicId && at.partition === partition) ?? []
  return found.reduce<StoredInput | undefined>(
    (least, at) => (least === undefined || at.next < least.next ? at : least),
    undefined,
  )
}

async function viewInput(
  log: Log,
  topicId: string,
  partition: number,
  position: StoredInput | undefined,
): Promise<InputView> {
  const { next, idle = false, ended = false } = position ?? {}
  const at = { partition, next, idle, ended }
  try {
    const { name } = await log.topicById(topicId)
    const { beginningOffset, lastStableOffset: end } = await log.offsets(topicId, partition)
    const lag = ended ? 0 : Math.max(0, (position?.end ?? end) - (next ?? beginningOffset))
    return { topic: name, ...at, end, lag, deleted: false }
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== "topic_deleted") throw error
    return { topic: topicId, ...at, end: next ?? 0, lag: 0, deleted: true }
  }
}

/** The least watermark of the sinks; undefined before the first. */
function watermarkOf({ definition }: JobItem, head: CommitRecord | undefined): number | undefined {
  const isSink = (kind: string | undefined) => kind === "topicSink" || kind === "functionSink"
  const times = head?.times ?? []
  const sinks = times.filter((_, index) => isSink(definition.nodes[index]?.kind))
  const least = Math.min(...sinks.map(({ watermark }) => watermark))
  return Number.isFinite(least) ? least : undefined
}
