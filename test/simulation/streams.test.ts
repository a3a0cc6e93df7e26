import { expect, test } from "vitest"
import { runStreamSeeds, streamSummaryText } from "./stream-seeds.ts"
import { runStreamSeed } from "./stream-workload.ts"

test("seeds 1 to 500: clients of the whole log see nothing that a log must never show", async () => {
  const summary = await runStreamSeeds(1, 500)
  process.stdout.write(`${streamSummaryText(summary)}\n`)
  expect(summary.seeds).toBe(500)
  // All of it happened, and often.
  for (const what of [
    "large ok",
    "large fail",
    "small ok",
    "offsets ok",
    "rolled",
    "compacted",
    "slotsDeleted",
  ]) {
    expect(summary.counts.get(what), what).toBeGreaterThan(50)
  }
})

test("a seed gives the same run every time", async () => {
  const [first, second] = [await runStreamSeed(7), await runStreamSeed(7, { trace: true })]
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.trace.length).toBeGreaterThan(100)
})
