import type {
  CustomTrigger,
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
  /** Windows were merged into this one; `scope.state` holds what theirs add up to. */
  onMerge(scope: TriggerScope): void
}

/** The last moment of a window, epoch ms. */
export function lastMoment(window: TimeWindow): number {
  return window.end - 1
}

export function runningTrigger(trigger: Trigger): RunningTrigger {
  switch (trigger.kind) {
    case "eventTime":
      return eventTimeTrigger
    case "processingTime":
      return processingTimeTrigger
    case "count":
      return countTrigger(trigger.count)
    case "continuous":
      return trigger.time === "event"
        ? continuousEventTime(trigger.everyMs)
        : continuousProcessingTime(trigger.everyMs)
    case "purging":
      return purging(runningTrigger(trigger.inner))
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

function continuousEventTime(everyMs: number): RunningTrigger {
  const arm = (from: number, scope: TriggerScope) => {
    const end = lastMoment(scope.window)
    const next = Math.min(nextMultiple(from, everyMs), end)
    if (!scope.state.eventTimers.includes(next)) scope.eventTimer(next)
  }
  return {
    onRecord(_record, timestamp, scope) {
      const end = lastMoment(scope.window)
      if (end <= scope.watermark) return "fire"
      scope.eventTimer(end)
      if (scope.state.eventTimers.every(time => time === end)) arm(timestamp, scope)
      return "continue"
    },
    onEventTime(time, scope) {
      if (time !== lastMoment(scope.window)) arm(time, scope)
      return "fire"
    },
    onProcessingTime: nothing,
    onMerge(scope) {
      const end = lastMoment(scope.window)
      if (end > scope.watermark) scope.eventTimer(end)
    },
  }
}

function continuousProcessingTime(everyMs: number): RunningTrigger {
  return {
    onRecord(_record, _timestamp, scope) {
      if (scope.state.processingTimers.length === 0) {
        scope.processingTimer(nextMultiple(scope.processingTime, everyMs))
      }
      return "continue"
    },
    onEventTime: nothing,
    onProcessingTime(time, scope) {
      scope.processingTimer(nextMultiple(time, everyMs))
      return "fire"
    },
    onMerge: () => {},
  }
}

function purging(inner: RunningTrigger): RunningTrigger {
  const purge = (result: TriggerResult): TriggerResult => (result === "fire" ? "fireAndPurge" : result)
  return {
    onRecord: (record, timestamp, scope) => purge(inner.onRecord(record, timestamp, scope)),
    onEventTime: (time, scope) => purge(inner.onEventTime(time, scope)),
    onProcessingTime: (time, scope) => purge(inner.onProcessingTime(time, scope)),
    onMerge: scope => inner.onMerge(scope),
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

  registerEventTimer(timestamp: number): void {
    this.scope.eventTimer(timestamp)
  }

  registerProcessingTimer(timestamp: number): void {
    this.scope.processingTimer(timestamp)
  }
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
    onMerge: () => {},
  }
}
