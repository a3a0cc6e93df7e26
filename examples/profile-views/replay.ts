import type { Replay } from "millrace"
import { profileViews } from "./events.ts"

const MEMBERS = 1_000
const VIEWS = 20_000

/** Views of a thousand members within half a minute. */
export const replay: Replay = {
  topic: "profile-views",
  count: VIEWS,
  durationMs: 30_000,
  *values(from) {
    const encoder = new TextEncoder()
    let at = 0
    for (const view of profileViews({ count: VIEWS, members: MEMBERS })) {
      if (at++ >= from) yield encoder.encode(JSON.stringify(view))
    }
  },
}
