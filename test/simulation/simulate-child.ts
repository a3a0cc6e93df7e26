import { runSeed, type Workload } from "./simulate-seed.ts"

// Runs the seeds that its parent sends, one after the other, and sends back what came of each.

process.on("message", async ({ workload, seed }: { workload: Workload; seed: number }) => {
  process.send!(await runSeed(workload, seed))
})
process.on("disconnect", () => process.exit(0))
