import { LogError } from "../../log/errors.ts"
import type { Fetched, Log } from "../../log/types.ts"
import type { EngineBatch, EngineInput } from "../engine/engine.ts"
import { readsTopic } from "../jobs/assign-partitions.ts"
import type { JobItem } from "../jobs/job-item.ts"
import type { CommitRecord, InputPosition } from "./commit.ts"
import type { JobFacts, SourceFacts } from "./job-code.ts"
import { inTurns } from "./publisher.ts"
import type { InputHint } from "./runner.ts"
import { FETCHES_AT_ONCE } from "./runner-options.ts"

/** One partition of one source, and what is known of it. */
export interface TaskInput extends EngineInput {
  readonly facts: SourceFacts
  next: number
  ended: boolean
  idle: boolean
  /** Where a bounded source's partition ends. */
  end: number | undefined
  /** The partition's end as last seen. */
  seenEnd: number
  /** No record has come since, own clock, epoch ms. */
  quietSince: number
  /** It may have records that were not asked for yet. */
  hot: boolean
  deleted: boolean
}

/** Records that were deleted before they were read. */
export interface MissingRecords {
  readonly input: TaskInput
  readonly start: number
}

/** What one round of asking may come to. */
export interface FetchBounds {
  readonly bytesMax: number
  readonly partitionBytesMax: number
  /** The partition that is asked before all others. */
  readonly first?: Pick<TaskInput, "topicId" | "partition"> | undefined
  /** Where records were deleted before they were read, go on after them. */
  readonly skipMissing?: boolean
}

/** A task's inputs: where each stands, and which may have more. */
export class TaskInputs {
  readonly #log: Log
  readonly #names = new Map<string, string | undefined>()
  #inputs: TaskInput[] = []
  /** Which input is asked first: each in turn. */
  #turn = 0

  constructor(log: Log) {
    this.#log = log
  }

  get all(): readonly TaskInput[] {
    return this.#inputs
  }

  /**
   * Takes up the job item's list and the head's positions. Partitions that the head does not know begin at the log's
   * start: a bounded source takes up none.
   */
  async sync(job: JobItem, task: number, facts: JobFacts, head: CommitRecord | undefined): Promise<void> {
    const positions = head?.inputs ?? []
    const stored = new Map(positions.map(at => [inputKey(at.uid, at.topicId, at.partition), at] as const))
    const known = new Map(this.#inputs.map(at => [keyOf(at), at] as const))
    const inputs: TaskInput[] = []
    for (const [topicId, partition] of job.tasks[task] ?? []) {
      const name = await this.#nameOf(topicId)
      for (const source of facts.sources) {
        const position = stored.get(inputKey(source.uid, topicId, partition))
        if (position === undefined && (source.bounded || name === undefined)) continue
        if (name !== undefined && !readsTopic(source, name)) continue
        const before = known.get(inputKey(source.uid, topicId, partition))
        inputs.push({
          facts: source,
          source: source.place,
          topic: name ?? "",
          topicId,
          partition,
          next: position?.next ?? 0,
          ended: position?.ended ?? false,
          idle: position?.idle ?? false,
          end: position?.end,
          seenEnd: Math.max(before?.seenEnd ?? 0, position?.next ?? 0),
          quietSince: before?.quietSince ?? head?.time ?? Number.NEGATIVE_INFINITY,
          hot: before?.hot ?? true,
          deleted: before?.deleted ?? false,
        })
      }
    }
    this.#inputs = inputs
  }

  /** The name of a topic by its id, kept: an id never stands for another. Undefined: it is gone. */
  async #nameOf(topicId: string): Promise<string | undefined> {
    if (this.#names.has(topicId)) return this.#names.get(topicId)
    try {
      const { name } = await this.#log.topicById(topicId)
      this.#names.set(topicId, name)
      return name
    } catch (error) {
      if (error instanceof LogError && error.code === "topic_deleted") return undefined
      throw error
    }
  }

  /** These may have more; without any: all may. */
  hint(hints: readonly InputHint[] | undefined): void {
    for (const input of this.#inputs) {
      if (hints === undefined) input.hot = true
      else if (hints.some(hint => isNews(hint, input))) input.hot = true
    }
  }

  /** Where the inputs stand after a batch of work. @param now own clock, epoch ms */
  moved(positions: readonly InputPosition[], now: number): void {
    const at = new Map(positions.map(position => [positionKey(position), position] as const))
    for (const input of this.#inputs) {
      const position = at.get(positionKey(input))
      if (position === undefined) continue
      const { idleAfterMs } = input.facts
      const isDue = idleAfterMs !== undefined && input.quietSince + idleAfterMs <= now && !position.idle
      // What is due and not idle yet is so later: nobody looks again at once.
      if (position.next > input.next || isDue) input.quietSince = now
      input.next = position.next
      input.ended = position.ended
      input.idle = position.idle
    }
  }

  /** When a partition falls idle, own clock, epoch ms; undefined: none does. */
  idleAt(): number | undefined {
    let due: number | undefined
    for (const { idle, ended, facts, quietSince } of this.#inputs) {
      if (idle || ended || facts.idleAfterMs === undefined) continue
      due = Math.min(due ?? Number.POSITIVE_INFINITY, quietSince + facts.idleAfterMs)
    }
    return due
  }

  /**
   * Asks inputs that may have more, in turn, until so many bytes are there. What a fetch passed over (marks of the log's
   * own) comes along as a batch without records.
   */
  async fetch({
    bytesMax,
    partitionBytesMax,
    first,
    skipMissing = false,
  }: FetchBounds): Promise<readonly EngineBatch[] | MissingRecords> {
    const hot = this.#inputs.filter(({ hot: isHot, ended, deleted }) => isHot && !ended && !deleted)
    const turn = this.#turn % Math.max(1, hot.length)
    const waiting = [...hot.slice(turn), ...hot.slice(0, turn)]
    const isFirst = (at: TaskInput) => at.topicId === first?.topicId && at.partition === first.partition
    if (first !== undefined) waiting.sort((left, right) => Number(isFirst(right)) - Number(isFirst(left)))
    // An engine that was just made does not know of them.
    const batches = this.#inputs.filter(({ deleted, ended }) => deleted && !ended).map(gone)
    let left = bytesMax
    while (left > 0 && waiting.length > 0) {
      const asked = waiting.splice(0, FETCHES_AT_ONCE)
      const maxBytes = Math.min(partitionBytesMax, Math.max(1, Math.floor(left / asked.length)))
      const found = await inTurns(asked, FETCHES_AT_ONCE, input => this.#fetch(input, maxBytes))
      this.#turn += asked.length
      for (const batch of found) {
        if ("start" in batch) {
          if (!skipMissing) return batch
          batches.push(afterMissing(batch))
          continue
        }
        if (batch.next > batch.from || batch.ended || batch.gone === true) batches.push(batch)
        for (const bytes of batch.batches) left -= bytes.length
      }
    }
    return batches
  }

  async #fetch(input: TaskInput, maxBytes: number): Promise<EngineBatch | MissingRecords> {
    const { source, topicId, partition, next: from, end } = input
    const nothing = { source, topicId, partition, batches: [], from, next: from }
    if (end !== undefined && from >= end) return { ...nothing, ended: true }
    let fetched: Fetched
    try {
      fetched = await this.#log.fetch(topicId, partition, { offset: from, maxBytes })
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      if (error.code === "offset_out_of_range") return { input, start: Number(error.detail.start ?? from) }
      if (error.code !== "topic_deleted") throw error
      input.deleted = true
      input.hot = false
      return gone(input)
    }
    const next = Math.min(fetched.nextOffset, end ?? Number.POSITIVE_INFINITY)
    input.seenEnd = fetched.endOffset
    if (next >= fetched.endOffset) input.hot = false
    const batches = fetched.batches.map(({ bytes }) => bytes)
    return { ...nothing, batches, next, ended: end !== undefined && next >= end }
  }
}

/** Goes on where the log begins by now. */
function afterMissing({ input, start }: MissingRecords): EngineBatch {
  const { source, topicId, partition, next: from, end = Number.POSITIVE_INFINITY } = input
  const next = Math.min(start, end)
  return { source, topicId, partition, batches: [], from, next, missed: next - from, ended: next === end }
}

/** A bounded source that loses a topic has its end there. */
function gone({ source, topicId, partition, next, facts }: TaskInput): EngineBatch {
  const nothing = { source, topicId, partition, batches: [], from: next, next }
  return facts.bounded ? { ...nothing, ended: true } : { ...nothing, ended: false, gone: true }
}

function isNews({ topicId, partition, offset }: InputHint, input: TaskInput): boolean {
  if (input.topicId !== topicId || input.partition !== partition) return false
  return offset === undefined || offset >= input.next
}

export function inputKey(uid: string, topicId: string, partition: number): string {
  return `${uid}/${topicId}#${partition}`
}

function keyOf({ facts, topicId, partition }: TaskInput): string {
  return inputKey(facts.uid, topicId, partition)
}

function positionKey({
  source,
  topicId,
  partition,
}: Pick<InputPosition, "source" | "topicId" | "partition">) {
  return inputKey(String(source), topicId, partition)
}
