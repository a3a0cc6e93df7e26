import { COUNT_COLUMN, stateColumn } from "../../rollup/level-columns.ts"
import type { BlockColumn, NumberColumn } from "../columns/block-column.ts"
import type { Scalar } from "../plan.ts"
import { type NumberSource, numberSource, ofColumn } from "./number-source.ts"

// A block of a rollup's level: each of its rows stands for many of the table's, whose sums, counts and extremes it holds.

type Columns = ReadonlyMap<string, BlockColumn>

function numbers(columns: Columns, name: string): NumberColumn | undefined {
  const column = columns.get(name)
  return column?.kind === "numbers" ? column : undefined
}

/**
 * How many rows of the table each row of a level stands for, or how many that have a value.
 * @param column undefined: all rows
 * @returns undefined for a block of rows
 */
export function levelCounts(columns: Columns, column: string | undefined): NumberColumn | undefined {
  return numbers(columns, column === undefined ? COUNT_COLUMN : stateColumn("count", column))
}

/** What is to be added up for a sum: the values, or the sums of a level. Throws `GivenUp`. */
export function sumSource(argument: Scalar, columns: Columns): NumberSource {
  const sums = argument.kind === "column" ? numbers(columns, stateColumn("sum", argument.column)) : undefined
  return sums === undefined ? numberSource(argument, columns) : ofColumn(sums)
}

/** What an extreme is taken of: the values, or the extremes of a level. Throws `GivenUp`. */
export function extremeSource(argument: Scalar, isMax: boolean, columns: Columns): NumberSource {
  const extremes =
    argument.kind === "column"
      ? numbers(columns, stateColumn(isMax ? "max" : "min", argument.column))
      : undefined
  return extremes === undefined ? numberSource(argument, columns) : ofColumn(extremes)
}

/** As `extremeSource`, of a column that is kept as codes. */
export function extremeCodes(column: string, isMax: boolean, columns: Columns): BlockColumn | undefined {
  return columns.get(stateColumn(isMax ? "max" : "min", column)) ?? columns.get(column)
}
