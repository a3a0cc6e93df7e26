import type { OperatorContext } from "../operator.ts"
import { END_OF_TIME } from "../operator.ts"
import { WindowOperator, type WindowParts } from "./window-operator.ts"

/**
 * One window for all of a key's records; it fires by its trigger, and at the end of bounded input. A result's
 * `windowStart` is the time of the first record since the last purge.
 */
export class GlobalWindows extends WindowOperator {
  constructor(parts: WindowParts, context: OperatorContext) {
    super({ ...parts, latenessMs: 0 }, context)
  }

  record(value: unknown, timestamp: number): void {
    const { content } = this.parts
    const slot = this.store.slotOf(value)
    let entry = slot.entries.get(END_OF_TIME)
    if (entry === undefined) entry = this.open(slot, timestamp, END_OF_TIME, content.create(value))
    else {
      entry.content = entry.content === undefined ? content.create(value) : content.add(entry.content, value)
      this.store.touch(slot, END_OF_TIME)
    }
    this.afterRecord(slot, entry, value, timestamp)
  }
}
