import type { Operator, OperatorContext, StateTable } from "../operator.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import { TimerQueue } from "../time/timer-queue.ts"
import { TimerFault, timerPosition } from "./timer-fault.ts"
import { type StoredWindow, storedTimes, writeOnce } from "./window-operator.ts"
import type { WindowContent } from "./window-result.ts"

/** A session of a key. It is stored under its end, and in memory lies under the end that it had at the last commit. */
interface Session {
  start: number
  end: number
  content: unknown
  /** What it lies under. */
  sub: number
  /** The commit in which it was noted as changed. */
  touched: number
  /** When its timer is set for: one timer, set anew when it fires too early. */
  timer: number
  isClosed: boolean
}

type Slot = KeySlot<Session>

interface SessionTimer {
  readonly slot: Slot
  readonly session: Session
}

/**
 * Sessions of a fixed gap by event time that fire once, at their end. They give what `SessionWindows` gives, but a
 * record that makes a session longer costs neither a new entry nor a new timer.
 */
export class QuickSessions implements Operator {
  readonly nextTimer = undefined
  readonly #gapMs: number
  readonly #content: WindowContent
  readonly #context: OperatorContext
  readonly #store: KeyedStore<Session>
  readonly #ends = new TimerQueue<SessionTimer>()
  /** Sessions whose end has changed since the last commit, perhaps. */
  #changed: SessionTimer[] = []

  constructor(
    gapMs: number,
    parts: { readonly keys: KeyReader; readonly content: WindowContent },
    context: OperatorContext,
  ) {
    this.#gapMs = gapMs
    this.#content = parts.content
    this.#context = context
    this.#store = new KeyedStore<Session>(parts.keys, {
      write: ({ start, end, content }, out) => writeOnce(end - start, content, this.#content, out),
      unpack: (packed, end) => this.#unpack(packed as StoredWindow, Number(end)),
      loaded: () => this.#rearm(),
    })
  }

  get state(): StateTable {
    return this.#store
  }

  processingTime(): void {}
  endProcessingTime(): void {}

  record(value: unknown, timestamp: number): void {
    const store = this.#store
    const end = timestamp + this.#gapMs
    const slot = store.slotOf(value)
    // Most keys have one session, and most records lie in it.
    const only = slot.entries.only
    if (only !== undefined && only.start <= end && timestamp <= only.end) {
      this.#extend(slot, only, value, timestamp, end)
      return
    }
    let met: Session | undefined
    for (const session of slot.entries.values()) {
      if (session.start > end || timestamp > session.end) continue
      if (met !== undefined) {
        this.#merge(slot, value, timestamp, end)
        return
      }
      met = session
    }
    if (met === undefined) {
      this.#open(slot, value, timestamp, end)
      return
    }
    this.#extend(slot, met, value, timestamp, end)
  }

  #extend(slot: Slot, session: Session, value: unknown, timestamp: number, end: number): void {
    session.content = this.#content.add(session.content, value)
    if (timestamp < session.start) session.start = timestamp
    if (end > session.end) session.end = end
    const store = this.#store
    if (session.touched === store.commits) return
    session.touched = store.commits
    store.touch(slot, session.sub)
    this.#changed.push({ slot, session })
  }

  #open(slot: Slot, value: unknown, timestamp: number, end: number): void {
    const context = this.#context
    if (end - 1 <= context.watermark) {
      this.#store.release(slot)
      context.side("late").record(value, timestamp)
      context.dropped("late")
      return
    }
    this.#put(slot, { start: timestamp, end, content: this.#content.create(value) })
  }

  #put(slot: Slot, { start, end, content }: Pick<Session, "start" | "end" | "content">): void {
    const store = this.#store
    const session: Session = {
      start,
      end,
      content,
      sub: end,
      touched: store.commits,
      timer: end - 1,
      isClosed: false,
    }
    // Another session may lie under this end still, which it had at the last commit.
    const other = slot.entries.get(end)
    if (other !== undefined) this.#rename(slot, other)
    store.set(slot, end, session)
    this.#changed.push({ slot, session })
    this.#ends.add(session.timer, { slot, session })
  }

  #rename(slot: Slot, session: Session): void {
    if (session.sub === session.end) return
    const other = slot.entries.get(session.end)
    if (other !== undefined) this.#rename(slot, other)
    this.#store.rename(slot, session.sub, session.end)
    session.sub = session.end
  }

  /** One session of those that a record brings together, in the order of their starts, and the record. */
  #merge(slot: Slot, value: unknown, from: number, to: number): void {
    const met = [...slot.entries.values()]
      .filter(session => session.start <= to && from <= session.end)
      .sort((left, right) => left.start - right.start)
    let content: unknown
    let start = from
    let end = to
    for (const [index, session] of met.entries()) {
      content = index === 0 ? session.content : this.#content.merge(content, session.content)
      start = Math.min(start, session.start)
      end = Math.max(end, session.end)
      this.#close(slot, session)
    }
    this.#put(slot, { start, end, content: this.#content.add(content, value) })
  }

  #close(slot: Slot, session: Session): void {
    session.isClosed = true
    this.#store.delete(slot, session.sub)
  }

  watermark(watermark: number): void {
    this.#ends.fire(watermark, (_time, timer) => this.#fire(timer))
  }

  #fire(timer: SessionTimer): void {
    const { slot, session } = timer
    if (session.isClosed) return
    if (session.end - 1 > session.timer && !this.#ends.isClosing) {
      session.timer = session.end - 1
      this.#ends.add(session.timer, timer)
      return
    }
    this.#emit(slot, session)
    this.#close(slot, session)
  }

  #emit(slot: Slot, { start, end, content }: Session): void {
    const context = this.#context
    const { names } = this.#store.keys
    const parts = this.#store.partsOf(slot)
    const position = () => timerPosition("event", end - 1, parts)
    if (context.skipsTimers && context.skips(position())) return
    try {
      this.#content.emit(content, { start, end }, names, parts, end - 1, context.output)
    } catch (error) {
      throw TimerFault.of(error, position())
    }
  }

  /** Puts each session under the end that it is to be stored under. */
  beforeCommit(): void {
    const changed = this.#changed
    this.#changed = []
    for (const { slot, session } of changed) if (!session.isClosed) this.#rename(slot, session)
  }

  #unpack(stored: StoredWindow, end: number): Session {
    const { start, content } = storedTimes(stored, end)
    return {
      start,
      end,
      content: this.#content.unpack(content),
      sub: end,
      touched: -1,
      timer: end - 1,
      isClosed: false,
    }
  }

  #rearm(): void {
    this.#ends.clear()
    for (const slot of this.#store.slots()) {
      for (const session of slot.entries.values()) this.#ends.add(session.timer, { slot, session })
    }
  }
}
