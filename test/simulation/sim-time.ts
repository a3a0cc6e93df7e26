import type { Clock, Random, Wake } from "../../shared/storage/time.ts"
import type { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import type { WorldCore } from "./world-core.ts"
import { WORLD_START } from "./world-core.ts"

/** A hint usually takes this long. */
const HINT_MS = 1

export function simClock(core: WorldCore, process: SimProcess): Clock {
  return {
    now: () => Math.floor(WORLD_START + core.scheduler.now + process.skewMs),
    elapsed: () => core.scheduler.now - process.started - process.elapsedLagMs,
    sleep: (ms, signal) => simSleep(core, process, ms, signal),
  }
}

function simSleep(
  core: WorldCore,
  process: SimProcess,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  if (core.beginCall(process, "clock.sleep") === "before") return new Promise(() => {})
  const answer = core.pendingCall(process, `clock.sleep ${ms} ms`)
  return new Promise(resolve => {
    const finish = () => {
      signal?.removeEventListener("abort", abort)
      answer()
      resolve()
    }
    const abort = () => {
      timer.cancel()
      finish()
    }
    const timer = core.deliver(process, ms, 5, finish)
    signal?.addEventListener("abort", abort, { once: true })
  })
}

export function simRandom(prng: Prng): Random {
  return {
    integer: below => prng.integer(below),
    id: () => prng.hex(32),
  }
}

interface Waiter {
  readonly process: SimProcess
  wake(): void
}

/** The hints of all processes: lost, repeated and delayed as the plan says. */
export class SimHints {
  readonly #core: WorldCore
  readonly #waiting = new Map<string, Set<Waiter>>()

  constructor(core: WorldCore) {
    this.#core = core
  }

  wakeFor(process: SimProcess): Wake {
    return {
      notify: topic => this.#notify(process, topic),
      wait: (topic, ms, signal) => this.#wait(process, topic, ms, signal),
    }
  }

  #notify(process: SimProcess, topic: string): void {
    if (process.crashed) return
    const { prng } = this.#core
    const plan = this.#core.planFor(process)
    if (prng.chance(plan.hintLost)) {
      this.#core.count("hint-lost")
      return
    }
    const times = prng.chance(plan.hintTwice) ? 2 : 1
    for (let time = 0; time < times; time++) {
      const late = prng.chance(plan.hintLate)
      const ms = late ? prng.magnitude(HINT_MS, plan.hintLateMsMax) : prng.around(HINT_MS)
      this.#core.scheduler.after(ms, this.#core.tag(process, 6), () => this.#arrive(topic))
    }
  }

  #arrive(topic: string): void {
    for (const waiter of this.#waiting.get(topic) ?? []) waiter.wake()
  }

  #wait(process: SimProcess, topic: string, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false)
    if (this.#core.beginCall(process, "wake.wait") === "before") return new Promise(() => {})
    const answer = this.#core.pendingCall(process, `wake.wait ${topic}`)
    return new Promise(resolve => {
      let done = false
      const finish = (hinted: boolean) => {
        // A frozen process may get several hints and its time-out at once.
        if (done) return
        done = true
        timer.cancel()
        signal?.removeEventListener("abort", abort)
        this.#remove(topic, waiter)
        answer()
        resolve(hinted)
      }
      const abort = () => finish(false)
      const waiter = {
        process,
        wake: () => void this.#core.deliver(process, 0, 7, () => finish(true)),
      }
      const timer = this.#core.deliver(process, ms, 8, () => finish(false))
      signal?.addEventListener("abort", abort, { once: true })
      this.#add(topic, waiter)
    })
  }

  #add(topic: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(topic)
    if (waiters === undefined) this.#waiting.set(topic, new Set([waiter]))
    else waiters.add(waiter)
  }

  #remove(topic: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(topic)
    waiters?.delete(waiter)
    if (waiters?.size === 0) this.#waiting.delete(topic)
  }

  /** Forgets those of a dead process. */
  leave(process: SimProcess): void {
    for (const [topic, waiters] of this.#waiting) {
      for (const waiter of waiters) if (waiter.process === process) this.#remove(topic, waiter)
    }
  }
}
