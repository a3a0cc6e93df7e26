import { OBJECT_DELETES_MAX } from "../../storage/object-store.ts"
import { queryItems } from "../../storage/query-items.ts"
import { readAgain } from "../../storage/settle.ts"
import { CHAIN, objectPrefix, readCommit, taskKey } from "../task/commit-codec.ts"
import { taskOf } from "./carry-intent.ts"
import { type CollectContext, keysOf } from "./collect-commits.ts"
import type { JobItem } from "./job-item.ts"
import type { JobStore } from "./job-store.ts"

/**
 * An object is younger than this, by the store's date, while a record that is under way may still be the first to name it:
 * nobody names one that long after its upload.
 */
export const OBJECT_KEPT_MS = 24 * 60 * 60_000

export interface ObjectStep {
  readonly objects: number
  /** The key to go on after; undefined: all of the job's objects were looked at. */
  readonly next: string | undefined
}

/** A task's objects, and the least generation that wrote one of them: no record before it names any. */
interface TaskObjects {
  readonly index: number
  generation: number
  readonly keys: string[]
}

/**
 * Deletes a page of objects of a job that nobody names and that are old: of commits that another worker won, or that were cut
 * off between object and record. First the page is listed, then the chains are read that could name what is on it. What a
 * record named that is gone by now, nobody reads any more: records stay long enough for that. Bounded; for a home's tick.
 * Throws `StorageError`.
 */
export async function collectObjectsStep(
  context: CollectContext,
  jobs: JobStore,
  name: string,
  after?: string,
): Promise<ObjectStep> {
  const { ports } = context
  const before = await jobs.find(name)
  if (before === undefined) return { objects: 0, next: undefined }
  const prefix = objectPrefix(before.item.id)
  const page = await readAgain(ports, () =>
    ports.objects.list(prefix, after === undefined ? {} : { after, limit: OBJECT_DELETES_MAX }),
  )
  const old = page.objects.filter(({ modified }) => modified < page.date - OBJECT_KEPT_MS)
  const tasks = byTask(
    prefix,
    old.map(({ key }) => key),
  )
  // What it is now says how many generations there are: it is read after the page.
  const read = await jobs.find(name)
  if (read === undefined || read.item.id !== before.item.id) return { objects: 0, next: undefined }
  let objects = 0
  for (const task of tasks) {
    const keys = await unnamedOf(context, read.item, task)
    if (keys.length === 0) continue
    const answer = await ports.objects.deleteMany(keys)
    // What is left is met again the next time.
    if (answer.outcome === "committed") objects += keys.length
  }
  return { objects, next: page.next }
}

/** `{prefix}{generation}/0-{index}/{seq}-{id}`; anything else is nobody's to delete here. */
function byTask(prefix: string, keys: readonly string[]): readonly TaskObjects[] {
  const tasks = new Map<number, TaskObjects>()
  for (const key of keys) {
    const [, generation, index] = /^(\d+)\/0-(\d+)\/\d+-[^/]+$/.exec(key.slice(prefix.length)) ?? []
    if (generation === undefined || index === undefined) continue
    const task = tasks.get(Number(index)) ?? {
      index: Number(index),
      generation: Number(generation),
      keys: [],
    }
    tasks.set(task.index, task)
    task.generation = Math.min(task.generation, Number(generation))
    task.keys.push(key)
  }
  return [...tasks.values()]
}

async function unnamedOf(
  { ports, commits }: CollectContext,
  item: JobItem,
  { index, generation, keys }: TaskObjects,
): Promise<readonly string[]> {
  const unnamed = new Set(keys)
  const running = taskOf(item, index)
  // Mostly it is the state's base, which the head names.
  const { head } = await commits.head(running)
  for (const key of head === undefined ? [] : keysOf(head)) unnamed.delete(key)
  for (let at = item.generation; at >= generation && unnamed.size > 0; at--) {
    const query = { pk: taskKey({ ...running, generation: at }), ...CHAIN }
    const { items } = await readAgain(ports, () => queryItems(ports.meta, "meta", query))
    for (const record of items) for (const key of keysOf(readCommit(record))) unnamed.delete(key)
  }
  return [...unnamed]
}
