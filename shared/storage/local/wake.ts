import type { Wake } from "../time.ts"

/** Hints within this process. A wait does not keep the process alive: nothing depends on a hint but latency. */
export function localWake(): Wake {
  const waiting = new Map<string, Set<() => void>>()
  return {
    notify(topic) {
      const waiters = waiting.get(topic)
      if (waiters === undefined) return
      waiting.delete(topic)
      for (const wake of waiters) wake()
    },
    wait(topic, ms, signal) {
      if (signal?.aborted) return Promise.resolve(false)
      return new Promise(resolve => {
        let waiters = waiting.get(topic)
        if (waiters === undefined) {
          waiters = new Set()
          waiting.set(topic, waiters)
        }
        const mine = waiters
        const finish = (hinted: boolean) => {
          clearTimeout(timer)
          signal?.removeEventListener("abort", giveUp)
          mine.delete(wake)
          if (mine.size === 0 && waiting.get(topic) === mine) waiting.delete(topic)
          resolve(hinted)
        }
        const wake = () => finish(true)
        const giveUp = () => finish(false)
        // A wait that is too long for a timer may end early: callers go round again.
        const timer = setTimeout(giveUp, Math.min(ms, TIMER_MS_MAX)).unref()
        signal?.addEventListener("abort", giveUp, { once: true })
        mine.add(wake)
      })
    },
  }
}

/** The longest delay that Node's timers take. */
const TIMER_MS_MAX = 2 ** 31 - 1
