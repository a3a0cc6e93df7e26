import fc from "fast-check"
import { expect, test } from "vitest"
import { distinctOf } from "../../../shared/serving/index/distinct.ts"
import { ingestValues } from "../batches.ts"

test("each row's code is its value's place among the values, however far apart they are", () => {
  const number = fc.oneof(
    fc.nat({ max: 5 }),
    fc.integer(),
    fc.constantFrom(-0, 2 ** 53 - 1, -(2 ** 53) + 1, 0.5),
  )
  fc.assert(
    fc.property(
      fc.array(fc.option(number), { minLength: 1, maxLength: 50 }),
      fc.boolean(),
      (cells, isLong) => {
        const type = isLong ? ("long" as const) : ("double" as const)
        const own = isLong ? cells.map(cell => cell && Math.floor(cell)) : cells
        const batch = ingestValues(
          [{ name: "n", type }],
          own.map(n => JSON.stringify({ n })),
        )
        const { values, codes } = distinctOf(batch.columns[0]!)!
        const expected = [...new Set(own.flatMap(cell => (cell === null ? [] : [cell + 0])))].sort(
          (a, b) => a - b,
        )
        expect(values.map(value => Number(value) + 0)).toEqual(expected)
        expect([...codes]).toEqual(
          own.map(cell => (cell === null ? expected.length : expected.indexOf(cell + 0))),
        )
      },
    ),
  )
})
