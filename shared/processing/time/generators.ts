import type { WatermarkGenerator, WatermarkStrategy } from "../../definition/job/watermarks.ts"

/** A strategy at work on one partition. */
export interface RunningGenerator {
  /** Takes a record's time; a watermark to be given at once, if there is one. */
  onRecord(record: unknown, timestamp: number): number | undefined
  /** The watermark as of the records so far, to be given at the end of a batch. */
  current(): number
  /** What is stored of it: the highest timestamp. */
  readonly maxTimestamp: number
}

export function runningGenerator(strategy: WatermarkStrategy, maxTimestamp?: number): RunningGenerator {
  switch (strategy.kind) {
    case "bounded":
      return new Bounded(strategy.delayMs, maxTimestamp)
    case "generator":
      return new Own(strategy.create() as WatermarkGenerator<unknown>, maxTimestamp)
    case "none":
      return new None()
  }
}

class None implements RunningGenerator {
  readonly maxTimestamp: number = Number.NEGATIVE_INFINITY

  onRecord(): undefined {}

  current(): number {
    return Number.NEGATIVE_INFINITY
  }
}

/** The highest timestamp, less the delay, less 1 ms (Flink's `BoundedOutOfOrdernessWatermarks`). */
class Bounded implements RunningGenerator {
  readonly #delayMs: number
  maxTimestamp: number

  constructor(delayMs: number, maxTimestamp = Number.NEGATIVE_INFINITY) {
    this.#delayMs = delayMs
    this.maxTimestamp = maxTimestamp
  }

  onRecord(_record: unknown, timestamp: number): undefined {
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
  }

  current(): number {
    return this.maxTimestamp - this.#delayMs - 1
  }
}

/** The user's: a watermark counts from the record on that gave it. */
class Own implements RunningGenerator {
  readonly #own: WatermarkGenerator<unknown>
  #watermark = Number.NEGATIVE_INFINITY
  maxTimestamp: number

  constructor(own: WatermarkGenerator<unknown>, maxTimestamp = Number.NEGATIVE_INFINITY) {
    this.#own = own
    this.maxTimestamp = maxTimestamp
  }

  onRecord(record: unknown, timestamp: number): number | undefined {
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    const watermark = this.#own.onRecord(record as never, timestamp)
    if (watermark === undefined || watermark <= this.#watermark) return undefined
    this.#watermark = watermark
    return watermark
  }

  current(): number {
    return this.#watermark
  }
}
