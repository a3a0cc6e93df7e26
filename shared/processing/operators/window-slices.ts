import { ProcessingError } from "../errors.ts"
import type { Operator, OperatorContext, StateTable } from "../operator.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import { MarkedTable } from "../state/marked-table.ts"
import { TimerQueue } from "../time/timer-queue.ts"
import { TimerFault, timerPosition } from "./timer-fault.ts"
import { windowStart } from "./window-assigner.ts"
import { type StoredWindow, storedTimes, writeOnce } from "./window-operator.ts"
import type { WindowContent } from "./window-result.ts"

/** What a key's records of one slide come to. Stored as a window of that length is. */
interface Slice {
  readonly end: number
  content: unknown
  /** The commit in which it was said to have changed. */
  touched: number
}

type Slot = KeySlot<Slice>

export interface SliceParts {
  readonly keys: KeyReader
  readonly content: WindowContent
  readonly sizeMs: number
  /** A divisor of the size; of tumbling windows the size. */
  readonly slideMs: number
  readonly offsetMs: number
}

/**
 * Tumbling and hopping windows by event time that fire once, at their end, over aggregates that can be put together
 * exactly. A record is added once, to the slice of one slide that it lies in; a window is made of its slices when it
 * fires (Krishnamurthy et al., "On-the-fly sharing for streamed aggregation"). It gives what `FixedWindows` gives.
 */
export class WindowSlices implements Operator {
  readonly nextTimer = undefined
  readonly #context: OperatorContext
  readonly #parts: SliceParts
  readonly #store: KeyedStore<Slice>
  readonly #state: StateTable
  /** By last moment, the keys that have a window then. */
  readonly #ends = new TimerQueue<Slot>()
  /** The slice of the last record: the next one mostly lies in it too. */
  #start = 0
  #end = 0
  /** The end of the last window that fired: slices outlive the first windows that they are in. */
  #fired = Number.NEGATIVE_INFINITY

  constructor(parts: SliceParts, context: OperatorContext) {
    this.#parts = parts
    this.#context = context
    const { content, slideMs } = parts
    this.#store = new KeyedStore<Slice>(parts.keys, {
      write: (slice, out) => writeOnce(slideMs, slice.content, content, out),
      unpack: (packed, end) => this.#unpack(packed as StoredWindow, Number(end)),
      loaded: () => this.#rearm(),
    })
    this.#state =
      parts.slideMs === parts.sizeMs
        ? this.#store
        : new MarkedTable(this.#store, {
            get: () => this.#fired,
            load: fired => {
              this.#fired = Math.max(this.#fired, fired)
            },
          })
  }

  get state(): StateTable {
    return this.#state
  }

  processingTime(): void {}
  endProcessingTime(): void {}
  beforeCommit(): void {}

  record(value: unknown, timestamp: number): void {
    const { slideMs, sizeMs, offsetMs, content } = this.#parts
    if (timestamp < this.#start || timestamp >= this.#end) {
      this.#start = windowStart(timestamp, slideMs, offsetMs)
      this.#end = this.#start + slideMs
    }
    const end = this.#end
    if (this.#start + sizeMs - 1 <= this.#context.watermark) {
      this.#context.side("late").record(value, timestamp)
      this.#context.dropped("late")
      return
    }
    const store = this.#store
    const slot = store.slotOf(value)
    const slice = slot.recent?.end === end ? slot.recent : slot.entries.get(end)
    if (slice === undefined) {
      this.#open(slot, end, content.create(value))
      return
    }
    slot.recent = slice
    slice.content = content.add(slice.content, value)
    if (slice.touched === store.commits) return
    slice.touched = store.commits
    store.touch(slot, end)
  }

  #open(slot: Slot, end: number, content: unknown): void {
    this.#arm(slot, end, this.#context.watermark)
    const slice = { end, content, touched: this.#store.commits }
    this.#store.set(slot, end, slice)
    slot.recent = slice
  }

  /** Sets the timers of the windows that a new slice is in, but for those that another slice has set. */
  #arm(slot: Slot, sliceEnd: number, passed: number): void {
    const { slideMs, sizeMs } = this.#parts
    for (let end = sliceEnd; end < sliceEnd + sizeMs; end += slideMs) {
      if (end - 1 > passed && !this.#isArmed(slot, end)) this.#ends.add(end - 1, slot)
    }
  }

  #isArmed(slot: Slot, end: number): boolean {
    const { sizeMs } = this.#parts
    for (const slice of slot.entries.values()) if (slice.end <= end && end < slice.end + sizeMs) return true
    return false
  }

  watermark(watermark: number): void {
    this.#ends.fire(watermark, (time, slot) => this.#fire(slot, time + 1))
  }

  #fire(slot: Slot, end: number): void {
    const { sizeMs, slideMs } = this.#parts
    if (end > this.#fired) this.#fired = end
    let content: unknown
    let parts = 0
    for (const slice of slot.entries.values()) {
      if (slice.end > end || slice.end <= end - sizeMs) continue
      content = parts === 0 ? slice.content : this.#together(content, slice.content, parts)
      parts++
    }
    if (parts > 0) this.#emit(slot, content, end)
    // What lies in no later window goes.
    const last = slot.entries.get(end - sizeMs + slideMs)
    if (last === undefined) return
    if (slot.recent === last) slot.recent = undefined
    this.#store.delete(slot, last.end)
  }

  /** Slices stay as they are: only what is made here may be added to. */
  #together(content: unknown, slice: unknown, parts: number): unknown {
    const { content: aggregates } = this.#parts
    return aggregates.merge(parts === 1 ? aggregates.copy(content) : content, slice)
  }

  #emit(slot: Slot, content: unknown, end: number): void {
    const { content: aggregates, keys, sizeMs } = this.#parts
    const context = this.#context
    const parts = this.#store.partsOf(slot)
    const position = () => timerPosition("event", end - 1, parts)
    if (context.skipsTimers && context.skips(position())) return
    try {
      aggregates.emit(content, { start: end - sizeMs, end }, keys.names, parts, end - 1, context.output)
    } catch (error) {
      throw TimerFault.of(error, position())
    }
  }

  #unpack(stored: StoredWindow, end: number): Slice {
    const { start, content } = storedTimes(stored, end)
    if (end - start !== this.#parts.slideMs) {
      throw new ProcessingError("unknown_format", `a window's slice of ${end - start} ms`)
    }
    return { end, content: this.#parts.content.unpack(content), touched: -1 }
  }

  #rearm(): void {
    this.#ends.clear()
    const passed = Math.max(this.#context.watermark, this.#fired - 1)
    const { slideMs, sizeMs } = this.#parts
    for (const slot of this.#store.slots()) {
      slot.recent = undefined
      const ends = new Set<number>()
      for (const { end: sliceEnd } of slot.entries.values()) {
        for (let end = sliceEnd; end < sliceEnd + sizeMs; end += slideMs) if (end - 1 > passed) ends.add(end)
      }
      for (const end of ends) this.#ends.add(end - 1, slot)
    }
  }
}
