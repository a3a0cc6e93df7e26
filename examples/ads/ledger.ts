// The same figures, computed from all events at once: what the job's results are compared with.
import type { AdEvent } from "./events.ts"

const MINUTE_MS = 60_000

/** What an ad did in one minute. */
export interface Entry {
  readonly adId: string
  readonly windowStart: number
  readonly events: number
  readonly impressions: number
  readonly clicks: number
  readonly spendMicros: number
  readonly users: number
}

/**
 * By ad and minute, each event once.
 * @param late ids of events that the job set aside as too late
 */
export function ledgerOf(events: Iterable<AdEvent>, late: ReadonlySet<string> = new Set()): readonly Entry[] {
  const seen = new Set(late)
  const minutes = new Map<string, AdEvent[]>()
  for (const event of events) {
    if (event.type === "heartbeat" || seen.has(event.eventId)) continue
    seen.add(event.eventId)
    const windowStart = Math.floor(event.occurredAt / MINUTE_MS) * MINUTE_MS
    const key = `${event.adId} ${windowStart}`
    const minute = minutes.get(key)
    if (minute === undefined) minutes.set(key, [event])
    else minute.push(event)
  }
  return [...minutes.values()].map(entryOf).sort(byAdAndMinute)
}

function entryOf(events: readonly AdEvent[]): Entry {
  const [{ adId, occurredAt } = { adId: "", occurredAt: 0 }] = events
  return {
    adId,
    windowStart: Math.floor(occurredAt / MINUTE_MS) * MINUTE_MS,
    events: events.length,
    impressions: events.filter(({ type }) => type === "impression").length,
    clicks: events.filter(({ type }) => type === "click").length,
    spendMicros: events.reduce((spent, { costMicros }) => spent + costMicros, 0),
    users: new Set(events.map(({ userId }) => userId)).size,
  }
}

function byAdAndMinute(one: Entry, other: Entry): number {
  if (one.adId !== other.adId) return one.adId < other.adId ? -1 : 1
  return one.windowStart - other.windowStart
}
