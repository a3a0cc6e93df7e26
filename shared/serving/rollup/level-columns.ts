import type { ColumnSpec, ColumnType, RollupSpec } from "../../definition/table-spec.ts"
import { wantedSketches } from "./sketch-state.ts"
import { wantedStates } from "./state.ts"

/** How many rows a level's row stands for. */
export const COUNT_COLUMN = "$count"

/** Columns of a level that hold a column's states: of values that are not null. */
export const stateColumn = (
  part: "count" | "sum" | "min" | "max" | "distinct" | "percentile",
  column: string,
): string => `$${part}$${column}`

/** What sums of a column are stored as: whole numbers as `long`. */
export function sumType(type: ColumnType): ColumnType {
  if (type === "float" || type === "double") return "double"
  return type === "decimal" ? "decimal" : "long"
}

/**
 * The columns of a level's file: the dimensions that it keeps under their own names, `$count`, and of each aggregated
 * column `$count$c` and what of `$sum$c`, `$min$c`, `$max$c` the rollup asks for; `$distinct$c` and `$percentile$c` are
 * sketches as text.
 * @param columns of the table
 * @param kept indexes of the rollup's dimensions, ascending
 */
export function levelColumns(
  columns: readonly ColumnSpec[],
  rollup: RollupSpec,
  kept: readonly number[],
): readonly ColumnSpec[] {
  const typeOf = (name: string): ColumnType => columns.find(column => column.name === name)?.type ?? "string"
  return [
    ...kept.map(index => {
      const name = rollup.dimensions[index]!
      return { name, type: typeOf(name) }
    }),
    { name: COUNT_COLUMN, type: "long" as const },
    ...wantedStates(rollup.aggregates).flatMap(({ column, sum, min, max }): ColumnSpec[] => [
      { name: stateColumn("count", column), type: "long" },
      ...(sum ? [{ name: stateColumn("sum", column), type: sumType(typeOf(column)) }] : []),
      ...(min ? [{ name: stateColumn("min", column), type: typeOf(column) }] : []),
      ...(max ? [{ name: stateColumn("max", column), type: typeOf(column) }] : []),
    ]),
    ...wantedSketches(rollup.aggregates).map(({ fn, column }) => ({
      name: stateColumn(fn, column),
      type: "string" as const,
    })),
  ]
}
