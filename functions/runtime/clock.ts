import type { OwnTime } from "../../shared/storage/aws/store-date.ts"
import { localClock } from "../../shared/storage/local/clock.ts"
import type { Clock } from "../../shared/storage/time.ts"

/** How far the two clocks may drift apart before that is taken for a freeze or a step of the wall clock. */
const DRIFT_MS_MAX = 100

/**
 * The clock of an environment that may be frozen for hours. While it is, the monotonic clock may stand: then the wall
 * clock tells what has passed. Where the wall clock goes back, the monotonic one does. It never goes back itself.
 * @param own this process's two clocks
 */
export function frozenClock(
  own: OwnTime = { now: () => Date.now(), elapsed: () => performance.now() },
): Clock {
  let anchor = { now: own.now(), elapsed: own.elapsed() }
  let passed = 0
  return {
    now: () => own.now(),
    elapsed() {
      const now = own.now()
      const elapsed = own.elapsed()
      const byWall = now - anchor.now
      const byMonotonic = elapsed - anchor.elapsed
      if (Math.abs(byWall - byMonotonic) <= DRIFT_MS_MAX) return passed + byMonotonic
      passed += Math.max(byWall, byMonotonic)
      anchor = { now, elapsed }
      return passed
    },
    sleep: localClock().sleep,
  }
}
