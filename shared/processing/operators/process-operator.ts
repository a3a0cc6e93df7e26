import type { ProcessSpec } from "../../definition/job/state.ts"
import { END_OF_TIME, type Operator, type OperatorContext, type StateTable } from "../operator.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import type { Stamped } from "../state/time-to-live.ts"
import { checkedTimestamp } from "../time/checked-timestamp.ts"
import { TimerQueue } from "../time/timer-queue.ts"
import { makeState, type StateEntry } from "./process-state.ts"
import { TimerFault, timerPosition } from "./timer-fault.ts"
import { keyRow } from "./window-result.ts"

type Slot = KeySlot<StateEntry>

/** Timers are entries of a key: this sign, `e` or `p`, the time. User's state names cannot begin with it. */
export const TIMER_SIGN = "\u0001"
/** Expired state is looked for in steps this long: it is hidden the moment it expires anyway. */
const EXPIRY_STEP_MS = 60_000

type Call = (argument: unknown, context: object) => void

/** A keyed process function at work (Flink's `KeyedProcessFunction`). */
export class ProcessOperator implements Operator {
  readonly #spec: ProcessSpec
  readonly #store: KeyedStore<StateEntry>
  readonly #events = new TimerQueue<Slot>()
  readonly #clock = new TimerQueue<Slot>()
  readonly #expiries = new TimerQueue<{ readonly slot: Slot; readonly sub: string }>()
  readonly #call: CallContext
  readonly context: OperatorContext

  constructor(spec: ProcessSpec, keys: KeyReader, context: OperatorContext) {
    this.#spec = spec
    this.context = context
    this.#store = new KeyedStore<StateEntry>(keys, { loaded: () => this.#rearm() })
    this.#call = new CallContext(spec, context, this.#store, {
      register: (kind, time) => this.#register(kind, time),
      remove: (kind, time) => void this.#store.delete(this.#call.slot, timerSub(kind, Math.floor(time))),
      expires: (sub, at) => this.#expires(this.#call.slot, sub, at),
    })
  }

  get state(): StateTable {
    return this.#store
  }

  get nextTimer(): number | undefined {
    return this.#clock.nextTime
  }

  beforeCommit(): void {}

  record(value: unknown, timestamp: number): void {
    this.#call.at(this.#store.slotOf(value), timestamp)
    ;(this.#spec.onRecord as Call)(value, this.#call)
    this.#leave()
  }

  watermark(watermark: number): void {
    this.#events.fire(watermark, (time, slot) => this.#fire("e", time, slot, this.#spec.onEventTimer))
  }

  processingTime(now: number): void {
    this.#clock.fire(now, (time, slot) => this.#fire("p", time, slot, this.#spec.onProcessingTimer))
    this.#expiries.fire(now, (_time, { slot, sub }) => this.#expire(slot, sub))
  }

  endProcessingTime(): void {
    this.#clock.fire(END_OF_TIME, (time, slot) => this.#fire("p", time, slot, this.#spec.onProcessingTimer))
  }

  #fire(kind: "e" | "p", time: number, slot: Slot, call: ProcessSpec["onEventTimer"]): void {
    // A timer that was deleted, or set twice, stands in the queue still.
    const standing = this.#store.find(slot.id)
    if (standing === undefined || !this.#store.delete(standing, timerSub(kind, time))) return
    const { context } = this
    const position = () =>
      timerPosition(kind === "e" ? "event" : "processing", time, this.#store.partsOf(slot))
    if (context.skipsTimers && context.skips(position())) {
      this.#store.release(standing)
      return
    }
    this.#call.at(this.#store.slot(slot.id), time)
    try {
      ;(call as Call | undefined)?.(time, this.#call)
    } catch (error) {
      throw TimerFault.of(error, position())
    }
    this.#leave()
  }

  /** A key that was only looked at leaves nothing behind. */
  #leave(): void {
    this.#store.release(this.#call.slot)
  }

  #register(kind: "e" | "p", given: number): void {
    const { slot } = this.#call
    const time = checkedTimestamp(given)
    const sub = timerSub(kind, time)
    const queue = kind === "e" ? this.#events : this.#clock
    if (queue.isClosing || slot.entries.has(sub)) return
    this.#store.set(slot, sub, [0, 0])
    queue.add(time, slot)
  }

  #expires(slot: Slot, sub: string, at: number): void {
    this.#expiries.add(Math.ceil(at / EXPIRY_STEP_MS) * EXPIRY_STEP_MS, { slot, sub })
  }

  #expire(slot: Slot, sub: string): void {
    const standing = this.#store.find(slot.id)
    if (standing?.entries.has(sub) !== true) return
    this.#call.at(standing, 0)
    this.#call.sweep(sub)
    this.#leave()
  }

  #rearm(): void {
    for (const queue of [this.#events, this.#clock, this.#expiries]) queue.clear()
    for (const slot of [...this.#store.slots()]) {
      for (const [sub, entry] of [...slot.entries]) {
        if (typeof sub !== "string") continue
        if (sub.startsWith(TIMER_SIGN)) {
          ;(sub[1] === "e" ? this.#events : this.#clock).add(Number(sub.slice(2)), slot)
          continue
        }
        // Of a state that the job has no more.
        if (this.#spec.state[nameOf(sub)] === undefined) {
          this.#store.delete(slot, sub)
          continue
        }
        const ttlMs = this.#call.ttlMs(sub)
        if (ttlMs === undefined) continue
        for (const [, since] of stampedValues(entry)) this.#expires(slot, sub, since + ttlMs)
      }
    }
  }
}

function timerSub(kind: "e" | "p", time: number): string {
  return `${TIMER_SIGN}${kind}${time}`
}

/** The state that an entry is of: a map's entries have its name, a slash, then their key. */
function nameOf(sub: string): string {
  const slash = sub.indexOf("/")
  return slash < 0 ? sub : sub.slice(0, slash)
}

function stampedValues(entry: StateEntry): readonly Stamped<unknown>[] {
  return entry.length > 0 && Array.isArray(entry[0]) && entry.every(Array.isArray)
    ? (entry as Stamped<unknown>[])
    : [entry as Stamped<unknown>]
}

interface CallHooks {
  register(kind: "e" | "p", time: number): void
  remove(kind: "e" | "p", time: number): void
  expires(sub: string, at: number): void
}

/** What the user's functions see: one object, pointed at the key at hand. */
class CallContext {
  readonly state: Readonly<Record<string, unknown>>
  readonly store: KeyedStore<StateEntry>
  readonly #spec: ProcessSpec
  readonly #context: OperatorContext
  readonly #hooks: CallHooks
  slot!: Slot
  timestamp = 0

  constructor(spec: ProcessSpec, context: OperatorContext, store: KeyedStore<StateEntry>, hooks: CallHooks) {
    this.#spec = spec
    this.#context = context
    this.#hooks = hooks
    this.store = store
    const states = Object.entries(spec.state).map(([name, descriptor]) => [
      name,
      makeState(name, descriptor, this),
    ])
    this.state = Object.freeze(Object.fromEntries(states))
  }

  at(slot: Slot, timestamp: number): void {
    this.slot = slot
    this.timestamp = timestamp
  }

  get key(): unknown {
    const { names } = this.store.keys
    return keyRow(names, this.store.partsOf(this.slot))
  }

  get watermark(): number {
    return this.#context.watermark
  }

  get processingTime(): number {
    return this.#context.processingTime
  }

  now(): number {
    return this.#context.processingTime
  }

  expires(sub: string, at: number): void {
    this.#hooks.expires(sub, at)
  }

  // Users take these out of the context: `({ state, emit }) => …`.

  readonly emit = (record: unknown): void => this.#context.output.record(record, this.timestamp)

  readonly side = (tag: string, record: unknown): void =>
    this.#context.side(tag).record(record, this.timestamp)

  readonly registerEventTimer = (timestamp: number): void => this.#hooks.register("e", timestamp)

  readonly registerProcessingTimer = (timestamp: number): void => this.#hooks.register("p", timestamp)

  readonly deleteEventTimer = (timestamp: number): void => this.#hooks.remove("e", timestamp)

  readonly deleteProcessingTimer = (timestamp: number): void => this.#hooks.remove("p", timestamp)

  /** The time to live of an entry's state; undefined: none. */
  ttlMs(sub: string): number | undefined {
    return this.#spec.state[nameOf(sub)]?.ttl?.ttlMs
  }

  /** Removes what has expired of an entry of the key at hand, whether or not it may be read still. */
  sweep(sub: string): void {
    const ttlMs = this.ttlMs(sub)
    const entry = this.slot.entries.get(sub)
    if (ttlMs === undefined || entry === undefined) return
    const values = stampedValues(entry)
    const kept = values.filter(([, since]) => since + ttlMs > this.now())
    const first = kept[0]
    if (first === undefined) this.store.delete(this.slot, sub)
    else if (kept.length < values.length) this.store.set(this.slot, sub, kept)
    const next = kept.map(([, since]) => since + ttlMs)
    if (next.length > 0) this.#hooks.expires(sub, Math.min(...next))
  }
}
