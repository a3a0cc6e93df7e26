import { StorageError } from "../../storage/errors.ts"
import { ITEM_DELETES_MAX, type Item } from "../../storage/meta-store.ts"
import { WRITE_AFTER_READ_MS } from "../../storage/not-after.ts"
import { queryItems } from "../../storage/query-items.ts"
import { readAgain } from "../../storage/settle.ts"
import { CHAIN, objectPrefix, taskKey } from "../task/commit-codec.ts"
import { COMMIT_KEPT_MS, type CollectContext } from "./collect-commits.ts"
import { OBJECT_KEPT_MS } from "./collect-objects.ts"
import type { JobItem } from "./job-item.ts"

const NOTE_FORMAT = 1
/** All notes lie under one key, so that finding them is one query. */
const REMOVED_PK = "removed-jobs"

/** A job that was removed, while something of it is left: pk `removed-jobs`, sk its id. */
export interface RemovedJob {
  readonly id: string
  readonly name: string
  readonly generation: number
  readonly tasks: number
  /** Store time, epoch ms. */
  readonly removed: number
}

/** The note that takes the place of a job's item. */
export function removedItem({ id, name, generation, tasks }: JobItem, date: number, version: string): Item {
  const fields = { v: NOTE_FORMAT, name, generation, tasks: tasks.length, removed: date }
  return { pk: REMOVED_PK, sk: id, version, fields }
}

function readNote({ sk, fields }: Item): RemovedJob {
  const { v, name, generation, tasks, removed } = fields
  if (v !== NOTE_FORMAT) {
    throw new StorageError("unknown_format", `removed job ${sk}: format ${v}, expected ${NOTE_FORMAT}`)
  }
  return {
    id: sk,
    name: String(name),
    generation: Number(generation),
    tasks: Number(tasks),
    removed: Number(removed),
  }
}

/** Of which jobs something is left, as of the store's date. Throws `StorageError`. */
export async function removedJobs({ ports }: CollectContext): Promise<{ jobs: RemovedJob[]; date: number }> {
  const { items, date } = await readAgain(ports, () => queryItems(ports.meta, "meta", { pk: REMOVED_PK }))
  return { jobs: items.map(readNote), date }
}

/** The chain that a step deletes next. */
export interface RemovedCursor {
  readonly generation: number
  readonly task: number
}

export interface RemovedStep {
  readonly records: number
  readonly objects: number
  /** Where to go on; undefined: nothing more is to be done now. */
  readonly next: RemovedCursor | undefined
}

/**
 * Deletes some of what a removed job left: first its chains, once nobody can put a record any more, then its objects, once they
 * are old, in the end the note. Nobody reads any of it. Bounded; for a home's tick. Throws `StorageError`.
 * @param date the store's, of a read since
 */
export async function collectRemovedStep(
  context: CollectContext,
  job: RemovedJob,
  date: number,
  at: RemovedCursor = { generation: job.generation, task: 0 },
): Promise<RemovedStep> {
  const nothing = { records: 0, objects: 0, next: undefined }
  // Its workers may have read the item just before; and what one of them committed last another one reads.
  if (date < job.removed + COMMIT_KEPT_MS + WRITE_AFTER_READ_MS) return nothing
  if (at.generation > 0) {
    const next =
      at.task + 1 < job.tasks ? { ...at, task: at.task + 1 } : { generation: at.generation - 1, task: 0 }
    const { records, isMore } = await deleteChain(context, job, at)
    return { records, objects: 0, next: isMore ? at : next }
  }
  if (date < job.removed + OBJECT_KEPT_MS) return nothing
  const { objects, isMore, isEmpty } = await deleteObjects(context, job)
  if (isEmpty) await context.ports.meta.delete("meta", { pk: REMOVED_PK, sk: job.id })
  return { records: 0, objects, next: isMore ? at : undefined }
}

async function deleteChain(
  { ports }: CollectContext,
  { id }: RemovedJob,
  { generation, task }: RemovedCursor,
): Promise<{ records: number; isMore: boolean }> {
  const pk = taskKey({ job: id, generation, stage: 0, index: task })
  const query = { pk, ...CHAIN, limit: ITEM_DELETES_MAX }
  const { items } = await readAgain(ports, () => queryItems(ports.meta, "meta", query))
  if (items.length === 0) return { records: 0, isMore: false }
  const answer = await ports.meta.deleteMany(
    "meta",
    items.map(({ sk }) => ({ pk, sk })),
  )
  return {
    records: items.length,
    isMore: answer.outcome !== "committed" || items.length === ITEM_DELETES_MAX,
  }
}

async function deleteObjects(
  { ports }: CollectContext,
  { id }: RemovedJob,
): Promise<{ objects: number; isMore: boolean; isEmpty: boolean }> {
  const page = await readAgain(ports, () => ports.objects.list(objectPrefix(id)))
  const old = page.objects.filter(({ modified }) => modified < page.date - OBJECT_KEPT_MS)
  if (old.length === 0) return { objects: 0, isMore: false, isEmpty: page.objects.length === 0 }
  const answer = await ports.objects.deleteMany(old.map(({ key }) => key))
  const isDone = answer.outcome === "committed"
  return { objects: isDone ? old.length : 0, isMore: isDone, isEmpty: false }
}
