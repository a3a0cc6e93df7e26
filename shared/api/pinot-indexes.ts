import { takesIndex, typeText } from "../definition/column-traits.ts"
import type { ColumnSpec, IndexKind } from "../definition/table-spec.ts"
import { isPlain, type PinotColumn, type PinotReading } from "./pinot-schema.ts"
import type { TableJson } from "./types.ts"

type Columns = ReadonlyMap<string, PinotColumn>

const INDEX_LISTS: Readonly<Record<string, IndexKind>> = {
  invertedIndexColumns: "inverted",
  rangeIndexColumns: "range",
  bloomFilterColumns: "bloom",
}
/** As `fieldConfigList` calls them, in either of its ways. */
const INDEX_TYPES: Readonly<Record<string, IndexKind>> = {
  INVERTED: "inverted",
  RANGE: "range",
  BLOOM: "bloom",
  inverted: "inverted",
  range: "range",
  bloom: "bloom",
}
const INDEX_READ = new Set([
  ...Object.keys(INDEX_LISTS),
  "sortedColumn",
  "nullHandlingEnabled",
  "starTreeIndexConfigs",
  "streamConfigs",
])
const FORWARD = "the store has its own encodings"

/** Sort, indexes and rollups of a Pinot table. */
export function pinotIndexes(
  index: TableJson,
  fieldConfigs: unknown,
  columns: Columns,
  reading: PinotReading,
): TableJson {
  const path = "tableConfig.tableIndexConfig"
  const kinds = new Map<string, Set<IndexKind>>()
  const add = (column: unknown, kind: IndexKind, where: string) => {
    const found = columns.get(String(column))
    if (found === undefined) reading.leave(where, `${JSON.stringify(column)} is no column of the schema`)
    else if (!takesIndex(found as ColumnSpec, kind))
      reading.leave(where, `${kind} does not fit ${typeText(found)}`)
    else kinds.set(found.name, (kinds.get(found.name) ?? new Set()).add(kind))
  }
  for (const [name, value] of Object.entries(index)) {
    const kind = INDEX_LISTS[name]
    if (kind !== undefined && Array.isArray(value))
      for (const column of value) add(column, kind, `${path}.${name}`)
    else if (!INDEX_READ.has(name) && !isNothing(value)) reading.leave(`${path}.${name}`, FORWARD)
  }
  fieldIndexes(fieldConfigs, add, reading)
  const sorted = Array.isArray(index.sortedColumn) ? index.sortedColumn.filter(name => columns.has(name)) : []
  const trees = Array.isArray(index.starTreeIndexConfigs) ? index.starTreeIndexConfigs : []
  const rollups = trees.map((tree, place) => rollupOf(tree, place, columns, reading)).filter(isPresent)
  const indexes = Object.fromEntries([...kinds].map(([name, of]) => [name, [...of]]))
  return {
    ...(sorted.length === 0 ? {} : { sort: sorted }),
    ...(kinds.size === 0 ? {} : { indexes }),
    ...(rollups.length === 0 ? {} : { rollups }),
  }
}

const isPresent = <T>(value: T | undefined): value is T => value !== undefined
const isNothing = (value: unknown) =>
  value === null || value === false || (Array.isArray(value) && value.length === 0)

function fieldIndexes(
  fieldConfigs: unknown,
  add: (column: unknown, kind: IndexKind, where: string) => void,
  reading: PinotReading,
): void {
  for (const [place, config] of (Array.isArray(fieldConfigs) ? fieldConfigs : []).entries()) {
    const path = `tableConfig.fieldConfigList[${place}]`
    if (!isPlain(config)) continue
    const types = [config.indexType, ...(Array.isArray(config.indexTypes) ? config.indexTypes : [])]
    const named = isPlain(config.indexes) ? Object.keys(config.indexes) : []
    for (const type of [...types.filter(isPresent), ...named]) {
      const kind = INDEX_TYPES[String(type)]
      if (kind === undefined) reading.leave(`${path}.${String(type)}`, "is no index here")
      else add(config.name, kind, path)
    }
    for (const member of Object.keys(config))
      if (!["name", "indexType", "indexTypes", "indexes"].includes(member) && !isNothing(config[member]))
        reading.leave(`${path}.${member}`, FORWARD)
  }
}

const FUNCTIONS: Readonly<Record<string, string>> = {
  COUNT: "count",
  SUM: "sum",
  MIN: "min",
  MAX: "max",
  AVG: "avg",
  DISTINCTCOUNTHLL: "distinct",
  DISTINCTCOUNTRAWHLL: "distinct",
  DISTINCTCOUNTHLLPLUS: "distinct",
  PERCENTILEEST: "percentile",
  PERCENTILETDIGEST: "percentile",
  PERCENTILERAWTDIGEST: "percentile",
  PERCENTILEKLL: "percentile",
}

function rollupOf(
  tree: unknown,
  place: number,
  columns: Columns,
  reading: PinotReading,
): TableJson | undefined {
  const path = `tableConfig.tableIndexConfig.starTreeIndexConfigs[${place}]`
  if (!isPlain(tree) || !Array.isArray(tree.dimensionsSplitOrder)) {
    reading.leave(path, "has no dimensionsSplitOrder")
    return undefined
  }
  const pairs = Array.isArray(tree.functionColumnPairs) ? tree.functionColumnPairs : []
  const configs = Array.isArray(tree.aggregationConfigs) ? tree.aggregationConfigs : []
  const wanted = [
    ...pairs.map(pair => String(pair).split("__")),
    ...configs
      .filter(isPlain)
      .map(({ aggregationFunction, columnName }) => [aggregationFunction, columnName]),
  ]
  const aggregates: object[] = []
  for (const [name, column] of wanted) {
    const fn = FUNCTIONS[String(name).toUpperCase().replaceAll("_", "")]
    if (fn === undefined) reading.leave(`${path}.${String(name)}`, "is no aggregate of a rollup here")
    else if (fn === "count") aggregates.push({ fn })
    else if (columns.has(String(column))) aggregates.push({ fn, column })
    else reading.leave(path, `${JSON.stringify(column)} is no column of the schema`)
  }
  if (aggregates.length === 0) {
    reading.leave(path, "has no aggregate that a rollup keeps")
    return undefined
  }
  const skip = tree.skipStarNodeCreationForDimensions
  return {
    name: `star_tree_${place}`,
    dimensions: tree.dimensionsSplitOrder,
    ...(Array.isArray(skip) && skip.length > 0 ? { skip } : {}),
    aggregates,
    ...(typeof tree.maxLeafRecords === "number" && tree.maxLeafRecords > 0
      ? { leafRows: tree.maxLeafRecords }
      : {}),
  }
}
