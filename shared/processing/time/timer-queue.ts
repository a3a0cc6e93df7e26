import { END_OF_TIME } from "../operator.ts"

/**
 * Timers in ascending order of their times. Those of one time lie together, in the order in which they were set: most
 * timers are windows' ends, and many keys share each.
 */
export class TimerQueue<T> {
  readonly #buckets = new Map<number, T[]>()
  /** A binary min-heap of the buckets' times. */
  readonly #heap: number[] = []
  #closing = false

  get nextTime(): number | undefined {
    return this.#heap[0]
  }

  /**
   * Time ends: what fires now is the last that does. Timers set meanwhile are left out (as Flink does in batch mode),
   * since one that sets itself anew would go on for ever.
   */
  get isClosing(): boolean {
    return this.#closing
  }

  add(time: number, timer: T): void {
    if (this.#closing) return
    const bucket = this.#buckets.get(time)
    if (bucket !== undefined) {
      bucket.push(timer)
      return
    }
    this.#buckets.set(time, [timer])
    this.#push(time)
  }

  /** Fires all that are due at `now`, those included that are set meanwhile; at the end of time, each once. */
  fire(now: number, onTimer: (time: number, timer: T) => void): void {
    this.#closing = now >= END_OF_TIME
    for (let time = this.#heap[0]; time !== undefined && time <= now; time = this.#heap[0]) {
      const bucket = this.#buckets.get(time) as T[]
      // What is set for this very time meanwhile is appended to the bucket and met by this loop.
      for (let index = 0; index < bucket.length; index++) onTimer(time, bucket[index] as T)
      this.#remove(time)
    }
    this.#closing = false
  }

  clear(): void {
    this.#buckets.clear()
    this.#heap.length = 0
  }

  #push(time: number): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(time)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((heap[parent] as number) <= time) break
      heap[at] = heap[parent] as number
      at = parent
    }
    heap[at] = time
  }

  /** Removes a time wherever it is: while it fired, an earlier one may have been set. */
  #remove(time: number): void {
    this.#buckets.delete(time)
    const heap = this.#heap
    const at = heap[0] === time ? 0 : heap.indexOf(time)
    const last = heap.pop() as number
    if (at === heap.length) return
    this.#sift(at, last)
  }

  #sift(from: number, time: number): void {
    const heap = this.#heap
    let at = from
    while (at > 0 && (heap[(at - 1) >> 1] as number) > time) {
      heap[at] = heap[(at - 1) >> 1] as number
      at = (at - 1) >> 1
    }
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++
      if ((heap[child] as number) >= time) break
      heap[at] = heap[child] as number
      at = child
    }
    heap[at] = time
  }
}
