import { expect, test } from "vitest"
import { runLogSeeds, summaryText } from "./log-seeds.ts"

test("seeds 1 to 250: each entry that a journal has taken stands once and in order, however it is delivered", async () => {
  const summary = await runLogSeeds(1, 250, { home: "journal" })
  const delivered = [...summary.delivered].map(([what, entries]) => `${entries} ${what}`)
  process.stdout.write(`${summaryText(summary)}\nentries: ${delivered.join(", ")}\n`)
  expect(summary.delivered.get("delivered")).toBeGreaterThan(10_000)
  expect(summary.delivered.get("appended")).toBeGreaterThan(3_000)
  expect(summary.delivered.get("dropped")).toBeGreaterThan(100)
  expect(summary.delivered.get("setAside")).toBeGreaterThan(10)
})
