import {
  type CollectContext,
  type CollectCursor,
  collectStep,
} from "../../shared/processing/jobs/collect-commits.ts"
import type { JobStore } from "../../shared/processing/jobs/job-store.ts"
import type { Clock } from "../../shared/storage/time.ts"

/** Steps for one job in one tick: with three tasks that commit once a second, what comes in five minutes and as much again. */
const STEPS_MAX = 20
/** A job of which nothing is left to delete is looked at again after this: what it keeps it keeps for an hour. */
const REST_MS = 30 * 60_000

interface Progress {
  /** Undefined: from the beginning. */
  readonly at: CollectCursor | undefined
  /** Own clock, elapsed ms. */
  readonly notBefore: number
}

/** Deletes, tick by tick, what jobs no longer need of their chains. What it remembers only saves it looks. */
export class JobCollector {
  readonly #progress = new Map<string, Progress>()

  /** Some steps for one job. Throws `StorageError`. */
  async collect(
    context: CollectContext & { readonly ports: { readonly clock: Clock } },
    jobs: JobStore,
    name: string,
    hasTime: () => boolean,
  ): Promise<void> {
    const { clock } = context.ports
    const { at: from, notBefore } = this.#progress.get(name) ?? { at: undefined, notBefore: 0 }
    if (clock.elapsed() < notBefore) return
    const read = await jobs.find(name)
    if (read === undefined) return void this.#progress.delete(name)
    let at = from
    for (let steps = 0; steps < STEPS_MAX && hasTime(); steps++) {
      const step = await collectStep(context, read, at)
      at = step.next
      if (at === undefined) break
    }
    const rest = at === undefined ? clock.elapsed() + REST_MS : 0
    this.#progress.set(name, { at, notBefore: rest })
  }
}
