import { compareText } from "../../expression/comparison.ts"
import { DECIMAL_SCALE } from "../../ingest/column.ts"
import { GivenUp } from "../columns/dictionary.ts"
import { comparisons } from "../comparisons.ts"
import type { Comparison, Output, ValueType } from "../plan.ts"
import { type Cell, integerCell } from "./cell.ts"

/** Gives a group's or an aggregate's value. */
export interface Row {
  group(index: number): Cell
  aggregate(index: number): Cell
  column(name: string): Cell
}

export type Evaluate = (row: Row) => Cell

const UNIT = 10n ** BigInt(DECIMAL_SCALE)

const limits: Readonly<Partial<Record<ValueType, bigint>>> = {
  int: 2n ** 31n,
  long: 2n ** 63n,
  huge: 2n ** 127n,
  decimal: 10n ** 38n,
}

/** DuckDB fails where a type overflows; so it is asked. */
function checked(value: bigint, type: ValueType): Cell {
  const limit = limits[type]
  if (limit !== undefined && (value >= limit || value < -limit)) throw new GivenUp("an overflow")
  return integerCell(value)
}

function toBig(cell: Cell): bigint {
  return BigInt(cell as number | bigint)
}

/** A number as a double; decimals with their point. */
function toDouble(cell: Cell, type: ValueType): number {
  const number = Number(cell)
  return type === "decimal" ? number / Number(UNIT) : number
}

type Binary = (a: Cell, b: Cell) => Cell

function ofDoubles(fn: string, left: ValueType, right: ValueType): Binary {
  const apply: Readonly<Record<string, (a: number, b: number) => Cell>> = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
  }
  const operator = apply[fn]
  if (operator === undefined) throw new RangeError(`no operator ${fn}`)
  return (a, b) => operator(toDouble(a, left), toDouble(b, right))
}

const ofIntegers: Readonly<Record<string, (a: bigint, b: bigint) => bigint | null>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "//": (a, b) => (b === 0n ? null : a / b),
  "%": (a, b) => (b === 0n ? null : a % b),
}

function arithmetic(fn: string, type: ValueType, left: ValueType, right: ValueType): Binary {
  if (type === "double") return ofDoubles(fn, left, right)
  const operator = ofIntegers[fn]
  if (operator === undefined) throw new RangeError(`no operator ${fn}`)
  // A product has the scale of both: only one may have one.
  const scaled = (value: Cell, own: ValueType): bigint =>
    type === "decimal" && own !== "decimal" && fn !== "*" ? toBig(value) * UNIT : toBig(value)
  return (a, b) => {
    const result = operator(scaled(a, left), scaled(b, right))
    return result === null ? null : checked(result, type)
  }
}

/** The order of two values of one type, neither null. NaN is equal to itself and above all others, as in DuckDB. */
export function compareCells(a: Cell, b: Cell): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b)
  const [x, y] = [a as number, b as number]
  if (x < y) return -1
  if (x > y) return 1
  return x === y ? 0 : Number(Number.isNaN(x)) - Number(Number.isNaN(y))
}

/** Half away from zero, as C's `round` has it. */
function rounded(value: number): number {
  const size = Math.abs(value)
  const whole = Math.trunc(size)
  return Math.sign(value) * (size - whole >= 0.5 ? whole + 1 : whole)
}

/** DuckDB's `round(DOUBLE, places)`. */
function roundTo(value: number, places: number): number {
  const power = 10 ** places
  const result = rounded(value * power) / power
  return Number.isFinite(result) ? result : value
}

function logic(fn: string, args: readonly Evaluate[]): Evaluate {
  const decides = fn === "or"
  return row => {
    let result: Cell = !decides
    for (const arg of args) {
      const value = arg(row)
      if (value === decides) return decides
      if (value === null) result = null
    }
    return result
  }
}

function negative(type: ValueType, value: Cell): Cell {
  if (typeof value === "number") return -value
  return checked(-toBig(value), type)
}

function unary({ fn, type, args }: Extract<Output, { kind: "call" }>, of: Evaluate): Evaluate {
  const own = args[0]?.type ?? type
  const strict =
    (apply: (value: Cell) => Cell): Evaluate =>
    row => {
      const value = of(row)
      return value === null ? null : apply(value)
    }
  switch (fn) {
    case "neg":
      return strict(value => negative(type, value))
    case "double":
      return strict(value => toDouble(value, own))
    case "not":
      return strict(value => value === false)
    case "is null":
      return row => of(row) === null
    case "is not null":
      return row => of(row) !== null
    default:
      throw new RangeError(`no function ${fn}`)
  }
}

function binary(output: Extract<Output, { kind: "call" }>, of: readonly Evaluate[]): Evaluate {
  const { fn, type, args } = output
  const [left, right] = args
  const [first, second] = of
  if (left === undefined || right === undefined || first === undefined || second === undefined) {
    throw new RangeError(`${fn} of too little`)
  }
  const test: ((order: number) => boolean) | undefined = comparisons[fn as Comparison]
  const apply: Binary =
    test !== undefined
      ? (a, b) => test(compareCells(a, b))
      : fn === "round"
        ? (a, b) => roundTo(Number(a), Number(b))
        : arithmetic(fn, type, left.type, right.type)
  return row => {
    const a = first(row)
    if (a === null) return null
    const b = second(row)
    return b === null ? null : apply(a, b)
  }
}

/** Columns keep booleans as 0 and 1. */
function typed({ type }: Output, evaluate: Evaluate): Evaluate {
  if (type !== "boolean") return evaluate
  return row => {
    const cell = evaluate(row)
    return cell === null ? null : cell === 1
  }
}

/** A function that evaluates an output over a row of groups and aggregates, or over a selected row. */
export function evaluator(output: Output): Evaluate {
  switch (output.kind) {
    case "group":
      return typed(output, row => row.group(output.index))
    case "aggregate":
      return typed(output, row => row.aggregate(output.index))
    case "column":
      return typed(output, row => row.column(output.column))
    case "constant": {
      const value = output.value as Cell
      return () => value
    }
    case "call": {
      const of = output.args.map(evaluator)
      if (output.fn === "and" || output.fn === "or") return logic(output.fn, of)
      const [only, second] = of
      if (only !== undefined && second === undefined) return unary(output, only)
      return binary(output, of)
    }
  }
}
