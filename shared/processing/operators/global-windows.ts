import type { TimeWindow } from "../../definition/job/windows.ts"
import { END_OF_TIME, type OperatorContext } from "../operator.ts"
import { type WindowEntry, WindowOperator, type WindowParts } from "./window-operator.ts"

/**
 * One window for all of a key's records; it fires by its trigger, and at the end of bounded input. What a result shows
 * as the window is what its records span: from the first since the last purge to the last, plus 1 ms. (Flink's results
 * have the end of time, which no table can show.)
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
      if (entry.content === undefined) {
        entry.content = content.create(value)
        entry.start = timestamp
        entry.latest = timestamp
      } else entry.content = content.add(entry.content, value)
      this.store.touch(slot, END_OF_TIME)
    }
    entry.start = Math.min(entry.start, timestamp)
    entry.latest = Math.max(entry.latest ?? timestamp, timestamp)
    this.afterRecord(slot, entry, value, timestamp)
  }

  protected override shown({ start, latest = start }: WindowEntry): TimeWindow {
    return { start, end: latest + 1 }
  }
}
