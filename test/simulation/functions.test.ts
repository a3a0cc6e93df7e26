import { expect, test } from "vitest"
import { runLogSeeds, summaryText } from "./log-seeds.ts"
import { runLogSeed } from "./log-workload.ts"

/** Where an environment may be frozen for hours: before, during and after each of the writes of an append. */
const FROZEN_AT = ["objects.put", "meta.put log", "meta.query log", "meta.get meta", "meta.put meta"]

test("seeds 1 to 400: a log in environments that are frozen for hours, used again and killed, loses and doubles nothing", async () => {
  const summary = await runLogSeeds(1, 400, { home: "functions" })
  const points = [...summary.freezePoints].sort().map(([call, times]) => `${call} ${times}`)
  process.stdout.write(`${summaryText(summary)}\nfrozen at: ${points.join(", ")}\n`)
  expect(summary.faultsMet.get("parked")).toBeGreaterThan(10_000)
  for (const call of FROZEN_AT) expect(summary.freezePoints.get(call), call).toBeGreaterThan(10)
})

test("a seed gives the same run every time", async () => {
  const [first, second] = [
    await runLogSeed(7, { home: "functions" }),
    await runLogSeed(7, { home: "functions", trace: true }),
  ]
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.trace.length).toBeGreaterThan(100)
})
