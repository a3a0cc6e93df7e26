import type { Replay } from "millrace"
import { adEvents } from "./events.ts"

const events = adEvents({ count: 20_000 })

/** Twenty minutes of events within half a minute. */
export const replay: Replay = {
  topic: "ad-events",
  count: events.length,
  durationMs: 30_000,
  *values(from) {
    const encoder = new TextEncoder()
    for (const event of events.slice(from)) yield encoder.encode(JSON.stringify(event))
  },
}
