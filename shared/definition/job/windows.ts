import { type Duration, durationMs } from "../duration.ts"

/** A window of time: `[start, end)`, epoch ms. */
export interface TimeWindow {
  readonly start: number
  readonly end: number
}

/**
 * Which windows a record belongs to. Times are ms; NaN stands for a duration that could not be read and is reported
 * when the app is loaded.
 */
export type WindowAssigner =
  | {
      readonly kind: "tumbling"
      readonly sizeMs: number
      readonly offsetMs: number
      readonly time: TimeDomain
    }
  | {
      readonly kind: "hopping"
      readonly sizeMs: number
      readonly slideMs: number
      readonly offsetMs: number
      readonly time: TimeDomain
    }
  | {
      readonly kind: "cumulate"
      readonly sizeMs: number
      readonly stepMs: number
      readonly offsetMs: number
      readonly time: TimeDomain
    }
  | {
      readonly kind: "session"
      readonly gapMs: number | ((record: never) => number)
      readonly time: TimeDomain
    }
  /** One window without an end; fires only by a trigger. */
  | { readonly kind: "global" }
  /** `size` records of a key; with `slide`, every `slide` records over the last `size`. */
  | { readonly kind: "count"; readonly size: number; readonly slide?: number }

export type TimeDomain = "event" | "processing"

interface TimeOptions {
  /** `processing`: by the clock, not the records' time. Default `event`. */
  readonly time?: TimeDomain
}

interface OffsetOptions extends TimeOptions {
  /** Where windows begin, counted from the epoch: `"8h"` for days that begin at 08:00 UTC. */
  readonly offset?: Duration
}

const ms = (duration: Duration) => durationMs(duration) ?? Number.NaN
const offsetMs = (options: OffsetOptions) => (options.offset === undefined ? 0 : ms(options.offset))

/** Windows of one size, side by side. */
export function tumbling(size: Duration, options: OffsetOptions = {}): WindowAssigner {
  const { time = "event" } = options
  return Object.freeze({ kind: "tumbling", sizeMs: ms(size), offsetMs: offsetMs(options), time })
}

/** Windows of one size that begin every `slide`. */
export function hopping(size: Duration, slide: Duration, options: OffsetOptions = {}): WindowAssigner {
  const { time = "event" } = options
  return Object.freeze({
    kind: "hopping",
    sizeMs: ms(size),
    slideMs: ms(slide),
    offsetMs: offsetMs(options),
    time,
  })
}

/** Windows that begin every `size` and grow by `step` until they are that long; `size` is a multiple of `step`. */
export function cumulate(size: Duration, step: Duration, options: OffsetOptions = {}): WindowAssigner {
  const { time = "event" } = options
  return Object.freeze({
    kind: "cumulate",
    sizeMs: ms(size),
    stepMs: ms(step),
    offsetMs: offsetMs(options),
    time,
  })
}

/**
 * Windows that last as long as no gap between a key's records is longer than `gap`. As in Flink, windows that touch are
 * one: a gap of exactly `gap` does not part them.
 * @param gap a duration, or a function that gives each record's gap in ms
 */
export function session<T>(
  gap: Duration | ((record: T) => number),
  options: TimeOptions = {},
): WindowAssigner {
  const { time = "event" } = options
  return Object.freeze({ kind: "session", gapMs: typeof gap === "function" ? gap : ms(gap), time })
}

/** One window for all of a key's records. It fires only by a trigger. */
export function globalWindow(): WindowAssigner {
  return Object.freeze({ kind: "global" })
}

/** Every `size` records of a key; with `slide`, every `slide` records over the last `size`. */
export function countWindow(size: number, slide?: number): WindowAssigner {
  return Object.freeze({ kind: "count", size, ...(slide === undefined ? {} : { slide }) })
}

/** What a trigger decides. */
export type TriggerResult = "continue" | "fire" | "purge" | "fireAndPurge"

/** What a custom trigger may ask and set. Timers are the window's own; they go with it. */
export interface TriggerContext {
  readonly watermark: number
  readonly processingTime: number
  readonly window: TimeWindow
  registerEventTimer(timestamp: number): void
  registerProcessingTimer(timestamp: number): void
  /** A number that the trigger keeps for this key and window; 0 at first. */
  count: number
}

/** A trigger of the user's own. */
export interface CustomTrigger<T> {
  onRecord(record: T, timestamp: number, context: TriggerContext): TriggerResult
  onEventTime(timestamp: number, context: TriggerContext): TriggerResult
  onProcessingTime(timestamp: number, context: TriggerContext): TriggerResult
  /**
   * Sessions became one, `context.window`: their timers are gone, their counts added. `onRecord` follows, with the record
   * that joined them.
   */
  onMerge?(context: TriggerContext): void
}

/** When a window's result is given. */
export type Trigger =
  | { readonly kind: "eventTime" }
  | { readonly kind: "processingTime" }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "continuous"; readonly everyMs: number; readonly time: TimeDomain }
  | { readonly kind: "purging"; readonly inner: Trigger }
  | { readonly kind: "custom"; readonly trigger: CustomTrigger<never> }

/** When the watermark passes the window's end; then again with every late record. The default of event-time windows. */
export function onEventTime(): Trigger {
  return Object.freeze({ kind: "eventTime" })
}

/** When the clock passes the window's end. The default of processing-time windows. */
export function onProcessingTime(): Trigger {
  return Object.freeze({ kind: "processingTime" })
}

/** Every `count` records. */
export function onCount(count: number): Trigger {
  return Object.freeze({ kind: "count", count })
}

/** Every `every` while the window is open, and at its end. */
export function continuously(every: Duration, options: TimeOptions = {}): Trigger {
  return Object.freeze({ kind: "continuous", everyMs: ms(every), time: options.time ?? "event" })
}

/** As `inner`, and each result begins anew: what was given is forgotten. */
export function purging(inner: Trigger): Trigger {
  return Object.freeze({ kind: "purging", inner })
}

export function customTrigger<T>(trigger: CustomTrigger<T>): Trigger {
  return Object.freeze({ kind: "custom", trigger })
}
