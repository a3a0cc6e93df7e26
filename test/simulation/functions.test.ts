import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import type { AppendResult } from "../../shared/log/types.ts"
import { functionPorts } from "./environments.ts"
import { recordSource } from "./log-clients.ts"
import { runLogSeeds, summaryText } from "./log-seeds.ts"
import { runLogSeed } from "./log-workload.ts"
import { World } from "./world.ts"

/** Where an environment may be frozen for hours: before, during and after each of the writes of an append. */
const FROZEN_AT = ["objects.put", "meta.put log", "meta.query log", "meta.get meta", "meta.put meta"]

test("seeds 1 to 300: a log in environments that are frozen for hours, used again and killed, loses and doubles nothing", async () => {
  const summary = await runLogSeeds(1, 300, { home: "functions" })
  const points = [...summary.freezePoints].sort().map(([call, times]) => `${call} ${times}`)
  process.stdout.write(`${summaryText(summary)}\nfrozen at: ${points.join(", ")}\n`)
  expect(summary.faultsMet.get("parked")).toBeGreaterThan(10_000)
  for (const call of FROZEN_AT) expect(summary.freezePoints.get(`api: ${call}`), call).toBeGreaterThan(10)
})

test("a seed gives the same run every time", async () => {
  const [first, second] = [
    await runLogSeed(7, { home: "functions" }),
    await runLogSeed(7, { home: "functions", trace: true }),
  ]
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.trace.length).toBeGreaterThan(100)
})

test.each(["none", "monotonic"] as const)(
  "an environment that was frozen for hours, of its clocks standing: %s, appends at its first request",
  async standing => {
    const world = new World(`thaw ${standing}`)
    const process = world.process("api", { parks: true })
    const log = openLog(functionPorts(process))
    const results: AppendResult[] = []
    const append = async () => {
      const part = { partition: 0, records: recordSource(["1"]) }
      results.push(...(await log.append({ topic: "a", parts: [part] })))
      await log.idle()
    }
    world.spawn(process, async () => {
      await log.createTopic({ name: "a", partitions: 1, owner: "http" })
      await append()
    })
    await world.settle()
    world.park(process, 0, () => {})
    await world.run({ forMs: 3 * 3_600_000 })
    world.unpark(process, standing)
    world.spawn(process, append)
    await world.settle()
    expect(results).toEqual([
      { partition: 0, baseOffset: 0, count: 1 },
      { partition: 0, baseOffset: 1, count: 1 },
    ])
  },
)
