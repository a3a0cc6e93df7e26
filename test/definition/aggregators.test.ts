import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  type Aggregator,
  approxCountDistinct,
  avg,
  collect,
  count,
  countDistinct,
  countIf,
  first,
  last,
  max,
  min,
  percentile,
  percentiles,
  sum,
  topK,
} from "../../shared/definition/index.ts"
import { packState, unpackState } from "../../shared/processing/state/packing.ts"

const same = (value: number) => value

function over<R, A>(aggregator: Aggregator<number, R, A>, values: Iterable<number>): A {
  let accumulator = aggregator.create()
  for (const value of values) accumulator = aggregator.add(accumulator, value)
  return accumulator
}

const resultOver = <R, A>(aggregator: Aggregator<number, R, A>, values: Iterable<number>): R =>
  aggregator.result(over(aggregator, values))

const all: readonly Aggregator<number, unknown, unknown>[] = [
  count(),
  countIf((value: number) => value > 0),
  sum(same),
  avg(same),
  min(same),
  max(same),
  first(same),
  last(same),
  collect(same),
  topK(same, 3),
  countDistinct(same),
  approxCountDistinct(same),
  percentiles(same, [0, 0.5, 1]),
] as never

test.each(all.map(each => [each.kind, each] as const))(
  "%s: merged parts, stored in between, are the whole",
  (_kind, each) => {
    const values = fc.array(fc.integer({ min: -20, max: 1_000 }), { maxLength: 400 })
    const stored = (accumulator: unknown) => unpackState(packState(accumulator))
    fc.assert(
      fc.property(values, values, (left, right) => {
        const merged = each.merge(stored(over(each, left)), stored(over(each, right)))
        expect(each.result(merged)).toEqual(resultOver(each, [...left, ...right]))
      }),
      { numRuns: 40 },
    )
  },
)

test("over no records", () => {
  expect(all.map(each => each.result(each.create()))).toEqual([
    0,
    0,
    0,
    null,
    null,
    null,
    null,
    null,
    [],
    [],
    0,
    0,
    [null, null, null],
  ])
})

describe("approxCountDistinct", () => {
  test("is exact up to 256 values, and tells numbers from texts", () => {
    const each = approxCountDistinct((value: number) => (value % 2 === 0 ? value : String(value - 1)))
    expect(resultOver(each, Array(256).keys())).toBe(256)
    expect(resultOver(each, [...Array(256).keys(), ...Array(256).keys()])).toBe(256)
  })

  test.each([300, 1_000, 5_000, 20_000, 100_000, 500_000])("is within three standard errors of %d", n => {
    for (const text of ["user-", "", "ü"]) {
      const each = approxCountDistinct((value: number) => (text === "" ? value : `${text}${value}`))
      const found = resultOver(each, Array(n).keys())
      expect(Math.abs(found - n) / n).toBeLessThan(0.049)
    }
  })

  test("takes 4 KB at most", () => {
    const each = approxCountDistinct((value: number) => value)
    expect(packState(over(each, Array(50_000).keys())).length).toBeLessThan(4_200)
  })
})

describe("percentiles", () => {
  const shares = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1] as const
  const rank = (values: readonly number[], share: number) =>
    values.toSorted((left, right) => left - right)[
      Math.max(1, Math.ceil(share * values.length)) - 1
    ] as number

  test("are exact up to 256 values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 256 }),
        values => {
          expect(resultOver(percentiles(same, shares), values)).toEqual(
            shares.map(share => rank(values, share)),
          )
        },
      ),
    )
  })

  test("are within 1 % beyond, negative ones and 0 too", () => {
    const value = fc.oneof(
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      fc.constant(0),
    )
    fc.assert(
      fc.property(fc.array(value, { minLength: 257, maxLength: 600 }), values => {
        const found = resultOver(percentiles(same, shares), values)
        for (const [index, share] of shares.entries()) {
          const exact = rank(values, share)
          expect(Math.abs((found[index] as number) - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.010_001)
        }
      }),
      { numRuns: 50 },
    )
  })

  test("values of any magnitude keep to a size; large ones stay exact", () => {
    const values = Array.from({ length: 5_000 }, (_, index) => 10 ** (-300 + index / 10))
    const accumulator = over(percentile(same, 0.99), values)
    expect(packState(accumulator).length).toBeLessThan(32_000)
    const found = percentile(same, 0.99).result(accumulator) as number
    expect(found / rank(values, 0.99)).toBeCloseTo(1, 1)
  })

  test("say what they do not take", () => {
    expect(() => percentiles(same, [0.5, 50])).toThrow("percentiles: expected shares from 0 to 1, found 50")
    expect(() => resultOver(percentile(same, 0.5), [1, Number.NaN])).toThrow(
      "percentiles: expected a finite number, found NaN",
    )
    expect(resultOver(percentile(same, 0.5), [1, 2])).toBe(1)
  })
})
