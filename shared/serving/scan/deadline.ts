import type { Clock } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"

const ENDED = "ended"

/**
 * What the promise comes to, or a `timeout` after `ms`: a store that hangs while files are read must not hold the caller
 * past the deadline. What the promise does later is nobody's concern.
 */
export async function before<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  const stop = new AbortController()
  const late = clock.sleep(ms, stop.signal).then(() => {
    if (stop.signal.aborted) return promise
    throw new QueryError("timeout", "The query waited for its files until its deadline")
  })
  late.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    // With a reason of its own: to make the usual one, with its stack, takes longer than all of this.
    stop.abort(ENDED)
  }
}
