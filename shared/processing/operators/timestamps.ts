import type { WatermarkStrategy } from "../../definition/job/watermarks.ts"
import type { Collector } from "../operator.ts"
import { checkedTimestamp } from "../time/checked-timestamp.ts"
import { type RunningGenerator, runningGenerator } from "../time/generators.ts"
import { StatelessOperator } from "./stateless.ts"

/** Gives records other timestamps, and what follows its own watermark. */
export class TimestampsOperator extends StatelessOperator {
  readonly #timestamp: (record: unknown) => unknown
  readonly #generator: RunningGenerator
  readonly #output: Collector
  readonly #marked: () => void

  /** @param marked called when a record gave a watermark that counts at once */
  constructor(
    options: { timestamp: (record: unknown) => unknown; watermark: WatermarkStrategy },
    output: Collector,
    marked: () => void,
  ) {
    super()
    this.#timestamp = options.timestamp
    this.#generator = runningGenerator(options.watermark)
    this.#output = output
    this.#marked = marked
  }

  record(value: unknown): void {
    const timestamp = checkedTimestamp(this.#timestamp(value))
    const mark = this.#generator.onRecord(value, timestamp)
    this.#output.record(value, timestamp)
    if (mark !== undefined) this.#marked()
  }

  /** Its own watermark, in place of its input's. */
  get ownWatermark(): number {
    return this.#generator.current()
  }
}
