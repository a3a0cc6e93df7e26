import { WRITE_AFTER_READ_MS } from "../../storage/not-after.ts"
import { OBJECT_DELETES_MAX } from "../../storage/object-store.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { CommitRecord, Piece, TaskId } from "../task/commit.ts"
import { CHAIN, commitKey, readCommit, taskKey } from "../task/commit-codec.ts"
import type { CommitStore } from "../task/commit-store.ts"
import { taskOf } from "./carry-intent.ts"
import type { HeadRef, JobRead, JobStart } from "./job-item.ts"
import type { Savepoints } from "./savepoints.ts"

/** Records that one step looks at: what one call deletes. */
export const COLLECT_RECORDS_MAX = 100
/**
 * A commit record is kept this long after a later record said that its results are published, or after its generation
 * ended: longer than any writer that does not know may still put one in its place, or any reader take to read its state.
 */
export const COMMIT_KEPT_MS = 60 * 60_000

/** The chain that a step looks at next. */
export interface CollectCursor {
  readonly generation: number
  readonly task: number
}

export interface CollectStep {
  readonly records: number
  readonly objects: number
  /** Where to go on; undefined: all chains were looked at. */
  readonly next: CollectCursor | undefined
}

export interface CollectContext {
  readonly ports: Pick<Ports, "meta" | "objects" | "clock">
  readonly commits: CommitStore
  readonly savepoints: Savepoints
}

interface Chain {
  readonly task: TaskId
  readonly head: CommitRecord
  readonly records: readonly CommitRecord[]
  /** Store time, epoch ms. */
  readonly date: number
}

/**
 * Deletes what nobody needs of one of a job's chains: records whose results were published long since, and the objects
 * that only they name. The head, what recovery from it needs, and what a savepoint pins stay. Bounded; for a home's tick.
 * Throws `StorageError`.
 */
export async function collectStep(
  context: CollectContext,
  read: JobRead,
  at: CollectCursor = { generation: read.item.generation, task: 0 },
): Promise<CollectStep> {
  const { item } = read
  const done = { records: 0, objects: 0, next: nextChain(read, at) }
  const task = { ...taskOf(item, at.task), generation: at.generation }
  const chain = await readChain(context, task)
  if (chain === undefined) return done
  const pinned = await pinnedRefs(context, read, at.task)
  const dead = (await deadOf(context, read, chain)).filter(
    ({ seq }) => !pinned.some(([generation, pin]) => generation === at.generation && pin === seq),
  )
  if (dead.length === 0) return done
  const needed = new Set<string>()
  const gone = new Set(dead)
  for (const record of [chain.head, ...chain.records]) {
    if (!gone.has(record)) for (const key of keysOf(record)) needed.add(key)
  }
  for (const record of await recordsOf(context, item.id, at.task, pinned)) {
    for (const key of keysOf(record)) needed.add(key)
  }
  const current = await context.commits.head(taskOf(item, at.task))
  if (current.head !== undefined) for (const key of keysOf(current.head)) needed.add(key)
  const objects = [...new Set(dead.flatMap(keysOf))].filter(key => !needed.has(key))
  // The objects first: as long as a record stands, what it names can be found again.
  for (let from = 0; from < objects.length; from += OBJECT_DELETES_MAX) {
    const answer = await context.ports.objects.deleteMany(objects.slice(from, from + OBJECT_DELETES_MAX))
    if (answer.outcome !== "committed") return { ...done, next: at }
  }
  const keys = dead.map(({ seq }) => ({ pk: taskKey(task), sk: commitKey(seq) }))
  const answer = await context.ports.meta.deleteMany("meta", keys)
  const isMore = answer.outcome !== "committed" || chain.records.length === COLLECT_RECORDS_MAX
  return { records: keys.length, objects: objects.length, next: isMore ? at : done.next }
}

/** The tasks of the running generation, then those before it, the newest first. */
function nextChain({ item }: JobRead, { generation, task }: CollectCursor): CollectCursor | undefined {
  if (task + 1 < item.tasks.length) return { generation, task: task + 1 }
  return generation > 1 ? { generation: generation - 1, task: 0 } : undefined
}

async function readChain({ ports, commits }: CollectContext, task: TaskId): Promise<Chain | undefined> {
  const query = { pk: taskKey(task), ...CHAIN, limit: COLLECT_RECORDS_MAX }
  const page = await readAgain(ports, () => ports.meta.queryPage("meta", query))
  const records = page.items.map(readCommit)
  if (records.length === 0) return undefined
  const { head, date } = await commits.head(task)
  return head === undefined ? undefined : { task, head, records, date }
}

/** The records of a chain that are not needed for themselves. */
async function deadOf(
  { commits }: CollectContext,
  { item }: JobRead,
  { task, head, records, date }: Chain,
): Promise<readonly CommitRecord[]> {
  const before = date - COMMIT_KEPT_MS
  if (task.generation === item.generation) {
    const anchor = records.findLast(({ time }) => time <= before)
    if (anchor === undefined) return []
    return records.filter(({ seq }) => seq < anchor.seq && seq <= anchor.published)
  }
  // The item says when the reads were made that the new generation rests on: it may have been written later.
  if (item.began > before - WRITE_AFTER_READ_MS) return []
  // Until the task has begun anew, its function sinks may not have what is left here.
  const current = await commits.head(taskOf(item, task.index))
  if (current.head === undefined) return []
  // The seal goes last.
  return records.length === 1 ? records : records.filter(({ seq }) => seq !== head.seq)
}

/** Records of any generation of the task that savepoints, the running generation's start or an intent name. */
async function pinnedRefs(
  { savepoints }: CollectContext,
  { item }: JobRead,
  task: number,
): Promise<HeadRef[]> {
  const starts: (JobStart | undefined)[] = [item.start, item.intent?.start]
  for (const { start } of await savepoints.list(item.id)) starts.push(start)
  return starts.flatMap(start => {
    const ref = start?.kind === "heads" ? start.heads[task] : undefined
    return ref === undefined || ref === null ? [] : [ref]
  })
}

async function recordsOf(
  { commits }: CollectContext,
  job: string,
  index: number,
  refs: readonly HeadRef[],
): Promise<readonly CommitRecord[]> {
  const found: CommitRecord[] = []
  for (const [generation, seq] of refs) {
    const record = await commits.record({ job, generation, stage: 0, index }, seq)
    if (record !== undefined) found.push(record)
  }
  return found
}

/** The objects that a record names. */
export function keysOf({ runs, outputs, sinks }: CommitRecord): string[] {
  const pieces: Piece[] = [...runs, ...outputs, ...sinks].map(({ piece }) => piece)
  return pieces.flatMap(piece => (piece.kind === "object" ? [piece.key] : []))
}
