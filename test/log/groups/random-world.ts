import { openLog } from "../../../shared/log/open-log.ts"
import type { Log } from "../../../shared/log/types.ts"
import type { Fault, Faults } from "../../../shared/storage/memory/faults.ts"
import { type MemoryStores, memoryStores } from "../../../shared/storage/memory/memory-stores.ts"
import type { Item, MetaTable } from "../../../shared/storage/meta-store.ts"
import { Prng } from "../../simulation/prng.ts"

const START = Date.UTC(2026, 0, 1)
const PROCESSES = 3

/** Time that moves only when nothing else is to be done, stores that fail, and processes with clocks of their own. */
export class RandomWorld {
  readonly prng: Prng
  readonly stores: MemoryStores
  /** Served by anybody. */
  readonly processes: readonly Log[]
  /** Without faults, for what is not tested here. */
  readonly steady: Log
  faulty = false
  date = START
  readonly #timers: { readonly at: number; readonly order: number; readonly wake: () => void }[] = []
  #order = 0

  constructor(seed: number, watch: (table: MetaTable, item: Item) => void) {
    this.prng = new Prng(`groups-${seed}`)
    this.stores = memoryStores({ date: () => this.date, watch: { item: watch } })
    this.processes = Array.from({ length: PROCESSES }, (_, place) => this.#open(place + 1, true))
    this.steady = this.#open(0, false)
  }

  #open(place: number, faulty: boolean): Log {
    const ids = this.prng.fork(`ids-${place}`)
    const skewMs = place === 0 ? 0 : this.prng.integer(72 * 3_600_000) - 36 * 3_600_000
    return openLog({
      ...this.stores.connect(faulty ? this.#faults() : undefined),
      clock: {
        now: () => this.date + skewMs,
        elapsed: () => this.date - START,
        sleep: ms => this.sleep(ms),
      },
      random: { integer: below => ids.integer(below), id: () => ids.hex(32) },
      wake: { notify: () => undefined, wait: (_, ms) => this.sleep(ms).then(() => false) },
    })
  }

  #faults(): Faults {
    const { prng } = this
    return {
      before: async call => {
        if (!this.faulty) return undefined
        for (let turns = prng.integer(12); turns > 0; turns--) await undefined
        // Now and then a process stands still, or the network does.
        if (prng.integer(60) === 0) await this.sleep(prng.integer(prng.integer(8) === 0 ? 15_000 : 2_000))
        return prng.integer(25) === 0 ? this.#fault(call.write) : undefined
      },
    }
  }

  #fault(write: boolean): Fault {
    if (!write) return { kind: "unavailable" }
    const at = () => this.sleep(this.prng.integer(60_000))
    const kinds = ["timeout-before", "timeout-after", "conflict", "throttle"] as const
    const kind = this.prng.integer(6)
    if (kind === 4) return { kind: "hidden-retry", again: this.sleep(this.prng.integer(500)) }
    return kind === 5 ? { kind: "late-apply", at: at() } : { kind: kinds[kind] }
  }

  sleep(ms: number): Promise<void> {
    return new Promise(wake => {
      this.#timers.push({ at: this.date + Math.ceil(ms), order: ++this.#order, wake })
    })
  }

  chance(oneIn: number): boolean {
    return this.prng.integer(oneIn) === 0
  }

  pick<T>(all: readonly T[]): T {
    return all[this.prng.integer(all.length)]
  }

  process(): Log {
    return this.pick(this.processes)
  }

  /** Moves time on until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false
    const end = () => {
      done = true
    }
    work.then(end, end)
    for (;;) {
      await new Promise(resolve => setImmediate(resolve))
      if (done) return work
      const next = this.#timers.reduce((a, b) =>
        b.at < a.at || (b.at === a.at && b.order < a.order) ? b : a,
      )
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.date = Math.max(this.date, next.at)
      next.wake()
    }
  }
}
