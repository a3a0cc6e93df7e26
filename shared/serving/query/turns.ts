import type { Clock } from "../../storage/time.ts"

/** Large answers that are made at once: one takes a few hundred megabytes of the process that holds the log. */
const AT_ONCE = 1
/** Requests that wait: they hold nothing but their text. */
export const TURNS_WAITING_MAX = 32
/** … so long: as long as a query may take by default. */
export const TURN_WAIT_MS_MAX = 10_000

/** Who makes what takes much memory waits for those before him. */
export class Turns {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends a turn; undefined: too many wait already, or it took too long, or `signal` was aborted. */
  async take(signal?: AbortSignal): Promise<(() => void) | undefined> {
    if (this.#taken >= AT_ONCE) {
      if (this.#waiting.length >= TURNS_WAITING_MAX) return undefined
      if (!(await this.#wait(signal))) return undefined
    } else this.#taken++
    return () => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#taken--
      // The turn goes over as it is.
      else next()
    }
  }

  async #wait(signal?: AbortSignal): Promise<boolean> {
    const over = new AbortController()
    let isMine = false
    const called = (): void => {
      isMine = true
      over.abort(CALLED)
    }
    this.#waiting.push(called)
    const given = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal])
    await this.#clock.sleep(TURN_WAIT_MS_MAX, given)
    const at = this.#waiting.indexOf(called)
    if (at >= 0) this.#waiting.splice(at, 1)
    return isMine
  }
}

/** With a reason of its own: to make the usual one, with its stack, takes longer. */
const CALLED = "called"
