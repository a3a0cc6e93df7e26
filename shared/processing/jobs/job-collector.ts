import type { Clock } from "../../storage/time.ts"
import { type CollectContext, type CollectCursor, collectStep } from "./collect-commits.ts"
import { collectObjectsStep } from "./collect-objects.ts"
import type { JobStore } from "./job-store.ts"
import { collectRemovedStep, type RemovedCursor, removedJobs } from "./removed-jobs.ts"

/** Steps for one job in one tick: with three tasks that commit once a second, what comes in five minutes and as much again. */
const STEPS_MAX = 20
/** A job of which nothing is left to delete is looked at again after this: what it keeps it keeps for an hour. */
const REST_MS = 30 * 60_000
/** Its objects are looked through again after this: lost ones are few, and are a day old before they may go. */
const OBJECTS_REST_MS = 24 * 60 * 60_000

interface Progress<Cursor> {
  /** Undefined: from the beginning. */
  readonly at: Cursor | undefined
  /** Own clock, elapsed ms. */
  readonly notBefore: number
}

type Context = CollectContext & { readonly ports: { readonly clock: Clock } }

/** Deletes, tick by tick, what jobs no longer need. What it remembers only saves it looks. */
export class JobCollector {
  readonly #records = new Map<string, Progress<CollectCursor>>()
  readonly #objects = new Map<string, Progress<string>>()
  readonly #removed = new Map<string, Progress<RemovedCursor>>()

  /** Some steps for one job: records of its chains, then objects that nobody names. Throws `StorageError`. */
  async collect(context: Context, jobs: JobStore, name: string, hasTime: () => boolean): Promise<void> {
    const { clock } = context.ports
    if (![this.#records, this.#objects].some(progress => isDue(clock, progress.get(name)))) return
    const read = await jobs.find(name)
    if (read === undefined) {
      this.#records.delete(name)
      this.#objects.delete(name)
      return
    }
    await inSteps(context, this.#records, name, REST_MS, hasTime, at => collectStep(context, read, at))
    await inSteps(context, this.#objects, name, OBJECTS_REST_MS, hasTime, at =>
      collectObjectsStep(context, jobs, name, at),
    )
  }

  /** Some steps for each job that was removed. Throws `StorageError`. */
  async collectRemoved(context: Context, hasTime: () => boolean): Promise<void> {
    const { jobs, date } = await removedJobs(context)
    for (const job of jobs) {
      await inSteps(context, this.#removed, job.id, REST_MS, hasTime, at =>
        collectRemovedStep(context, job, date, at),
      )
    }
  }
}

function isDue(clock: Clock, progress: Progress<unknown> | undefined): boolean {
  return progress === undefined || clock.elapsed() >= progress.notBefore
}

async function inSteps<Cursor>(
  { ports: { clock } }: Context,
  progress: Map<string, Progress<Cursor>>,
  name: string,
  restMs: number,
  hasTime: () => boolean,
  step: (at: Cursor | undefined) => Promise<{ readonly next: Cursor | undefined }>,
): Promise<void> {
  if (!isDue(clock, progress.get(name))) return
  let at = progress.get(name)?.at
  for (let steps = 0; steps < STEPS_MAX && hasTime(); steps++) {
    at = (await step(at)).next
    if (at === undefined) break
  }
  progress.set(name, {
    at,
    notBefore: at === undefined ? clock.elapsed() + restMs : Number.NEGATIVE_INFINITY,
  })
}
