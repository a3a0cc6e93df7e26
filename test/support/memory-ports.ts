import { type CountingStores, countingStores } from "../../shared/storage/counting.ts"
import type { Faults } from "../../shared/storage/memory/faults.ts"
import { type MemoryStores, memoryStores } from "../../shared/storage/memory/memory-stores.ts"
import type { Ports, Wake } from "../../shared/storage/time.ts"

/** Ports over stores in memory, with a clock that a test can move and calls that it can count. */
export interface MemoryPorts extends Ports {
  readonly stores: MemoryStores
  readonly counts: CountingStores
  /** Moves this process's clock and the stores' date on. */
  advance(ms: number): void
}

export interface MemoryPortsOptions {
  /** Stores that another test process made already. */
  readonly stores?: MemoryStores
  readonly faults?: Faults
  readonly seed?: number
}

const START = Date.UTC(2026, 0, 1)

export function memoryPorts(options: MemoryPortsOptions = {}): MemoryPorts {
  let moved = 0
  const began = performance.now()
  const elapsed = () => moved + (performance.now() - began)
  const stores = options.stores ?? memoryStores({ date: () => START + Math.floor(elapsed()) })
  const counts = countingStores(stores.connect(options.faults))
  let ids = (options.seed ?? 0) * 1_000_000
  let state = 1 + (options.seed ?? 0)
  return {
    stores,
    counts,
    objects: counts.objects,
    meta: counts.meta,
    clock: {
      now: () => START + Math.floor(elapsed()),
      elapsed,
      sleep: (ms, signal) => sleep(ms, signal),
    },
    random: {
      integer: below => {
        state = (state * 48_271) % 2_147_483_647
        return state % below
      },
      id: () => (++ids).toString(16).padStart(32, "0"),
    },
    wake: localWake(),
    advance: ms => {
      moved += ms
    },
  }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted === true) return resolve()
    const timer = setTimeout(done, ms)
    timer.unref()
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener("abort", done)
      resolve()
    }
    signal?.addEventListener("abort", done)
  })
}

function localWake(): Wake {
  const waiting = new Map<string, Set<() => void>>()
  return {
    notify(topic) {
      for (const wake of waiting.get(topic) ?? []) wake()
    },
    async wait(topic, ms, signal) {
      const stop = new AbortController()
      let woken = false
      const wakes = waiting.get(topic) ?? new Set()
      waiting.set(topic, wakes)
      const wake = () => {
        woken = true
        stop.abort()
      }
      wakes.add(wake)
      const abort = () => stop.abort()
      signal?.addEventListener("abort", abort)
      if (signal?.aborted === true) abort()
      await sleep(ms, stop.signal)
      signal?.removeEventListener("abort", abort)
      wakes.delete(wake)
      return woken
    },
  }
}
