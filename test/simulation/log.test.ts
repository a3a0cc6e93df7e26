import { expect, test } from "vitest"
import { runLogSeeds, summaryText } from "./log-seeds.ts"
import { runLogSeed } from "./log-workload.ts"

test("seeds 1 to 500: nothing acknowledged is lost or doubled, nothing refused is read", async () => {
  const summary = await runLogSeeds(1, 500)
  process.stdout.write(`${summaryText(summary)}\n`)
  expect(summary.seeds).toBe(500)
})

test("a seed gives the same run every time", async () => {
  const [first, second] = [await runLogSeed(7), await runLogSeed(7, { trace: true })]
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.trace.length).toBeGreaterThan(100)
})
