/** Lets at most `width` pieces of work run at once; the others wait in order. */
export class Gate {
  #free: number
  readonly #waiting: (() => void)[] = []
  readonly #running = new Set<Promise<unknown>>()

  constructor(width: number) {
    this.#free = width
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#run(work)
    this.#running.add(running)
    const ended = () => this.#running.delete(running)
    running.then(ended, ended)
    return running
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The place goes straight to the next in line.
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  /** Resolves once all work handed in so far has ended. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#running)
  }
}
