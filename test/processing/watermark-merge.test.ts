import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type InputTime, inputTime, SplitMerge, Valve } from "../../shared/processing/time/watermark-merge.ts"

// The two rules by which event time comes together, beside the jobs of `cases`: the scenarios are those that Flink's own
// tests of its valve go through.

type Step = readonly [what: "wm" | "idle" | "active" | "end", input: number, to?: number]

function apply(valve: Valve, [what, input, to = 0]: Step): void {
  if (what === "wm") valve.watermark(input, to)
  else if (what === "end") valve.end(input)
  else valve.idle(input, what === "idle")
}

/** The watermark after each step; `idle` where the whole valve is. */
function through(inputs: number, steps: readonly Step[]): (number | string)[] {
  const valve = new Valve(inputs)
  return steps.map(step => {
    apply(valve, step)
    const { watermark, idle } = valve.merged
    return idle ? `${watermark} idle` : watermark
  })
}

const NONE = Number.NEGATIVE_INFINITY

test.each<[string, number, Step[], (number | string)[]]>([
  [
    "one input's watermarks rise, and never fall",
    1,
    [
      ["wm", 0, 5],
      ["wm", 0, 3],
      ["wm", 0, 7],
    ],
    [5, 5, 7],
  ],
  [
    "an idle input's watermarks do not count",
    1,
    [
      ["wm", 0, 25],
      ["idle", 0],
      ["wm", 0, 50],
      ["active", 0],
      ["wm", 0, 60],
    ],
    [25, "25 idle", "25 idle", 25, 60],
  ],
  [
    "nothing is given before all inputs have given something",
    3,
    [
      ["wm", 0, 0],
      ["wm", 1, 0],
      ["wm", 2, 0],
    ],
    [NONE, NONE, 0],
  ],
  [
    "the least counts",
    3,
    [
      ["wm", 0, 12],
      ["wm", 1, 8],
      ["wm", 2, 10],
      ["wm", 1, 15],
      ["wm", 2, 17],
      ["wm", 0, 20],
      ["wm", 1, 20],
    ],
    [NONE, NONE, 8, 10, 12, 15, 17],
  ],
  [
    "idle inputs are left out",
    3,
    [
      ["wm", 0, 15],
      ["wm", 1, 10],
      ["idle", 2],
      ["wm", 1, 18],
    ],
    [NONE, NONE, 10, 15],
  ],
  [
    "as inputs fall idle one by one, the next one counts",
    3,
    [
      ["wm", 0, 25],
      ["wm", 1, 10],
      ["wm", 2, 17],
      ["idle", 1],
      ["idle", 2],
    ],
    [NONE, NONE, 10, 17, 25],
  ],
  [
    "when the last one that falls idle held the least, the greatest is given",
    3,
    [
      ["wm", 0, 5],
      ["wm", 1, 10],
      ["wm", 2, 20],
      ["idle", 1],
      ["idle", 2],
      ["idle", 0],
    ],
    [NONE, NONE, 5, 5, 5, "20 idle"],
  ],
  [
    "an input that comes back counts once it has caught up",
    2,
    [
      ["wm", 0, 7],
      ["wm", 1, 10],
      ["idle", 0],
      ["active", 0],
      ["wm", 1, 12],
      ["wm", 0, 9],
      ["wm", 0, 12],
      ["wm", 1, 15],
      ["wm", 0, 14],
    ],
    [NONE, 7, 10, 10, 12, 12, 12, 12, 14],
  ],
  [
    "nothing is given while all that are active have yet to catch up",
    2,
    [
      ["wm", 0, 10],
      ["wm", 1, 2],
      ["idle", 1],
      ["idle", 0],
      ["active", 1],
      ["wm", 1, 6],
      ["wm", 1, 11],
    ],
    [NONE, 2, 10, "10 idle", 10, 10, 11],
  ],
  [
    "what has ended holds nobody back, and gives nothing",
    2,
    [
      ["wm", 0, 5],
      ["end", 1],
      ["wm", 0, 9],
    ],
    [NONE, 5, 9],
  ],
  [
    "all have ended",
    2,
    [
      ["wm", 0, 5],
      ["end", 0],
      ["end", 1],
    ],
    [NONE, NONE, NONE],
  ],
])("%s", (_rule, inputs, steps, expected) => {
  expect(through(inputs, steps)).toEqual(expected)
})

const step = fc.tuple(
  fc.constantFrom("wm", "idle", "active", "end") as fc.Arbitrary<Step[0]>,
  fc.nat(2),
  fc.nat(50),
) as fc.Arbitrary<Step>

describe("any steps", () => {
  test("the valve's watermark never falls, and is nobody's invention", () => {
    fc.assert(
      fc.property(fc.array(step), steps => {
        const valve = new Valve(3)
        let last = NONE
        const given = new Set([NONE])
        for (const each of steps) {
          apply(valve, each)
          if (each[0] === "wm") given.add(each[2] ?? 0)
          const { watermark } = valve.merged
          expect(watermark).toBeGreaterThanOrEqual(last)
          expect(given).toContain(watermark)
          last = watermark
        }
      }),
    )
  })

  test("a valve that is restored from what is stored of it goes on as it would have", () => {
    fc.assert(
      fc.property(fc.array(step), fc.array(step), (before, after) => {
        const valve = new Valve(3)
        const inputs = [inputTime(), inputTime(), inputTime()]
        for (const each of before) {
          apply(valve, each)
          note(inputs, each)
        }
        const restored = Valve.restored(inputs, valve.merged.watermark)
        for (const each of after) {
          apply(valve, each)
          apply(restored, each)
          expect(restored.merged).toEqual(valve.merged)
        }
      }),
    )
  })

  test("a source's partitions: the least of those that are active, never falling", () => {
    fc.assert(
      fc.property(fc.array(step), steps => {
        const inputs = [inputTime(), inputTime(), inputTime()]
        const merge = new SplitMerge()
        let last = NONE
        for (const each of steps) {
          note(inputs, each)
          const active = inputs.filter(({ idle, ended }) => !idle && !ended)
          const least = Math.min(...active.map(({ watermark }) => watermark))
          const { watermark, idle, ended } = merge.merge(inputs)
          expect(watermark).toBe(active.length === 0 ? last : Math.max(last, least))
          expect(ended).toBe(inputs.every(input => input.ended))
          expect(idle).toBe(!ended && active.length === 0)
          last = watermark
        }
      }),
    )
  })
})

/** What is known of the inputs themselves. */
function note(inputs: readonly InputTime[], [what, index, to = 0]: Step): void {
  const input = inputs[index] as InputTime
  if (input.ended) return
  if (what === "end") input.ended = true
  else if (what !== "wm") input.idle = what === "idle"
  else if (!input.idle) input.watermark = Math.max(input.watermark, to)
}
