import { expect, test } from "vitest"
import { runTaskSeeds, taskSummaryText } from "./task-seeds.ts"
import { runTaskSeed } from "./task-workload.ts"

test("seeds 1 to 300: results are those of a batch computation, and in the topics once", async () => {
  const summary = await runTaskSeeds(1, 300)
  process.stdout.write(`${taskSummaryText(summary)}\n`)
  expect(summary.seeds).toBe(300)
  expect(summary.seals).toBeGreaterThan(100)
  expect(summary.collected).toBeGreaterThan(100)
})

test("a seed gives the same run every time", async () => {
  const [first, second] = [await runTaskSeed(7), await runTaskSeed(7, { trace: true })]
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.trace.length).toBeGreaterThan(100)
})
