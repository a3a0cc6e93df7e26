import type { FunctionName } from "../../../functions/environment.ts"
import { pause } from "../support.ts"
import type { Deployed } from "./deployed.ts"

/** From progress to kill, ms: uneven, so that kills meet all parts of the work. */
const DELAYS_MS = [5, 40, 15, 0, 70, 25, 100, 10]

/** Failures beside those: others may kill too, but a function that always fails should not hold the test up. */
const FAILURES_MAX = 50

/** Kills functions in the course of some work: one after each few steps of it, so that it always gets on. */
export class Killer {
  /** Processes that were killed. */
  kills = 0
  readonly #deployed: Deployed
  readonly #names: readonly FunctionName[]
  readonly #every: number
  #steps = 0

  constructor(deployed: Deployed, names: readonly FunctionName[], every: number) {
    this.#deployed = deployed
    this.#names = names
    this.#every = every
  }

  /** Told of each step of the work. */
  readonly step = (): void => {
    if (++this.#steps % this.#every !== 0) return
    const round = this.#steps / this.#every - 1
    const name = this.#names[round % this.#names.length]!
    setTimeout(
      () => {
        this.kills += this.#deployed.kill(name)
      },
      DELAYS_MS[round % DELAYS_MS.length],
    )
  }
}

/**
 * Invokes a function until it is through, but kills it in the midst of the first tries.
 *
 * @returns how many tries were cut short
 */
export async function invokeThroughKills(
  deployed: Deployed,
  name: FunctionName,
  event: unknown,
  tries: number,
): Promise<number> {
  let cutShort = 0
  for (let attempt = 0; ; attempt++) {
    const invoked = deployed.invoke(name, event)
    if (attempt < tries) {
      await pause(DELAYS_MS[attempt % DELAYS_MS.length]!)
      deployed.kill(name)
    }
    if (!(await invoked).failed) {
      if (attempt >= tries) return cutShort
    } else if (++cutShort > tries + FAILURES_MAX) {
      throw new Error(`${name} fails without being killed`)
    }
  }
}
