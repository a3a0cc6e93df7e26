import { expect, test } from "vitest"
import { addTimes } from "./log-seeds.ts"
import { tableFailureText } from "./table-seeds.ts"
import { runWakeSeed } from "./wake-workload.ts"

const SEEDS = 80
/** Where `build` may be frozen for hours: around the reading of the manifest, the upload, and the manifest's writing. */
const FROZEN_AT = ["meta.get meta", "objects.put", "meta.put meta"]

test(`seeds 1 to ${SEEDS}: whatever becomes of wakes, every query is the log, and a tick mends what they left`, async () => {
  const faults = new Map<string, number>()
  const frozen = new Map<string, number>()
  const sum = { steps: 0, pins: 0, builds: 0, ticks: 0, manifests: 0, virtualHours: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const run = await runWakeSeed(seed)
    if (run.violations.length > 0) throw new Error(tableFailureText(run, "wakes"))
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += run[name]
    addTimes(faults, run.faultsMet)
    addTimes(frozen, run.freezePoints)
  }
  const { steps, pins, builds, ticks, manifests, virtualHours } = sum
  const met = [...faults].sort().map(([fault, times]) => `${fault} ${times}`)
  process.stdout.write(
    `${SEEDS} seeds, ${steps} steps, ${Math.round(virtualHours)} h of virtual time\n` +
      `${pins} pins, ${builds} builds and ${ticks} ticks, ${manifests} manifests\n` +
      `faults met: ${met.join(", ")}\n` +
      `build frozen at: ${FROZEN_AT.map(call => `${call} ${frozen.get(`build: ${call}`)}`).join(", ")}\n`,
  )
  expect(builds).toBeGreaterThan(1_000)
  expect(manifests).toBeGreaterThan(300)
  for (const call of FROZEN_AT) expect(frozen.get(`build: ${call}`), call).toBeGreaterThan(4)
  expect(faults.get("parked")).toBeGreaterThan(10_000)
})

test("a seed gives the same run every time", async () => {
  const [first, second] = [await runWakeSeed(7), await runWakeSeed(7, { trace: true })]
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.trace.length).toBeGreaterThan(100)
})
