import { describe, expect, test } from "vitest"
import { APPEND_TIMEOUT_MS } from "../../shared/log/limits.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { LogOptions } from "../../shared/log/options.ts"
import type { MetaStore } from "../../shared/storage/meta-store.ts"
import type { Clock } from "../../shared/storage/time.ts"
import { records } from "../log/support.ts"
import { World } from "./world.ts"

// Processes that each append one request after the other to the same topic, over stores that take some milliseconds.

const RUN_MS = 10_000

/** Of slots. */
interface Counts {
  puts: number
  lost: number
  queries: number
  /** Sleeps of the log. */
  waits: number
}

interface Outcome extends Counts {
  /** Appends answered with their offsets, by process. */
  readonly won: readonly number[]
  readonly failed: number
}

interface Race {
  readonly writers: number
  readonly partitions?: number
  readonly valueBytes?: number
  /** Virtual ms between an answer and the next request. */
  readonly thinkMs?: number
  readonly runMs?: number
  readonly options?: Partial<LogOptions>
}

function counted(meta: MetaStore, counts: Counts): MetaStore {
  return {
    get: (table, key) => meta.get(table, key),
    delete: (table, key, options) => meta.delete(table, key, options),
    deleteMany: (table, keys) => meta.deleteMany(table, keys),
    transact: (steps, options) => meta.transact(steps, options),
    queryPage(table, query, after) {
      counts.queries++
      return meta.queryPage(table, query, after)
    },
    async put(table, item, options) {
      const answer = await meta.put(table, item, options)
      if (table === "log") counts.puts++
      if (table === "log" && answer.outcome === "refused") counts.lost++
      return answer
    },
  }
}

/** Those that watch over appends for their time-out are not counted. */
function waits(clock: Clock, counts: Counts): Clock {
  return {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    sleep(ms, signal) {
      if (ms < APPEND_TIMEOUT_MS / 5) counts.waits++
      return clock.sleep(ms, signal)
    },
  }
}

async function race(how: Race): Promise<Outcome> {
  const { writers, partitions = 1, valueBytes = 100, thinkMs = 0, runMs = RUN_MS, options } = how
  const world = new World(7)
  const setup = world.process("setup")
  const counts = { puts: 0, lost: 0, queries: 0, waits: 0 }
  let failed = 0
  const won = new Array<number>(writers).fill(0)
  let over = false
  world.spawn(setup, async () => {
    await openLog(setup.ports).createTopic({ name: "events", partitions, owner: "http" })
  })
  await world.run()
  for (let writer = 0; writer < writers; writer++) {
    const process = world.process(`writer ${writer}`)
    world.spawn(process, async () => {
      const { ports } = process
      const log = openLog(
        { ...ports, meta: counted(ports.meta, counts), clock: waits(ports.clock, counts) },
        options,
      )
      while (!over) {
        const parts = [{ partition: "any", records: records("x".repeat(valueBytes)) } as const]
        const [result] = await log.append({ topic: "events", parts })
        if ("error" in result!) failed++
        else won[writer]!++
        if (thinkMs > 0) await ports.clock.sleep(ports.random.integer(2 * thinkMs))
      }
    })
  }
  await world.run({ forMs: runMs })
  over = true
  await world.run()
  return { ...counts, won, failed }
}

const share = ({ lost, puts }: Outcome) => lost / puts

describe("processes that append to one partition", () => {
  test.each([2, 8, 32])("%i of them lose at most half of their puts, and each gets on", async writers => {
    const outcome = await race({ writers })
    const mean = outcome.won.reduce((sum, won) => sum + won) / writers
    expect(share(outcome)).toBeLessThanOrEqual(0.5)
    expect(Math.min(...outcome.won)).toBeGreaterThan(mean / 4)
    expect(outcome.failed).toBe(0)
  })

  test("payloads in objects too", async () => {
    const outcome = await race({ writers: 16, valueBytes: 20_000 })
    expect(share(outcome)).toBeLessThanOrEqual(0.5)
    expect(outcome.failed).toBe(0)
  })

  test("without giving way most puts are lost", async () => {
    const outcome = await race({ writers: 32, runMs: 1_000, options: { rivalWaitPuts: 0 } })
    expect(share(outcome)).toBeGreaterThan(0.8)
  })

  test("a dozen that come once a second each lose little, and do not wait", async () => {
    const outcome = await race({ writers: 12, thinkMs: 1_000, runMs: 60_000 })
    expect(share(outcome)).toBeLessThanOrEqual(0.15)
    expect(outcome.waits).toBeLessThan(outcome.puts / 10)
  })

  test("who comes now and then looks first instead of losing a put", async () => {
    const outcome = await race({ writers: 8, thinkMs: 8_000, runMs: 600_000 })
    expect(share(outcome)).toBeLessThanOrEqual(0.1)
  })

  test("keyless records keep out of each other's way", async () => {
    const hopping = await race({ writers: 8, partitions: 16 })
    const settled = await race({ writers: 8, partitions: 16, options: { stickyUntil: "rivals" } })
    expect(settled.lost).toBeLessThan(hopping.lost / 4)
    expect(share(settled)).toBeLessThanOrEqual(0.01)
  })

  test("one alone neither waits nor reads", async () => {
    const outcome = await race({ writers: 1 })
    expect(outcome.lost).toBe(0)
    // The snapshot, and the slots from there on.
    expect(outcome.queries).toBe(2)
  })
})
