export interface SimEvent {
  /** Virtual milliseconds since the world began. */
  readonly time: number
  /** Decides between events of the same time, at random. */
  readonly tie: number
  readonly order: number
  /** What and whose it is, for the trace. */
  readonly tag: number
  run: (() => void) | undefined
}

function precedes(a: SimEvent, b: SimEvent): boolean {
  if (a.time !== b.time) return a.time < b.time
  return a.tie !== b.tie ? a.tie < b.tie : a.order < b.order
}

/** A binary heap of events; one that lost its `run` is skipped. */
export class EventQueue {
  readonly #heap: SimEvent[] = []

  push(event: SimEvent): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!precedes(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  /** The next event that is still wanted, left in its place. */
  peek(): SimEvent | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.run === undefined) this.#pop()
    return this.#heap[0]
  }

  /** Takes the next event that is still wanted. */
  pop(): SimEvent | undefined {
    return this.peek() === undefined ? undefined : this.#pop()
  }

  #pop(): SimEvent {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && precedes(heap[child + 1]!, heap[child]!)) child++
      if (!precedes(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}
