import type { TimeWindow, TriggerResult } from "../../definition/job/windows.ts"
import { END_OF_TIME, type Operator, type OperatorContext, type StateTable } from "../operator.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import type { ValueWriter } from "../state/value-writer.ts"
import { TimerQueue } from "../time/timer-queue.ts"
import { TimerFault, timerPosition } from "./timer-fault.ts"
import { lastMoment, type RunningTrigger, type TriggerScope, type TriggerState } from "./triggers.ts"
import type { WindowContent } from "./window-result.ts"

/** A window of a key, as stored: plain data. Its sub-key is the window's end. */
export interface WindowEntry extends TriggerState {
  /** Only a global window's moves. */
  start: number
  readonly end: number
  /** Undefined: purged. */
  content: unknown
  /** Of a global window: the time of its last record, epoch ms. */
  latest?: number
}

/** What is stored of a window beside its end, which is its sub-key: its length, and times counted back from its end. */
export type StoredWindow = readonly [
  lengthMs: number,
  content: unknown,
  count: number,
  eventTimers: readonly number[],
  processingTimers: readonly number[],
  latest?: number,
]

/** Of what is stored of every window. */
const WINDOW_PARTS = 5

/** Writes what is stored of a window that fires once, at its end, as `StoredWindow` says. */
export function writeOnce(
  lengthMs: number,
  content: unknown,
  parts: WindowContent,
  out: ValueWriter,
): boolean {
  out.array(WINDOW_PARTS)
  out.number(lengthMs)
  parts.write(content, out)
  out.number(0)
  out.array(1)
  out.number(1)
  out.array(0)
  return true
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
    this.store = new KeyedStore<WindowEntry>(parts.keys, {
      write: (entry, out) => this.#write(entry, out),
      unpack: (packed, end) => this.#unpack(packed as StoredWindow, Number(end)),
      loaded: () => this.#rearm(),
    })
    this.#scope = new Scope(context, this.#events, this.#clock)
  }

  abstract record(value: unknown, timestamp: number): void

  #write(entry: WindowEntry, out: ValueWriter): boolean {
    const { start, end, content, count, eventTimers, processingTimers, latest } = entry
    const origin = originOf(end)
    out.array(latest === undefined ? WINDOW_PARTS : WINDOW_PARTS + 1)
    out.number(origin - start)
    if (content === undefined) out.any(undefined)
    else this.parts.content.write(content, out)
    out.number(count)
    for (const timers of [eventTimers, processingTimers]) {
      out.array(timers.length)
      for (const time of timers) out.number(origin - time)
    }
    if (latest !== undefined) out.number(origin - latest)
    return true
  }

  #unpack(stored: StoredWindow, end: number): WindowEntry {
    const { content, ...entry } = storedTimes(stored, end)
    return { ...entry, end, content: content === undefined ? undefined : this.parts.content.unpack(content) }
  }

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

  endProcessingTime(): void {
    this.#clock.fire(END_OF_TIME, (time, timer) => this.#onProcessingTime(time, timer))
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
  protected merged(slot: WindowSlot, entry: WindowEntry, from: readonly WindowEntry[]): void {
    this.store.set(slot, entry.end, entry)
    this.#armCleanup(slot, entry)
    this.parts.trigger.onMerge(this.#scope.of(slot, entry), from)
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
      this.#onTimer("event", time, timer)
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
      this.#onTimer("processing", time, timer)
    }
    if (this.parts.time === "processing" && time === lastMoment(entry) && this.#isStanding(timer)) {
      this.store.delete(slot, entry.end)
    }
  }

  #onTimer(kind: "event" | "processing", time: number, { slot, entry }: WindowTimer): void {
    const { context, parts } = this
    const position = () => timerPosition(kind, time, this.store.partsOf(slot))
    if (context.skipsTimers && context.skips(position())) return
    const scope = this.#scope.of(slot, entry)
    try {
      const { trigger } = parts
      this.#act(
        slot,
        entry,
        kind === "event" ? trigger.onEventTime(time, scope) : trigger.onProcessingTime(time, scope),
      )
    } catch (error) {
      throw TimerFault.of(error, position())
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
    const window = this.shown(entry)
    content.emit(entry.content, window, keys.names, parts, lastMoment(window), this.context.output)
  }

  /** The bounds that results show; a result's time is the last moment of them. */
  protected shown(entry: WindowEntry): TimeWindow {
    return entry
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

/** What stored times count back from. From the end of time a number could not count exactly. */
function originOf(end: number): number {
  return end === END_OF_TIME ? 0 : end
}

/** A stored window with its times as they were; its content is packed still. */
export function storedTimes(stored: StoredWindow, end: number): Omit<WindowEntry, "end"> {
  const [lengthMs, content, count, eventTimers, processingTimers, latest] = stored
  const origin = originOf(end)
  const at = (before: number) => origin - before
  const times = {
    start: at(lengthMs),
    content,
    count,
    eventTimers: eventTimers.map(at),
    processingTimers: processingTimers.map(at),
  }
  return latest === undefined ? times : { ...times, latest: at(latest) }
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
    if (this.#events.isClosing || entry.eventTimers.includes(time)) return
    entry.eventTimers.push(time)
    this.#events.add(time, { slot: this.#slot, entry })
  }

  processingTimer(time: number): void {
    const entry = this.#entry
    if (this.#clock.isClosing || entry.processingTimers.includes(time)) return
    entry.processingTimers.push(time)
    this.#clock.add(time, { slot: this.#slot, entry })
  }
}
