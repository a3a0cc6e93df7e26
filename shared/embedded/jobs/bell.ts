import type { InputHint } from "../../processing/task/runner.ts"
import type { Clock } from "../../storage/time.ts"

/** Wakes whoever waits for something to do. A ring that nobody waits for is kept for the next wait. */
export class Bell {
  readonly #clock: Clock
  #rung = false
  /** What it was rung for; undefined: for no matter what. */
  #hints: InputHint[] | undefined = []
  #waiting: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(hint?: InputHint): void {
    this.#rung = true
    if (hint === undefined) this.#hints = undefined
    else if (
      this.#hints?.some(at => at.topicId === hint.topicId && at.partition === hint.partition) === false
    )
      this.#hints.push(hint)
    this.#waiting?.abort()
  }

  /** Whether it rang, by then or before. */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#rung && !signal.aborted) {
      const waiting = new AbortController()
      this.#waiting = waiting
      const giveUp = () => waiting.abort()
      signal.addEventListener("abort", giveUp, { once: true })
      await this.#clock.sleep(ms, waiting.signal)
      signal.removeEventListener("abort", giveUp)
      this.#waiting = undefined
    }
    const rung = this.#rung
    this.#rung = false
    return rung
  }

  /** What it was rung for since this was last asked; undefined: no matter what. */
  takeHints(): readonly InputHint[] | undefined {
    const hints = this.#hints
    this.#hints = []
    return hints
  }
}

/** Lets so many go at once, the others in the order in which they came. */
export class Turns {
  #free: number
  readonly #queue: (() => void)[] = []

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#queue.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
