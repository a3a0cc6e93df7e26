import { GROUPED, MEASURED, ORDERED, SUMMED, takesIndex, typeText } from "./column-traits.ts"
import { at } from "./faults.ts"
import { columnNameFault } from "./names.ts"
import type { TableContext, TableInput } from "./resolve-table.ts"
import { INDEX_KINDS, INDEXED_COLUMNS_MAX } from "./table-shape.ts"
import type { ColumnType, IndexKind, RollupSpec, TableSpec } from "./table-spec.ts"

/** Reads what is kept beside columns. */
export function resolveIndexes(
  indexes: NonNullable<TableInput["indexes"]>,
  context: TableContext,
): TableSpec["indexes"] {
  const { note } = context
  const entries = Object.entries(indexes)
  if (entries.length > INDEXED_COLUMNS_MAX)
    note(".indexes", `expected at most ${INDEXED_COLUMNS_MAX} columns, found ${entries.length}`)
  const kept: Record<string, readonly IndexKind[]> = {}
  for (const [name, kinds] of entries) {
    const path = at(".indexes", name)
    const column = context.column(path, name)
    if (column === undefined) continue
    for (const [index, kind] of kinds.entries()) {
      if (kinds.indexOf(kind) < index) note(at(path, index), "is named twice")
      if (takesIndex(column, kind)) continue
      const fitting = INDEX_KINDS.filter(known => takesIndex(column, known))
      const expected = fitting.length === 0 ? "no index" : `one of ${fitting.join(", ")}`
      note(at(path, index), `${kind} does not fit ${typeText(column)}; expected ${expected}`)
    }
    if (kinds.length > 0) kept[name] = INDEX_KINDS.filter(kind => kinds.includes(kind))
  }
  return Object.keys(kept).length === 0 ? undefined : kept
}

const ANY: ReadonlySet<ColumnType> = new Set<ColumnType>([...ORDERED, "json"])

const AGGREGATED: Readonly<Record<RollupSpec["aggregates"][number]["fn"], ReadonlySet<ColumnType>>> = {
  count: ANY,
  sum: SUMMED,
  avg: SUMMED,
  min: MEASURED,
  max: MEASURED,
  distinct: GROUPED,
  percentile: SUMMED,
}

/** What can be taken back when a row is replaced. */
const RETRACTABLE = ["count", "sum", "avg"]

/** Reads the rollups of a table. */
export function resolveRollups(
  rollups: NonNullable<TableInput["rollups"]>,
  upsert: boolean,
  context: TableContext,
): readonly RollupSpec[] {
  const { note } = context
  const names = new Set<string>()
  return rollups.map((rollup, index) => {
    const path = at(".rollups", index)
    const wrongName = columnNameFault(rollup.name)
    if (wrongName !== undefined) note(`${path}.name`, wrongName)
    if (names.has(rollup.name)) note(`${path}.name`, "two rollups have this name")
    names.add(rollup.name)
    const { dimensions, skip, aggregates, leafRows } = rollup
    context.columnNames(`${path}.dimensions`, dimensions, GROUPED, "a column that rows can be grouped by")
    for (const [place, name] of (skip ?? []).entries())
      if (!dimensions.includes(name))
        note(at(`${path}.skip`, place), `${JSON.stringify(name)} is not one of the rollup's dimensions`)
    for (const [place, aggregate] of aggregates.entries())
      checkAggregate(aggregate, at(`${path}.aggregates`, place), upsert, context)
    return {
      name: rollup.name,
      dimensions,
      ...(skip === undefined || skip.length === 0 ? {} : { skip }),
      aggregates: aggregates.map(({ fn, column }) => (column === undefined ? { fn } : { fn, column })),
      ...(leafRows === undefined ? {} : { leafRows }),
    }
  })
}

function checkAggregate(
  { fn, column }: NonNullable<TableInput["rollups"]>[number]["aggregates"][number],
  path: string,
  upsert: boolean,
  context: TableContext,
): void {
  if (upsert && !RETRACTABLE.includes(fn)) {
    const message = `${fn} cannot be taken back when a row is replaced; expected one of ${RETRACTABLE.join(", ")} on an upsert table`
    context.note(`${path}.fn`, message)
  }
  if (column === undefined && fn !== "count") context.note(`${path}.column`, "is missing")
  context.column(`${path}.column`, column, AGGREGATED[fn], `a column that has a ${fn}`, fn === "count")
}
