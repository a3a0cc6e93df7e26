import { setTimeout as sleep } from "node:timers/promises"

/** LocalStack's path, which the others serve too. */
const HEALTH_PATH = "/_localstack/health"
const POLL_MS = 100
/** A loaded machine may take this long for one answer. */
const ANSWER_MS = 5_000

/**
 * Waits until something answers at an endpoint. A status below 500 is an answer: not everything that serves AWS's APIs
 * has the path.
 *
 * @param waitMs how long at most
 * @param ended tells that waiting has become pointless
 */
export async function isHealthy(url: string, waitMs: number, ended = () => false): Promise<boolean> {
  const until = performance.now() + waitMs
  while (!ended()) {
    try {
      const answer = await fetch(new URL(HEALTH_PATH, url), { signal: AbortSignal.timeout(ANSWER_MS) })
      await answer.body?.cancel()
      if (answer.status < 500) return true
    } catch {
      // Nothing listens yet.
    }
    if (performance.now() >= until) return false
    await sleep(POLL_MS)
  }
  return false
}
