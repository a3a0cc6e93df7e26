import type { WindowAssigner } from "../../definition/job/windows.ts"
import type { OperatorContext } from "../operator.ts"
import { eachWindow } from "./window-assigner.ts"
import { WindowOperator, type WindowParts, type WindowSlot } from "./window-operator.ts"

type FixedAssigner = Extract<WindowAssigner, { kind: "tumbling" | "hopping" | "cumulate" }>

/** Windows whose bounds depend on time alone. */
export class FixedWindows extends WindowOperator {
  readonly #assigner: FixedAssigner
  // What `record` hands to the visitor below, which is made once.
  #value: unknown
  #timestamp = 0
  #slot: WindowSlot | undefined
  #taken = false
  readonly #visit = (start: number, end: number) => this.#take(start, end)

  constructor(assigner: FixedAssigner, parts: WindowParts, context: OperatorContext) {
    super(parts, context)
    this.#assigner = assigner
  }

  record(value: unknown, timestamp: number): void {
    const { time } = this.parts
    this.#value = value
    this.#timestamp = timestamp
    this.#slot = undefined
    this.#taken = false
    eachWindow(this.#assigner, time === "event" ? timestamp : this.context.processingTime, this.#visit)
    // Only a record that no window took, and that is late itself, is late.
    if (!this.#taken && time === "event" && timestamp + this.parts.latenessMs <= this.context.watermark)
      this.tooLate(value, timestamp)
  }

  #take(start: number, end: number): void {
    if (this.isLate(end)) return
    this.#taken = true
    this.#slot ??= this.store.slotOf(this.#value)
    const slot = this.#slot
    const { content } = this.parts
    let entry = slot.entries.get(end)
    if (entry === undefined) entry = this.open(slot, start, end, content.create(this.#value))
    else {
      entry.content =
        entry.content === undefined ? content.create(this.#value) : content.add(entry.content, this.#value)
      this.store.touch(slot, end)
    }
    this.afterRecord(slot, entry, this.#value, this.#timestamp)
  }
}
