import { StorageError } from "../../storage/errors.ts"
import type { Ports } from "../../storage/time.ts"
import type { CommitRecord, TaskId } from "../task/commit.ts"
import type { CommitStore } from "../task/commit-store.ts"
import { inTurns, type Publisher } from "../task/publisher.ts"
import { firstSeq, type HeadRef, type JobItem, type JobRead, type JobStart, producerOf } from "./job-item.ts"
import type { JobStore } from "./job-store.ts"
import { reserveProducers } from "./producer-ids.ts"
import { readStart } from "./start-record.ts"

/** Tasks that are sealed at once. */
const TASKS_AT_ONCE = 8

/** What changes of jobs need. */
export interface JobContext {
  readonly ports: Ports
  readonly jobs: JobStore
  readonly commits: CommitStore
  readonly publisher: Publisher
}

interface Sealed {
  readonly record: CommitRecord
  /** Store time at which it was known to stand, epoch ms. */
  readonly date: number
}

/**
 * Carries a job's intent through: seals every task, publishes what is left, retires the producers, and makes the next
 * generation with one conditional write. Undefined: another was faster, or the outcome is unknown; read the job again.
 * Throws what the stores and the log throw; then whoever comes next goes on with it.
 */
export async function carryIntent(context: JobContext, read: JobRead): Promise<JobRead | undefined> {
  try {
    return await carry(context, read)
  } catch (error) {
    if (await isOvertaken(context, read, error)) return undefined
    throw error
  }
}

/** Whether who stood still for long asked for what nobody needs any more, since others carried the intent through. */
async function isOvertaken({ jobs }: JobContext, { item }: JobRead, error: unknown): Promise<boolean> {
  if (!(error instanceof StorageError) || error.code !== "corrupt") return false
  const now = (await jobs.find(item.name))?.item
  return now?.id !== item.id || now.generation !== item.generation
}

async function carry(context: JobContext, read: JobRead): Promise<JobRead | undefined> {
  const { item } = read
  if (item.intent === undefined) return read
  const sealed = await inTurns(item.tasks, TASKS_AT_ONCE, (_, index) => sealTask(context, read, index))
  const heads = sealed.filter(each => each !== undefined)
  if (heads.length < item.tasks.length) return undefined
  await inTurns(heads, TASKS_AT_ONCE, ({ record, date }, index) =>
    publishTask(context, read, index, record, date),
  )
  const refs = heads.map(({ record }): HeadRef => [item.generation, record.seq])
  const firstProducer = await reserveProducers(context.ports)
  const asOf = Math.min(read.date, ...heads.map(({ date }) => date))
  const next: JobItem = { ...nextItem(item, refs), firstProducer, began: asOf }
  const written = await context.jobs.replace(read, next, asOf)
  return written.outcome === "committed" ? written.read : undefined
}

/** Puts a seal after the task's last record, whatever that is by then. */
async function sealTask(context: JobContext, read: JobRead, index: number): Promise<Sealed | undefined> {
  const { commits } = context
  const { item } = read
  const task = taskOf(item, index)
  for (;;) {
    const { head, date } = await commits.head(task)
    if (head?.kind === "sealed") return { record: head, date }
    const from = head ?? (await readStart(commits, item, index))
    const seq = head === undefined ? firstSeq(item, index) : head.seq + 1
    const base = { task, seq, runs: from?.runs ?? [], time: date, viewDate: Math.min(read.date, date) }
    const sequences = head?.sequences ?? {}
    const answer = await commits.seal({ ...base, published: from?.published ?? -1 }, from, sequences)
    if (answer.outcome === "committed") return { record: answer.record, date: answer.date }
    if (answer.outcome === "unknown") return undefined
  }
}

/** Brings into the log what the task committed and did not publish, and ends its producer. */
async function publishTask(
  { commits, publisher }: JobContext,
  read: JobRead,
  index: number,
  sealed: CommitRecord,
  date: number,
): Promise<void> {
  const { item } = read
  const producerId = producerOf(item, index)
  const from = Math.max(sealed.published + 1, firstSeq(item, index))
  if (from < sealed.seq) {
    const records = await commits.records(taskOf(item, index), from, sealed.seq - 1)
    const outputs = records.flatMap(record => record.outputs)
    await publisher.publish({ producerId, outputs, readAt: Math.min(read.date, date) })
  }
  await publisher.retire(producerId, sealed.sequences)
}

/** The item of the next generation, but for its producers. */
function nextItem(item: JobItem, heads: readonly HeadRef[]): JobItem {
  const { intent, fault: _fault, finished, ...kept } = item
  const { kind, definition = item.definition, digest = item.digest, without } = intent ?? { kind: "pause" }
  const left = without === undefined || without.length === 0 ? {} : { without }
  const start: JobStart = intent?.start ?? { kind: "heads", heads, digest: item.digest, ...left }
  const state = kind === "pause" ? "paused" : item.state === "failed" ? "running" : item.state
  const next = { ...kept, state, generation: item.generation + 1, digest, definition, start } as const
  return finished === true && kind === "pause" ? { ...next, finished } : next
}

/** The task of a job's running generation. */
export function taskOf(item: JobItem, index: number): TaskId {
  return { job: item.id, generation: item.generation, stage: 0, index }
}
