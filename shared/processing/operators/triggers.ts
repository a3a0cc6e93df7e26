import type {
  CustomTrigger,
  TimeDomain,
  TimeWindow,
  Trigger,
  TriggerContext,
  TriggerResult,
} from "../../definition/job/windows.ts"
import { ProcessingError } from "../errors.ts"

/** What a trigger remembers of one window: part of the window's stored entry. */
export interface TriggerState {
  /** Records counted, or a custom trigger's number. */
  count: number
  /** Event times at which the trigger wants to be asked again, beside the window's own end. */
  eventTimers: number[]
  processingTimers: number[]
}

/** What a trigger has around it while it decides about one window. */
export interface TriggerScope {
  readonly watermark: number
  readonly processingTime: number
  readonly window: TimeWindow
  readonly state: TriggerState
  eventTimer(time: number): void
  processingTimer(time: number): void
}

/** A trigger at work; one object for all windows. After Flink's triggers of the same names. */
export interface RunningTrigger {
  /** Whether it fires at the window's end, by event time: the operator sets that timer. */
  onRecord(record: unknown, timestamp: number, scope: TriggerScope): TriggerResult
  onEventTime(time: number, scope: TriggerScope): TriggerResult
  onProcessingTime(time: number, scope: TriggerScope): TriggerResult
  /** Windows were merged into this one, and their timers are gone; `scope.state` counts what theirs add up to. */
  onMerge(scope: TriggerScope, merged: readonly (TriggerState & TimeWindow)[]): void
}

/** The last moment of a window, epoch ms. */
export function lastMoment(window: TimeWindow): number {
  return window.end - 1
}

/** @param windowTime the time by which the windows end */
export function runningTrigger(trigger: Trigger, windowTime: TimeDomain): RunningTrigger {
  switch (trigger.kind) {
    case "eventTime":
      return eventTimeTrigger
    case "processingTime":
      return processingTimeTrigger
    case "count":
      return countTrigger(trigger.count)
    case "continuous":
      return continuous(trigger.everyMs, trigger.time, windowTime)
    case "purging":
      return purging(runningTrigger(trigger.inner, windowTime))
    case "custom":
      return custom(trigger.trigger as unknown as CustomTrigger<unknown>)
    default:
      throw new ProcessingError("unsupported", `no such trigger: ${(trigger as { kind: string }).kind}`)
  }
}

const nothing = (): TriggerResult => "continue"

const eventTimeTrigger: RunningTrigger = {
  onRecord(_record, _timestamp, scope) {
    const end = lastMoment(scope.window)
    if (end <= scope.watermark) return "fire"
    scope.eventTimer(end)
    return "continue"
  },
  onEventTime: (time, scope) => (time === lastMoment(scope.window) ? "fire" : "continue"),
  onProcessingTime: nothing,
  onMerge(scope) {
    const end = lastMoment(scope.window)
    if (end > scope.watermark) scope.eventTimer(end)
  },
}

const processingTimeTrigger: RunningTrigger = {
  onRecord(_record, _timestamp, scope) {
    scope.processingTimer(lastMoment(scope.window))
    return "continue"
  },
  onEventTime: nothing,
  onProcessingTime: () => "fire",
  onMerge(scope) {
    const end = lastMoment(scope.window)
    if (end > scope.processingTime) scope.processingTimer(end)
  },
}

function countTrigger(max: number): RunningTrigger {
  return {
    onRecord(_record, _timestamp, { state }) {
      if (++state.count < max) return "continue"
      state.count = 0
      return "fire"
    },
    onEventTime: nothing,
    onProcessingTime: nothing,
    onMerge: () => {},
  }
}

/** The next multiple of `everyMs` after `time`. */
function nextMultiple(time: number, everyMs: number): number {
  return time - (((time % everyMs) + everyMs) % everyMs) + everyMs
}

/**
 * Fires at each multiple of `everyMs` while the window is open, and at its end. Flink's `Continuous…Trigger`s, but that
 * a result at the window's end is given whichever time the multiples are of.
 */
function continuous(everyMs: number, by: TimeDomain, windowTime: TimeDomain): RunningTrigger {
  const timersOf = ({ state }: TriggerScope) => (by === "event" ? state.eventTimers : state.processingTimers)
  const set = (domain: TimeDomain, time: number, scope: TriggerScope) =>
    domain === "event" ? scope.eventTimer(time) : scope.processingTimer(time)
  const arm = (from: number, scope: TriggerScope) => {
    const next = nextMultiple(from, everyMs)
    if (by !== windowTime || next < lastMoment(scope.window)) set(by, next, scope)
  }
  const isEnd = (time: number, domain: TimeDomain, { window }: TriggerScope) =>
    domain === windowTime && time === lastMoment(window)
  const onTime = (time: number, domain: TimeDomain, scope: TriggerScope): TriggerResult => {
    if (isEnd(time, domain, scope)) return "fire"
    if (domain !== by) return "continue"
    // What fell due long ago, while nothing ran, is not made up for.
    arm(by === "processing" ? Math.max(time, scope.processingTime) : time, scope)
    return "fire"
  }
  return {
    onRecord(_record, timestamp, scope) {
      const end = lastMoment(scope.window)
      if (windowTime === "event" && end <= scope.watermark) return "fire"
      set(windowTime, end, scope)
      const isArmed = timersOf(scope).some(time => !isEnd(time, by, scope))
      if (!isArmed) arm(by === "event" ? timestamp : scope.processingTime, scope)
      return "continue"
    },
    onEventTime: (time, scope) => onTime(time, "event", scope),
    onProcessingTime: (time, scope) => onTime(time, "processing", scope),
    onMerge(scope, merged) {
      const now = windowTime === "event" ? scope.watermark : scope.processingTime
      if (lastMoment(scope.window) > now) set(windowTime, lastMoment(scope.window), scope)
      let next = Number.POSITIVE_INFINITY
      for (const { eventTimers, processingTimers, end } of merged) {
        for (const time of by === "event" ? eventTimers : processingTimers) {
          if ((by !== windowTime || time !== end - 1) && time < next) next = time
        }
      }
      if (next !== Number.POSITIVE_INFINITY) set(by, next, scope)
    },
  }
}

function purging(inner: RunningTrigger): RunningTrigger {
  const purge = (result: TriggerResult): TriggerResult => (result === "fire" ? "fireAndPurge" : result)
  return {
    onRecord: (record, timestamp, scope) => purge(inner.onRecord(record, timestamp, scope)),
    onEventTime: (time, scope) => purge(inner.onEventTime(time, scope)),
    onProcessingTime: (time, scope) => purge(inner.onProcessingTime(time, scope)),
    onMerge: (scope, merged) => inner.onMerge(scope, merged),
  }
}

/** The user's trigger sees one context object, pointed at the window at hand. */
class CustomContext implements TriggerContext {
  scope!: TriggerScope

  get watermark(): number {
    return this.scope.watermark
  }

  get processingTime(): number {
    return this.scope.processingTime
  }

  get window(): TimeWindow {
    return this.scope.window
  }

  get count(): number {
    return this.scope.state.count
  }

  set count(count: number) {
    this.scope.state.count = count
  }

  readonly registerEventTimer = (timestamp: number): void => this.scope.eventTimer(timestamp)

  readonly registerProcessingTimer = (timestamp: number): void => this.scope.processingTimer(timestamp)
}

function custom(trigger: CustomTrigger<unknown>): RunningTrigger {
  const context = new CustomContext()
  const within = (scope: TriggerScope): CustomContext => {
    context.scope = scope
    return context
  }
  return {
    onRecord: (record, timestamp, scope) => trigger.onRecord(record, timestamp, within(scope)),
    onEventTime: (time, scope) => trigger.onEventTime(time, within(scope)),
    onProcessingTime: (time, scope) => trigger.onProcessingTime(time, within(scope)),
    onMerge: scope => trigger.onMerge?.(within(scope)),
  }
}
