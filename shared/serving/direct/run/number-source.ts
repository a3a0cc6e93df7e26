import type { BlockColumn, NumberColumn } from "../columns/block-column.ts"
import { GivenUp } from "../columns/dictionary.ts"
import type { Scalar } from "../plan.ts"
import { scalarKey } from "../planning/scalar.ts"
import type { Code } from "./code.ts"

/** A number of a row, as a loop reads it. */
export interface NumberSource {
  readonly source: (code: Code) => string
  /** The arrays that say where it is null. */
  readonly nulls: readonly Uint8Array[]
  /** Of every row of the block, taken together. */
  readonly min: number
  readonly max: number
}

const INT_MAX = 2 ** 31 - 1

/** What might overflow is left to DuckDB, which fails or has infinities, as is what a double would round. */
function checkBounds(type: Scalar["type"], min: number, max: number): void {
  const isWithin =
    type === "double"
      ? Number.isFinite(min) && Number.isFinite(max)
      : type === "int"
        ? min >= -INT_MAX - 1 && max <= INT_MAX
        : min >= Number.MIN_SAFE_INTEGER && max <= Number.MAX_SAFE_INTEGER
  if (!isWithin) throw new GivenUp("arithmetic that may overflow")
}

function bounds(fn: string, a: NumberSource, b: NumberSource): readonly [min: number, max: number] {
  if (fn === "+") return [a.min + b.min, a.max + b.max]
  if (fn === "-") return [a.min - b.max, a.max - b.min]
  const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]
  return [Math.min(...corners), Math.max(...corners)]
}

/** A column as it stands. */
export function ofColumn({ values, nulls, min, max }: NumberColumn): NumberSource {
  const isEmpty = min > max
  return {
    source: code => `${code.bind(values)}[r]`,
    nulls: nulls === undefined ? [] : [nulls],
    min: isEmpty ? 0 : min,
    max: isEmpty ? 0 : max,
  }
}

function ofCall(
  scalar: Extract<Scalar, { kind: "call" }>,
  columns: ReadonlyMap<string, BlockColumn>,
): NumberSource {
  const [first, second] = scalar.args.map(arg => numberSource(arg, columns))
  if (first === undefined) throw new RangeError(`${scalar.fn} of nothing`)
  if (second === undefined) {
    checkBounds(scalar.type, -first.max, -first.min)
    return { ...first, source: code => `(-${first.source(code)})`, min: -first.max, max: -first.min }
  }
  const [min, max] = bounds(scalar.fn, first, second)
  checkBounds(scalar.type, min, max)
  return {
    source: code => `(${first.source(code)}${scalar.fn}${second.source(code)})`,
    nulls: [...new Set([...first.nulls, ...second.nulls])],
    min,
    max,
  }
}

/** A number made of columns. Date parts are columns of the block already, by their key. Throws `GivenUp`. */
export function numberSource(scalar: Scalar, columns: ReadonlyMap<string, BlockColumn>): NumberSource {
  if (scalar.kind === "constant") {
    const value = Number(scalar.value)
    return { source: code => code.bind(value), nulls: [], min: value, max: value }
  }
  const column = columns.get(scalar.kind === "column" ? scalar.column : scalarKey(scalar))
  if (column?.kind === "numbers") return ofColumn(column)
  if (column !== undefined || scalar.kind === "column") throw new GivenUp("arithmetic over text")
  return ofCall(scalar, columns)
}
