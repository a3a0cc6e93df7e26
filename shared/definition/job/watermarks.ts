import { type Duration, durationMs } from "../duration.ts"

/** Makes watermarks of one partition's records. Times are epoch ms; a watermark t says: nothing at or before t comes. */
export interface WatermarkGenerator<T> {
  /** Called with every record, after its timestamp is known. A number is a new watermark; lower ones are ignored. */
  onRecord(record: T, timestamp: number): number | undefined
}

/** How a source says how far event time has come. */
export type WatermarkStrategy =
  /** Timestamps may come up to this late: the watermark is the highest timestamp, less the delay, less 1 ms. */
  | { readonly kind: "bounded"; readonly delayMs: number }
  /** The user's generator, one a partition. */
  | { readonly kind: "generator"; readonly create: () => WatermarkGenerator<never> }
  /** No event time: event-time windows never fire. */
  | { readonly kind: "none" }

/** Timestamps come in order within each partition. */
export function monotonicTimestamps(): WatermarkStrategy {
  return Object.freeze({ kind: "bounded", delayMs: 0 })
}

/**
 * Timestamps come at most `delay` after a later one of their partition (Flink's `forBoundedOutOfOrderness`).
 * @param delay such as `"5s"`
 */
export function boundedOutOfOrderness(delay: Duration): WatermarkStrategy {
  return Object.freeze({ kind: "bounded", delayMs: durationMs(delay) ?? Number.NaN })
}

/** A watermark after records that say so. `mark` gives the watermark (epoch ms), or undefined for none. */
export function punctuated<T>(mark: (record: T, timestamp: number) => number | undefined): WatermarkStrategy {
  return Object.freeze({ kind: "generator", create: () => ({ onRecord: mark }) })
}

/** The user's own generator: `create` is called once a partition. It may keep state; a restart makes a new one. */
export function customWatermark<T>(create: () => WatermarkGenerator<T>): WatermarkStrategy {
  return Object.freeze({ kind: "generator", create })
}

export function noWatermark(): WatermarkStrategy {
  return Object.freeze({ kind: "none" })
}
