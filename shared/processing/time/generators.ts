import type { WatermarkGenerator, WatermarkStrategy } from "../../definition/job/watermarks.ts"

/** A strategy at work on one partition. */
export interface RunningGenerator {
  /** Takes a record's time; a watermark to be given at once, if there is one. */
  onRecord(record: unknown, timestamp: number): number | undefined
  /** The watermark as of the records so far, to be given at the end of a batch. */
  current(): number
  /** The highest timestamp. */
  readonly maxTimestamp: number
  /** The last watermark of a generator of the user's, which no timestamp tells; undefined of all others. */
  readonly mark: number | undefined
}

/** What is stored of a generator. */
export type StoredGenerator = Pick<RunningGenerator, "maxTimestamp"> & { readonly mark?: number | undefined }

export function runningGenerator(strategy: WatermarkStrategy, stored?: StoredGenerator): RunningGenerator {
  const maxTimestamp = stored?.maxTimestamp
  switch (strategy.kind) {
    case "bounded":
      return new Bounded(strategy.delayMs, maxTimestamp)
    case "generator":
      return new Own(strategy.create() as WatermarkGenerator<unknown>, maxTimestamp, stored?.mark)
    case "none":
      return new None()
  }
}

class None implements RunningGenerator {
  readonly maxTimestamp: number = Number.NEGATIVE_INFINITY
  readonly mark = undefined

  onRecord(): undefined {}

  current(): number {
    return Number.NEGATIVE_INFINITY
  }
}

/** The highest timestamp, less the delay, less 1 ms (Flink's `BoundedOutOfOrdernessWatermarks`). */
class Bounded implements RunningGenerator {
  readonly #delayMs: number
  readonly mark = undefined
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
  maxTimestamp: number
  mark: number

  constructor(
    own: WatermarkGenerator<unknown>,
    maxTimestamp = Number.NEGATIVE_INFINITY,
    mark = Number.NEGATIVE_INFINITY,
  ) {
    this.#own = own
    this.maxTimestamp = maxTimestamp
    this.mark = mark
  }

  onRecord(record: unknown, timestamp: number): number | undefined {
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    const watermark = this.#own.onRecord(record as never, timestamp)
    if (watermark === undefined || !(watermark > this.mark)) return undefined
    this.mark = watermark
    return watermark
  }

  current(): number {
    return this.mark
  }
}
