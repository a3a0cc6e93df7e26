import { describe, expect, test } from "vitest"
import { timeContract } from "../storage/contract-time.ts"
import { absent, FAR_AHEAD, makeItem } from "../storage/support-items.ts"
import { everyFault, noFaults } from "./fault-plan.ts"
import { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import { CRASH_PHASES } from "./sim-process.ts"
import { World } from "./world.ts"

const HOUR_MS = 3_600_000

timeContract("simulated", async body => {
  const world = new World("time")
  const process = world.process("p")
  world.spawn(process, () => body(process.ports))
  await world.settle()
})

/** Adds one to a counter by compare-and-set, `times` over; a step may happen and not be known to. */
async function count({ ports }: SimProcess, times: number): Promise<number> {
  const { meta, clock, random, wake } = ports
  let sure = 0
  for (let time = 0; time < times; time++) {
    try {
      const { item, date } = await meta.get("log", { pk: "p", sk: "counter" })
      const fields = { v: 1, count: Number(item?.fields.count ?? 0) + 1 }
      const condition = item === undefined ? ({ absent: true } as const) : { version: item.version }
      const next = { pk: "p", sk: "counter", version: random.id(), fields }
      const outcome = await meta.put("log", next, { condition, notAfter: date + 60_000 })
      if (outcome.outcome === "committed") sure++
      wake.notify("counter")
      await wake.wait("counter", random.integer(50))
    } catch {
      await clock.sleep(random.integer(100))
    }
  }
  return sure
}

function runCounters(seed: number, trace = false): { world: World; done: Promise<void> } {
  const world = new World(seed, { faults: { ...everyFault, crash: 0.001 }, trace })
  for (const name of ["a", "b", "c"]) {
    const start = () => {
      const process = world.process(name, { skewMs: world.prng.integer(10_000) - 5_000, onCrash: start })
      world.spawn(process, () => count(process, 40))
    }
    start()
  }
  return { world, done: world.settle() }
}

describe("the same seed", () => {
  test("gives the same run, event for event, and another seed another", async () => {
    const hashes = new Map<number, string>()
    for (const seed of [1, 2, 3, 1, 2, 3]) {
      const { world, done } = runCounters(seed)
      await done
      expect(hashes.get(seed) ?? world.traceHash).toBe(world.traceHash)
      hashes.set(seed, world.traceHash)
    }
    expect(new Set(hashes.values()).size).toBe(3)
  })

  test("gives the same trace, which names process, call and fault", async () => {
    const [first, second] = [runCounters(7, true), runCounters(7, true)]
    await Promise.all([first.done, second.done])
    expect(first.world.trace.length).toBeGreaterThan(100)
    expect(first.world.trace).toEqual(second.world.trace)
    expect(first.world.trace.some(line => line.includes("meta.put log p/counter"))).toBe(true)
    expect(first.world.traceHash).toBe(second.world.traceHash)
  })

  test("meets every kind of fault over some seeds, and never counts twice", async () => {
    const met = new Set<string>()
    for (let seed = 0; seed < 25; seed++) {
      const { world, done } = runCounters(seed)
      await done
      for (const fault of world.faultsMet.keys()) met.add(fault)
      const [counter] = world.stores.items("log")
      expect(counter!.fields.count).toBeLessThanOrEqual(world.crashPoints.get("meta.put log")!)
      expect(world.crashPoints.get("wake.wait")).toBeGreaterThan(0)
    }
    const expected = ["timeout-before", "timeout-after", "late-apply", "conflict", "throttle", "hidden-retry"]
    expected.push("unavailable", "crash", "freeze", "hint-lost")
    expect([...met]).toEqual(expect.arrayContaining(expected))
  })
})

describe("processes", () => {
  test("a crash at each phase of a call: not sent, sent and applied, applied unanswered; then silence", async () => {
    for (const phase of CRASH_PHASES) {
      const world = new World(phase)
      const lived: string[] = []
      const successors: string[] = []
      const process = world.process("victim", {
        crashAt: { call: 2, phase },
        onCrash: dead => successors.push(world.process(dead.name).label),
      })
      const task = world.spawn(process, async () => {
        await process.ports.meta.put("log", makeItem("p", "first"), absent)
        lived.push("first")
        await process.ports.meta.put("log", makeItem("p", "second"), absent)
        lived.push("second")
      })
      await world.run()
      expect(task.state).toBe("lost")
      expect(lived).toEqual(["first"])
      expect(successors).toEqual(["victim#2"])
      expect([...world.stores.items("log")].length).toBe(phase === "before" ? 1 : 2)
    }
  })

  test("clocks are skewed by process; stores keep the world's time", async () => {
    const world = new World("skew", { storeSkewMs: { meta: 100, objects: -100 } })
    const [ahead, behind] = [
      world.process("a", { skewMs: 30 * HOUR_MS }),
      world.process("b", { skewMs: -HOUR_MS }),
    ]
    for (const process of [ahead, behind]) {
      world.spawn(process, async () => {
        const { clock, meta, objects } = process.ports
        const skewMs = process.skewMs
        expect(clock.now()).toBe(Math.floor(world.now + skewMs))
        const { date } = await meta.get("log", { pk: "p", sk: "s" })
        expect(Math.abs(date - world.now - 100)).toBeLessThan(60_000)
        expect(date).toBeGreaterThan((await objects.list("")).date)
      })
    }
    await world.settle()
  })

  test("a frozen process gets nothing until it thaws; its clock has jumped, or has not if it is stale", async () => {
    for (const staleClock of [false, true]) {
      const world = new World(`freeze ${staleClock}`)
      const process = world.process("sleeper")
      const other = world.process("other")
      const seen: number[] = []
      world.spawn(process, async () => {
        const { clock } = process.ports
        const before = [clock.now(), clock.elapsed(), world.now] as const
        await clock.sleep(1_000)
        seen.push(clock.now() - before[0], clock.elapsed() - before[1], world.now - before[2])
      })
      world.spawn(other, () => other.ports.clock.sleep(2 * HOUR_MS))
      world.after(500, () => world.freeze(process, 5 * HOUR_MS, { staleClock }))
      await world.settle()
      const [nowMs, elapsedMs, worldMs] = seen as [number, number, number]
      expect(Math.round(worldMs / HOUR_MS)).toBe(5)
      expect(Math.round(nowMs / HOUR_MS)).toBe(staleClock ? 0 : 5)
      expect(Math.round(elapsedMs / HOUR_MS)).toBe(staleClock ? 0 : 5)
    }
  })

  test("calls made at once are applied in any order, over seeds", async () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 60; seed++) {
      const world = new World(seed)
      const process = world.process("p")
      const applied: number[] = []
      world.spawn(process, async () => {
        const puts = [0, 1, 2].map(at =>
          process.ports.meta.put("log", makeItem("p", "same", { v: 1, at }), absent),
        )
        const outcomes = await Promise.all(puts)
        applied.push(outcomes.findIndex(({ outcome }) => outcome === "committed"))
      })
      await world.settle()
      orders.add(applied.join())
    }
    expect([...orders].toSorted()).toEqual(["0", "1", "2"])
  })
})

describe("runs", () => {
  test("nothing left to do while a task waits is an error that says who waits", async () => {
    const world = new World("stuck")
    const process = world.process("waiter")
    world.spawn(process, () => new Promise(() => {}), { label: "for ever" })
    await expect(world.run()).rejects.toThrow(/seed stuck: nothing is left to do.*[\s\S]*running: for ever/)
  })

  test("going round in circles ends after the bound of steps, with what is pending", async () => {
    const world = new World("circle")
    const process = world.process("p")
    world.spawn(process, async () => {
      for (;;) await process.ports.clock.sleep(10)
    })
    await expect(world.run({ stepsMax: 500 })).rejects.toThrow(
      /no end after 500 steps[\s\S]*p waits for: clock.sleep/,
    )
    expect(await world.run({ until: () => world.steps > 700 })).toBe("until")
    expect(await world.run({ forMs: 100 })).toBe("time")
  })

  test("an error of a task ends the run with seed, time and cause; mayFail keeps it", async () => {
    const world = new World("fails")
    const process = world.process("p")
    const kept = world.spawn(process, () => Promise.reject(new Error("kept")), { mayFail: true })
    await world.settle()
    expect(kept.state).toBe("failed")
    const cause = new Error("no such luck")
    world.spawn(process, () => Promise.reject(cause))
    await expect(world.settle()).rejects.toMatchObject({
      message: expect.stringMatching("seed fails"),
      cause,
    })
  })

  test("real asynchronous work stops virtual time", async () => {
    const world = new World("external")
    const process = world.process("p")
    const order: string[] = []
    world.spawn(process, async () => {
      await world.external(new Promise(resolve => setTimeout(resolve, 20)))
      order.push("real")
    })
    world.spawn(process, () => process.ports.clock.sleep(HOUR_MS).then(() => void order.push("virtual")))
    await world.settle()
    expect(order).toEqual(["real", "virtual"])
  })

  test("calm ends new faults; a cancelled sleep does not move time", async () => {
    const world = new World("calm", { faults: { ...noFaults, timeoutBefore: 1 } })
    const process = world.process("p")
    const outcomes: string[] = []
    const put = async (sk: string) => {
      outcomes.push((await process.ports.meta.put("log", makeItem("p", sk), absent)).outcome)
    }
    world.spawn(process, () => put("a"))
    await world.settle()
    world.calm()
    world.spawn(process, async () => {
      await put("b")
      const abort = new AbortController()
      const sleeping = process.ports.clock.sleep(1_000 * HOUR_MS, abort.signal)
      abort.abort()
      await sleeping
    })
    await world.run()
    expect(outcomes).toEqual(["unknown", "committed"])
    expect(world.now).toBeLessThan(FAR_AHEAD)
    expect(world.now - Date.UTC(2026, 0, 1)).toBeLessThan(HOUR_MS)
  })
})

describe("random numbers", () => {
  test("fill their range evenly enough and differ by fork", () => {
    const prng = new Prng("even")
    const counts = new Array<number>(10).fill(0)
    for (let draw = 0; draw < 100_000; draw++) counts[prng.integer(10)]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
    expect(prng.fork("a").hex(32)).not.toBe(prng.fork("b").hex(32))
    expect(new Prng("x").hex(32)).toBe(new Prng("x").hex(32))
    const far = Array.from({ length: 100 }, () => prng.integer(2 ** 53))
    expect(Math.max(...far)).toBeGreaterThan(2 ** 52)
  })
})
