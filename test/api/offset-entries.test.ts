import * as fc from "fast-check"
import { expect, test } from "vitest"
import { offsetEntries } from "../../shared/api/offset-entries.ts"

test("each record has its entry, whatever the runs", () => {
  const near = (center: number) => fc.integer({ min: Math.max(0, center - 30), max: center + 30 })
  const run = fc.record({
    partition: fc.nat(10_000),
    baseOffset: fc.oneof(
      near(0),
      near(10),
      near(1_000),
      near(10 ** 15),
      fc.maxSafeNat().map(n => Math.max(0, n - 100)),
    ),
    count: fc.integer({ min: 1, max: 100 }),
  })
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 3 }), runs => {
      const offsets = runs.flatMap(({ partition, baseOffset, count }) =>
        Array.from({ length: count }, (_, i) => ({
          partition,
          offset: baseOffset + i,
          error_code: null,
          error: null,
        })),
      )
      expect(offsetEntries(runs).toString()).toBe(JSON.stringify({ offsets }))
    }),
  )
})
