import { LogError } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import { readsTopic } from "../jobs/assign-partitions.ts"
import type { JobItem } from "../jobs/job-item.ts"
import { type CommitDraft, type CommitRecord, NO_COUNTERS, type StoredInput } from "./commit.ts"
import { inputKey } from "./inputs.ts"
import type { JobFacts, SourceFacts } from "./job-code.ts"

/** What the first record of a generation's chain says: it goes on from what it starts from, and fixes where else to begin. */
export interface Opening {
  readonly inputs: readonly StoredInput[]
  readonly draft: Omit<CommitDraft, "inputs">
}

/**
 * Where a task begins. Starting offsets are resolved here and never again: where the job has positions already, what it
 * has none for begins at the log's start. Bounded sources end where their partitions end now.
 */
export async function openingOf(
  log: Log,
  job: JobItem,
  task: number,
  facts: JobFacts,
  start: CommitRecord | undefined,
): Promise<Opening> {
  const known = new Map((start?.inputs ?? []).map(at => [inputKey(at.uid, at.topicId, at.partition), at]))
  const begun = new Set((start?.inputs ?? []).map(({ uid }) => uid))
  const inputs: StoredInput[] = []
  for (const [topicId, partition] of job.tasks[task] ?? []) {
    const name = await log.topicById(topicId).then(
      topic => topic.name,
      (error: unknown) => {
        if (error instanceof LogError && error.code === "topic_deleted") return undefined
        throw error
      },
    )
    for (const source of facts.sources) {
      const before = known.get(inputKey(source.uid, topicId, partition))
      if (before !== undefined) inputs.push(before)
      else if (name !== undefined && readsTopic(source, name)) {
        const first = await firstInput(log, source, topicId, partition, begun.has(source.uid))
        if (first !== undefined) inputs.push(first)
      }
    }
  }
  const { times = [], sequences = {}, nextTimer, counters = NO_COUNTERS } = start ?? {}
  return {
    inputs,
    draft: { times, change: undefined, outputs: [], sinks: [], sequences, nextTimer, counters },
  }
}

async function firstInput(
  log: Log,
  { uid, startingOffsets, bounded }: SourceFacts,
  topicId: string,
  partition: number,
  begun: boolean,
): Promise<StoredInput | undefined> {
  if (begun && bounded) return undefined
  const { beginningOffset, lastStableOffset } = await log.offsets(topicId, partition)
  const at = { uid, topicId, partition, maxTimestamp: Number.NEGATIVE_INFINITY, idle: false, ended: false }
  const wanted = await wantedOffset(log, begun ? "earliest" : startingOffsets, topicId, partition, {
    beginning: beginningOffset,
    end: lastStableOffset,
  })
  const next = Math.min(Math.max(wanted, beginningOffset), lastStableOffset)
  return { ...at, next, ...(bounded ? { end: lastStableOffset } : {}) }
}

async function wantedOffset(
  log: Log,
  startingOffsets: SourceFacts["startingOffsets"],
  topicId: string,
  partition: number,
  bounds: { readonly beginning: number; readonly end: number },
): Promise<number> {
  if (startingOffsets === "latest") return bounds.end
  if (typeof startingOffsets === "string") return bounds.beginning
  if ("offsets" in startingOffsets) return startingOffsets.offsets[partition] ?? bounds.beginning
  const { timestamp } = startingOffsets
  const time = typeof timestamp === "number" ? timestamp : Date.parse(timestamp)
  return log.offsetForTimestamp(topicId, partition, time)
}
