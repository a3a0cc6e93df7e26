import { expect, test } from "vitest"
import { runLogSeeds, summaryText } from "./log-seeds.ts"

// A file of its own, so that another core runs it.
test("seeds 501 to 1000: nothing acknowledged is lost or doubled, nothing refused is read", async () => {
  const summary = await runLogSeeds(501, 500)
  process.stdout.write(`${summaryText(summary)}\n`)
  expect(summary.seeds).toBe(500)
})
