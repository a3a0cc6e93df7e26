import { ProcessingError } from "../errors.ts"
import type { OperatorContext } from "../operator.ts"
import { type WindowEntry, WindowOperator, type WindowParts, type WindowSlot } from "./window-operator.ts"

/** Sessions: each record opens a window of its gap's length, and windows that meet are one (Flink's `MergingWindowSet`). */
export class SessionWindows extends WindowOperator {
  readonly #gap: number | ((record: unknown) => number)

  constructor(gap: number | ((record: unknown) => number), parts: WindowParts, context: OperatorContext) {
    super(parts, context)
    this.#gap = gap
  }

  record(value: unknown, timestamp: number): void {
    const { time, content, latenessMs } = this.parts
    const from = time === "event" ? timestamp : this.context.processingTime
    const gap = this.#gapOf(value)
    const slot = this.store.slotOf(value)
    const met = meeting(slot, from, from + gap)
    const [only] = met
    let entry: WindowEntry
    if (only !== undefined && met.length === 1 && only.start <= from && only.end >= from + gap) {
      // Nothing of the window's bounds changes.
      entry = only
      entry.content = entry.content === undefined ? content.create(value) : content.add(entry.content, value)
      this.store.touch(slot, entry.end)
    } else if (only === undefined) {
      if (this.isLate(from + gap)) {
        if (timestamp + latenessMs <= this.context.watermark) this.tooLate(value, timestamp)
        return
      }
      entry = this.open(slot, from, from + gap, content.create(value))
    } else {
      entry = this.#merge(slot, met, from, from + gap, value)
    }
    this.afterRecord(slot, entry, value, timestamp)
  }

  #gapOf(value: unknown): number {
    const gap = typeof this.#gap === "function" ? this.#gap(value) : this.#gap
    if (!Number.isFinite(gap) || gap <= 0) {
      throw new ProcessingError("user_function", `session gap: expected ms above 0, got ${String(gap)}`)
    }
    return gap
  }

  /** One window of those that a new one meets, in the order of their starts, and the record. */
  #merge(
    slot: WindowSlot,
    met: readonly WindowEntry[],
    from: number,
    to: number,
    value: unknown,
  ): WindowEntry {
    const { content } = this.parts
    const start = Math.min(from, (met[0] as WindowEntry).start)
    const end = Math.max(to, (met[met.length - 1] as WindowEntry).end)
    if (this.isLate(end)) {
      throw new ProcessingError(
        "late_merge",
        `a session that ends at ${end} is late already, at watermark ${this.context.watermark}`,
      )
    }
    let kept: unknown
    let count = 0
    for (const entry of met) {
      if (entry.content !== undefined)
        kept = kept === undefined ? entry.content : content.merge(kept, entry.content)
      count += entry.count
    }
    kept = kept === undefined ? content.create(value) : content.add(kept, value)
    const entry: WindowEntry = { start, end, content: kept, count, eventTimers: [], processingTimers: [] }
    // First the new one: a key without entries is forgotten.
    this.merged(slot, entry, met)
    for (const old of met) if (old.end !== end) this.store.delete(slot, old.end)
    return entry
  }
}

/** A key's windows that intersect or touch `[start, end)`, in ascending order. They never meet each other. */
function meeting(slot: WindowSlot, start: number, end: number): WindowEntry[] {
  const met: WindowEntry[] = []
  for (const entry of slot.entries.values()) {
    if (entry.start <= end && start <= entry.end) met.push(entry)
  }
  return met.length > 1 ? met.sort((left, right) => left.start - right.start) : met
}
