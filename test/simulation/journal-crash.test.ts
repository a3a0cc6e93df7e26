import { expect, test } from "vitest"
import { runDelivery } from "./journal-crash.ts"
import { CRASH_PHASES } from "./sim-process.ts"

/** A view is too old by then, and so is every object that is not named yet. */
const FREEZE_MS = 3 * 3_600_000

test("a delivery that dies at any awaited port call is made up for by the next: each entry stands once, in order", async () => {
  const whole = await runDelivery("whole")
  expect(whole.violations).toEqual([])
  let points = 0
  for (let call = 1; call <= whole.calls; call++) {
    for (const phase of CRASH_PHASES) {
      const { died, violations } = await runDelivery("whole", { crashAt: { call, phase } })
      expect(violations, `dead ${phase} call ${call}`).toEqual([])
      if (died) points++
    }
  }
  expect(points).toBeGreaterThan(2 * whole.calls)
  process.stdout.write(`${points} crash points at ${whole.calls} awaited port calls of a delivery\n`)
})

test("a delivery that is frozen for hours at any of them goes on after another has delivered all of it", async () => {
  const { calls } = await runDelivery("whole")
  for (let call = 1; call <= calls; call++) {
    // Whether the request at hand left before, and which clocks stood, is drawn by the name.
    for (const name of ["one", "two", "three"]) {
      const { violations } = await runDelivery(name, { freezeAt: { call, ms: FREEZE_MS } })
      expect(violations, `${name}: frozen at call ${call}`).toEqual([])
    }
  }
  process.stdout.write(`frozen at each of ${calls} calls, three times\n`)
})
