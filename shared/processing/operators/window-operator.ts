import type { TimeWindow, TriggerResult } from "../../definition/job/windows.ts"
import type { Operator, OperatorContext, StateTable } from "../operator.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import { TimerQueue } from "../time/timer-queue.ts"
import { lastMoment, type RunningTrigger, type TriggerScope, type TriggerState } from "./triggers.ts"
import type { WindowContent } from "./window-result.ts"

/** A window of a key, as stored: plain data. Its sub-key is the window's end. */
export interface WindowEntry extends TriggerState {
  readonly start: number
  readonly end: number
  /** Undefined: purged. */
  content: unknown
}

export type WindowSlot = KeySlot<WindowEntry>

interface WindowTimer {
  readonly slot: WindowSlot
  readonly entry: WindowEntry
}

export interface WindowParts {
  readonly keys: KeyReader
  readonly content: WindowContent
  readonly trigger: RunningTrigger
  readonly time: "event" | "processing"
  readonly latenessMs: number
}

/**
 * What windows of all kinds share: entries, triggers, timers and clean-up, after Flink's `WindowOperator`. A window
 * lives until the watermark passes its last moment by the allowed lateness.
 */
export abstract class WindowOperator implements Operator {
  protected readonly context: OperatorContext
  protected readonly parts: WindowParts
  protected readonly store: KeyedStore<WindowEntry>
  readonly #events = new TimerQueue<WindowTimer>()
  readonly #clock = new TimerQueue<WindowTimer>()
  readonly #scope: Scope

  constructor(parts: WindowParts, context: OperatorContext) {
    this.context = context
    this.parts = parts
    this.store = new KeyedStore<WindowEntry>(parts.keys, { loaded: () => this.#rearm() })
    this.#scope = new Scope(context, this.#events, this.#clock)
  }

  abstract record(value: unknown, timestamp: number): void

  get state(): StateTable {
    return this.store
  }

  get nextTimer(): number | undefined {
    return this.#clock.nextTime
  }

  beforeCommit(): void {}

  watermark(watermark: number): void {
    this.#events.fire(watermark, (time, timer) => this.#onEventTime(time, timer))
  }

  processingTime(now: number): void {
    this.#clock.fire(now, (time, timer) => this.#onProcessingTime(time, timer))
  }

  /** When the window is forgotten, by event time. */
  protected cleanupTime(end: number): number {
    return Math.min(end - 1 + this.parts.latenessMs, Number.MAX_SAFE_INTEGER)
  }

  protected isLate(end: number): boolean {
    return this.parts.time === "event" && this.cleanupTime(end) <= this.context.watermark
  }

  /** A record for which every window is late. */
  protected tooLate(value: unknown, timestamp: number): void {
    this.context.side("late").record(value, timestamp)
    this.context.dropped("late")
  }

  /** Makes a window of a key, with its first record in it. */
  protected open(slot: WindowSlot, start: number, end: number, content: unknown): WindowEntry {
    const entry: WindowEntry = { start, end, content, count: 0, eventTimers: [], processingTimers: [] }
    this.store.set(slot, end, entry)
    this.#armCleanup(slot, entry)
    return entry
  }

  /** Puts a window made of merged ones in place. */
  protected merged(slot: WindowSlot, entry: WindowEntry): void {
    this.store.set(slot, entry.end, entry)
    this.#armCleanup(slot, entry)
    this.parts.trigger.onMerge(this.#scope.of(slot, entry))
  }

  /** Asks the trigger about a window that has just taken a record. */
  protected afterRecord(slot: WindowSlot, entry: WindowEntry, value: unknown, timestamp: number): void {
    const result = this.parts.trigger.onRecord(value, timestamp, this.#scope.of(slot, entry))
    this.#act(slot, entry, result)
  }

  #armCleanup(slot: WindowSlot, entry: WindowEntry): void {
    const timer = { slot, entry }
    if (this.parts.time === "event") this.#events.add(this.cleanupTime(entry.end), timer)
    else this.#clock.add(lastMoment(entry), timer)
  }

  #isStanding({ slot, entry }: WindowTimer): boolean {
    return slot.entries.get(entry.end) === entry
  }

  #onEventTime(time: number, timer: WindowTimer): void {
    if (!this.#isStanding(timer)) return
    const { slot, entry } = timer
    const at = entry.eventTimers.indexOf(time)
    if (at >= 0) {
      entry.eventTimers.splice(at, 1)
      this.store.touch(slot, entry.end)
      this.#act(slot, entry, this.parts.trigger.onEventTime(time, this.#scope.of(slot, entry)))
    }
    if (this.parts.time === "event" && time === this.cleanupTime(entry.end) && this.#isStanding(timer)) {
      this.store.delete(slot, entry.end)
    }
  }

  #onProcessingTime(time: number, timer: WindowTimer): void {
    if (!this.#isStanding(timer)) return
    const { slot, entry } = timer
    const at = entry.processingTimers.indexOf(time)
    if (at >= 0) {
      entry.processingTimers.splice(at, 1)
      this.store.touch(slot, entry.end)
      this.#act(slot, entry, this.parts.trigger.onProcessingTime(time, this.#scope.of(slot, entry)))
    }
    if (this.parts.time === "processing" && time === lastMoment(entry) && this.#isStanding(timer)) {
      this.store.delete(slot, entry.end)
    }
  }

  #act(slot: WindowSlot, entry: WindowEntry, result: TriggerResult): void {
    if ((result === "fire" || result === "fireAndPurge") && entry.content !== undefined)
      this.emit(slot, entry)
    if (result === "purge" || result === "fireAndPurge") {
      entry.content = undefined
      this.store.touch(slot, entry.end)
    }
  }

  protected emit(slot: WindowSlot, entry: WindowEntry): void {
    const { content, keys } = this.parts
    const parts = this.store.partsOf(slot)
    content.emit(entry.content, entry, keys.names, parts, lastMoment(entry), this.context.output)
  }

  /** Sets the timers of all entries again, after they were read back. */
  #rearm(): void {
    this.#events.clear()
    this.#clock.clear()
    for (const slot of this.store.slots()) {
      for (const entry of slot.entries.values()) {
        const timer = { slot, entry }
        for (const time of entry.eventTimers) this.#events.add(time, timer)
        for (const time of entry.processingTimers) this.#clock.add(time, timer)
        this.#armCleanup(slot, entry)
      }
    }
  }
}

/** What triggers see: one object, pointed at the window at hand. */
class Scope implements TriggerScope {
  readonly #context: OperatorContext
  readonly #events: TimerQueue<WindowTimer>
  readonly #clock: TimerQueue<WindowTimer>
  #slot!: WindowSlot
  #entry!: WindowEntry

  constructor(context: OperatorContext, events: TimerQueue<WindowTimer>, clock: TimerQueue<WindowTimer>) {
    this.#context = context
    this.#events = events
    this.#clock = clock
  }

  of(slot: WindowSlot, entry: WindowEntry): this {
    this.#slot = slot
    this.#entry = entry
    return this
  }

  get watermark(): number {
    return this.#context.watermark
  }

  get processingTime(): number {
    return this.#context.processingTime
  }

  get window(): TimeWindow {
    return this.#entry
  }

  get state(): TriggerState {
    return this.#entry
  }

  eventTimer(time: number): void {
    const entry = this.#entry
    if (entry.eventTimers.includes(time)) return
    entry.eventTimers.push(time)
    this.#events.add(time, { slot: this.#slot, entry })
  }

  processingTimer(time: number): void {
    const entry = this.#entry
    if (entry.processingTimers.includes(time)) return
    entry.processingTimers.push(time)
    this.#clock.add(time, { slot: this.#slot, entry })
  }
}
