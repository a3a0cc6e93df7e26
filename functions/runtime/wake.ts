import type { Clock, Wake } from "../../shared/storage/time.ts"

/**
 * How often a wait asks again. Hints do not cross environments, so a record is noticed by looking: four reads a second
 * of half a unit each cost a thousandth of what the waiting function does.
 */
const POLL_MS = 250

/** Hints within this environment, and for want of others a hint every quarter of a second. */
export function pollingWake(clock: Pick<Clock, "sleep">): Wake {
  const waiting = new Map<string, Set<() => void>>()
  return {
    notify(topic) {
      for (const wake of waiting.get(topic) ?? []) wake()
    },
    async wait(topic, ms, signal) {
      if (signal?.aborted) return false
      const stop = new AbortController()
      let hinted = false
      const wake = () => {
        hinted = true
        stop.abort()
      }
      const giveUp = () => stop.abort()
      const waiters = waiting.get(topic) ?? new Set()
      waiting.set(topic, waiters.add(wake))
      signal?.addEventListener("abort", giveUp, { once: true })
      await clock.sleep(Math.min(ms, POLL_MS), stop.signal)
      signal?.removeEventListener("abort", giveUp)
      waiters.delete(wake)
      if (waiters.size === 0 && waiting.get(topic) === waiters) waiting.delete(topic)
      const isOver = ms <= POLL_MS || (signal?.aborted ?? false)
      return hinted || !isOver
    },
  }
}
