// Events as the world sends them: seeded, so that every run has the same ones, with duplicates, out of order, and late.

export interface AdEvent {
  readonly eventId: string
  readonly adId: string
  readonly userId: string
  readonly type: "impression" | "click" | "heartbeat"
  readonly costMicros: number
  readonly occurredAt: number
}

export interface EventOptions {
  /** Different events; duplicates come on top. */
  readonly count: number
  readonly seed?: number
  /** From one event to the next, on average, ms. */
  readonly everyMs?: number
}

const BEGIN = Date.UTC(2026, 0, 1)
const ADS = 24
const USERS = 500
/** Most events come within the job's five seconds … */
const USUAL_DELAY_MS = 4_000
/** … some within its ten seconds of lateness … */
const LATE_SHARE = 0.02
const LATE_DELAY_MS = 14_000
/** … and a few after both. */
const HOPELESS_SHARE = 0.004
const HOPELESS_DELAY_MS = 240_000
const DUPLICATE_SHARE = 0.05
const DUPLICATE_DELAY_MS = 20_000

/** Numbers from 0 up to 1 (mulberry32, Tommy Ettinger). */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The events in the order in which they arrive. */
export function adEvents({ count, seed = 1, everyMs = 60 }: EventOptions): readonly AdEvent[] {
  const next = random(seed)
  const arrivals: { readonly at: number; readonly event: AdEvent }[] = []
  for (let i = 0; i < count; i++) {
    const event = eventOf(i, BEGIN + Math.floor(i * everyMs), next)
    const at = event.occurredAt + delayMs(next)
    arrivals.push({ at, event })
    if (next() < DUPLICATE_SHARE) arrivals.push({ at: at + next() * DUPLICATE_DELAY_MS, event })
  }
  return arrivals.sort((one, other) => one.at - other.at).map(({ event }) => event)
}

function eventOf(i: number, occurredAt: number, next: () => number): AdEvent {
  // A few ads have most of the events.
  const adId = `ad-${String(Math.floor(next() ** 3 * ADS)).padStart(2, "0")}`
  const kind = next()
  const type = kind < 0.1 ? "heartbeat" : kind < 0.85 ? "impression" : "click"
  const costMicros =
    type === "heartbeat" ? 0 : Math.floor((type === "click" ? 250_000 : 2_500) * (0.5 + next()))
  const userId = `user-${Math.floor(next() * USERS)}`
  return { eventId: `e-${i}`, adId, userId, type, costMicros, occurredAt }
}

function delayMs(next: () => number): number {
  const share = next()
  if (share < HOPELESS_SHARE) return next() * HOPELESS_DELAY_MS
  if (share < HOPELESS_SHARE + LATE_SHARE) return next() * LATE_DELAY_MS
  return next() * USUAL_DELAY_MS
}
