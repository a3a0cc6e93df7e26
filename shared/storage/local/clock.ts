import type { Clock } from "../time.ts"

/** The longest delay that Node's timers take; a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/**
 * This machine's clock. A sleep keeps the process alive, as the work that waits for it should; who sleeps for long
 * gives a signal and aborts it at the end.
 */
export function localClock(): Clock {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, signal),
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise(resolve => {
    let left = ms
    let timer: NodeJS.Timeout
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", finish)
      resolve()
    }
    const start = () => {
      const part = Math.min(left, TIMER_MS_MAX)
      left -= part
      timer = setTimeout(left > 0 ? start : finish, part)
    }
    signal?.addEventListener("abort", finish, { once: true })
    start()
  })
}
