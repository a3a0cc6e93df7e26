import type { ColumnSpec } from "../../definition/table-spec.ts"
import { comparisons } from "../direct/comparisons.ts"
import type { PlanValue, Predicate } from "../direct/plan.ts"
import { compareText } from "../expression/comparison.ts"
import { likeMatcher } from "../expression/like.ts"
import type { ColumnVector } from "../ingest/column.ts"

/** SQL's truth of each row. */
const FALSE = 0
const TRUE = 1
const UNKNOWN = 2

/** Rows as columns, of which a predicate reads some. */
export interface PredicateRows {
  readonly rows: number
  readonly columns: readonly ColumnVector[]
}

/**
 * 1 for each row for which the predicate is true.
 * @param specs of the columns, in their order; a column that is not there is null in every row
 */
export function matchingRows(
  predicate: Predicate,
  specs: readonly ColumnSpec[],
  { rows, columns }: PredicateRows,
): Uint8Array {
  const vectors = new Map(specs.map(({ name }, index) => [name, columns[index]!]))
  const truths = truthsOf(predicate, vectors, rows)
  for (let row = 0; row < rows; row++) if (truths[row] !== TRUE) truths[row] = FALSE
  return truths
}

/**
 * The same of single rows.
 * @param specs of a row's cells, in their order; cells are as a column's vector holds them
 */
export function rowMatcher(
  predicate: Predicate,
  specs: readonly ColumnSpec[],
): (cells: readonly unknown[]) => boolean {
  const truth = rowTruth(predicate, specs)
  return cells => truth(cells) === TRUE
}

function rowTruth(predicate: Predicate, specs: readonly ColumnSpec[]): (cells: readonly unknown[]) => number {
  switch (predicate.kind) {
    case "constant":
      return () => (predicate.value ? TRUE : FALSE)
    case "not": {
      const part = rowTruth(predicate.part, specs)
      return cells => NOT[part(cells)]!
    }
    case "and":
    case "or": {
      const isAnd = predicate.kind === "and"
      const table = isAnd ? AND : OR
      const parts = predicate.parts.map(part => rowTruth(part, specs))
      return cells => parts.reduce((all, part) => table[all * 3 + part(cells)]!, isAnd ? TRUE : FALSE)
    }
  }
  const index = specs.findIndex(({ name }) => name === predicate.column)
  const cellOf = (cells: readonly unknown[]) => (index < 0 ? null : cells[index])
  if (predicate.kind === "null") {
    return cells => ((cellOf(cells) === null) !== predicate.negated ? TRUE : FALSE)
  }
  if (index < 0) return () => UNKNOWN
  const test = testOf(predicate, specs[index]!.type)
  return cells => {
    const cell = cells[index]
    return cell === null ? UNKNOWN : test(cell as Cell) ? TRUE : FALSE
  }
}

type Vectors = ReadonlyMap<string, ColumnVector>

function truthsOf(predicate: Predicate, vectors: Vectors, rows: number): Uint8Array {
  switch (predicate.kind) {
    case "constant":
      return new Uint8Array(rows).fill(predicate.value ? TRUE : FALSE)
    case "not": {
      const truths = truthsOf(predicate.part, vectors, rows)
      for (let row = 0; row < rows; row++) truths[row] = NOT[truths[row]!]!
      return truths
    }
    case "and":
    case "or": {
      const table = predicate.kind === "and" ? AND : OR
      const all = new Uint8Array(rows).fill(predicate.kind === "and" ? TRUE : FALSE)
      for (const part of predicate.parts) {
        const truths = truthsOf(part, vectors, rows)
        for (let row = 0; row < rows; row++) all[row] = table[all[row]! * 3 + truths[row]!]!
      }
      return all
    }
    case "null": {
      const vector = vectors.get(predicate.column)
      const whenNull = predicate.negated ? FALSE : TRUE
      if (vector === undefined) return new Uint8Array(rows).fill(whenNull)
      return vector.nulls.map(isNull => (isNull === 1 ? whenNull : 1 - whenNull))
    }
    default: {
      const vector = vectors.get(predicate.column)
      if (vector === undefined) return new Uint8Array(rows).fill(UNKNOWN)
      return tested(vector, rows, testOf(predicate, vector.type))
    }
  }
}

const NOT = [TRUE, FALSE, UNKNOWN]
/** By left × 3 + right. */
const AND = [FALSE, FALSE, FALSE, FALSE, TRUE, UNKNOWN, FALSE, UNKNOWN, UNKNOWN]
const OR = [FALSE, TRUE, UNKNOWN, TRUE, TRUE, TRUE, UNKNOWN, TRUE, UNKNOWN]

type Cell = PlanValue
type Test = (value: Cell) => boolean

function tested({ values, nulls }: ColumnVector, rows: number, test: Test): Uint8Array {
  const truths = new Uint8Array(rows)
  const cells = values as ArrayLike<Cell>
  for (let row = 0; row < rows; row++)
    truths[row] = nulls[row] === 1 ? UNKNOWN : test(cells[row]!) ? TRUE : FALSE
  return truths
}

type OneColumn = Extract<Predicate, { readonly kind: "compare" | "in" | "between" | "like" }>

function testOf(predicate: OneColumn, type: ColumnVector["type"]): Test {
  const order = orderOf(type)
  switch (predicate.kind) {
    case "compare": {
      const { value } = predicate
      const passes = comparisons[predicate.op]
      return cell => passes(order(cell, value))
    }
    case "between": {
      const { low, high } = predicate
      return cell => order(cell, low) >= 0 && order(cell, high) <= 0
    }
    case "in": {
      // Of one type, and zero is a Set's only zero: a Set finds what `=` does.
      const values = new Set(predicate.values)
      const { negated } = predicate
      return cell => values.has(cell) !== negated
    }
    case "like": {
      const matches = likeMatcher(predicate.pattern, false)
      const { negated } = predicate
      return cell => matches(cell as string) !== negated
    }
  }
}

function orderOf(type: ColumnVector["type"]): (a: Cell, b: Cell) => number {
  if (type === "string") return compareText as (a: Cell, b: Cell) => number
  // NaN, which a column may hold and a constant is not, is greater than all.
  if (type === "double" || type === "float")
    return (a, b) => (Number.isNaN(a) ? 1 : a < b ? -1 : a > b ? 1 : 0)
  return (a, b) => (a < b ? -1 : a > b ? 1 : 0)
}
