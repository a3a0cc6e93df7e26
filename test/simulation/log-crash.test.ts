import { expect, test } from "vitest"
import { runLogCrash } from "./log-crash.ts"
import { CRASH_PHASES } from "./sim-process.ts"

test("a writer that dies at any awaited port call, before, after or while it is under way, leaves the log whole", async () => {
  const whole = await runLogCrash()
  expect(whole.violations).toEqual([])
  let points = 0
  for (let call = 1; call <= whole.calls; call++) {
    for (const phase of CRASH_PHASES) {
      const { died, violations } = await runLogCrash({ call, phase })
      expect(violations, `dead ${phase} call ${call}`).toEqual([])
      // A sleep has no more than one moment to die at.
      if (died) points++
    }
  }
  expect(points).toBeGreaterThan(2 * whole.calls)
  process.stdout.write(`${points} crash points at ${whole.calls} awaited port calls\n`)
})
