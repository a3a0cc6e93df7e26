import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  type BlockColumn,
  codedColumn,
  numberColumn,
} from "../../../shared/serving/direct/columns/block-column.ts"
import { Dictionary } from "../../../shared/serving/direct/columns/dictionary.ts"
import { type Postings, postingsOf } from "../../../shared/serving/direct/columns/postings.ts"
import type { Comparison, Predicate } from "../../../shared/serving/direct/plan.ts"
import { conditionOf, conjuncts } from "../../../shared/serving/direct/run/condition.ts"
import { Selector } from "../../../shared/serving/direct/run/selection.ts"

const comparison = fc.constantFrom<Comparison>("=", "<>", "<", "<=", ">", ">=")
const limit = fc.oneof(fc.integer({ min: -5, max: 305 }), fc.double({ min: -2, max: 40, noNaN: true }))

/** A condition over `column`, and what it says of a value that is not null. */
interface Told {
  readonly predicate: Predicate
  readonly holds: (value: number) => boolean
}

const compared = fc.tuple(comparison, limit, fc.boolean()).map(([op, value, negated]) => {
  const holds = (one: number): boolean =>
    ({
      "=": one === value,
      "<>": one !== value,
      "<": one < value,
      "<=": one <= value,
      ">": one > value,
      ">=": one >= value,
    })[op]
  return { of: (column: string) => told({ kind: "compare", op, column, value }, holds, negated) }
})

const within = fc.tuple(limit, limit, fc.boolean()).map(([low, high, negated]) => ({
  of: (column: string) =>
    told({ kind: "between", column, low, high }, value => value >= low && value <= high, negated),
}))

const among = fc
  .tuple(fc.array(limit, { minLength: 1, maxLength: 12 }), fc.boolean(), fc.boolean())
  .map(([values, isOut, negated]) => ({
    of: (column: string) =>
      told(
        { kind: "in", column, values, negated: isOut },
        value => values.includes(value) !== isOut,
        negated,
      ),
  }))

function told(part: Predicate, holds: (value: number) => boolean, negated: boolean): Told {
  return negated
    ? { predicate: { kind: "not", part }, holds: value => !holds(value) }
    : { predicate: part, holds }
}

const term = fc.oneof(compared, within, among)

/** Few values have bitmaps, more have lists, doubles have neither. */
const numbers = (rows: number) =>
  fc.constantFrom(3, 20, 300, 0.5).chain(most =>
    fc.record({
      values: fc.array(
        fc.nat(Math.max(1, most)).map(value => (most < 1 ? value + most : value)),
        { minLength: rows, maxLength: rows },
      ),
      nulls: fc.option(fc.array(fc.boolean(), { minLength: rows, maxLength: rows }), { nil: undefined }),
    }),
  )

const block = fc
  .integer({ min: 1, max: 90 })
  .chain(rows =>
    fc.record({ rows: fc.constant(rows), columns: fc.array(numbers(rows), { minLength: 3, maxLength: 3 }) }),
  )

describe("rows that pass", () => {
  test("are the same with and without rows by value, and what each row says", () => {
    fc.assert(
      fc.property(
        block,
        fc.array(fc.tuple(fc.nat(2), term), { minLength: 1, maxLength: 4 }),
        ({ rows, columns }, terms) => {
          const stored = columns.map(({ values, nulls }) =>
            numberColumn(values, nulls && Uint8Array.from(nulls, Number)),
          )
          const named = new Map<string, BlockColumn>(stored.map((column, at) => [`c${at}`, column]))
          const conditions = terms.map(([at, { of }]) => ({ at, ...of(`c${at}`) }))
          const selector = new Selector(
            conditions.flatMap(({ predicate }) => conjuncts(conditionOf(predicate))),
          )
          const select = (postings?: (column: string) => Postings | undefined): number[] => {
            const { all, count, rows: found } = selector.select(rows, named, undefined, undefined, postings)
            return all
              ? Array.from({ length: rows }, (_, row) => row)
              : [...found.subarray(0, count)].sort((a, b) => a - b)
          }
          const expected = Array.from({ length: rows }, (_, row) => row).filter(row =>
            conditions.every(
              ({ at, holds }) => columns[at]!.nulls?.[row] !== true && holds(columns[at]!.values[row]!),
            ),
          )
          expect(select()).toEqual(expected)
          expect(select(name => postingsOf(named.get(name)!))).toEqual(expected)
        },
      ),
      { numRuns: 300 },
    )
  })

  test.each([4, 200])("are those of text, of %d values", count => {
    const dictionary = new Dictionary<string>("")
    const words = Array.from({ length: 400 }, (_, row) =>
      row % 7 === 0 ? undefined : `w${(row * 31) % count}`,
    )
    const codes = Int32Array.from(words, word => (word === undefined ? 0 : dictionary.code(word)))
    const named = new Map<string, BlockColumn>([["c", codedColumn(codes, dictionary)]])
    const predicate: Predicate = { kind: "in", column: "c", values: ["w1", "w3", "x"], negated: false }
    const selector = new Selector(conjuncts(conditionOf(predicate)))
    const { count: found, rows } = selector.select(400, named, undefined, undefined, name =>
      postingsOf(named.get(name)!),
    )
    const expected = words.flatMap((word, row) => (word === "w1" || word === "w3" ? [row] : []))
    expect([...rows.subarray(0, found)].sort((a, b) => a - b)).toEqual(expected)
  })
})
