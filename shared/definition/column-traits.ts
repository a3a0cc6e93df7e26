import type { ColumnSpec, ColumnType, IndexKind, UpsertStrategy } from "./table-spec.ts"

type Types = ReadonlySet<ColumnType>

const NUMERIC: readonly ColumnType[] = ["int", "long", "float", "double", "decimal"]

/** Columns whose values can be added up. */
export const SUMMED: Types = new Set(NUMERIC)
/** Columns of which the greatest and the least value are told. */
export const MEASURED: Types = new Set<ColumnType>([...NUMERIC, "timestamp"])
/** Columns of which rows of one key tell the newer: the key index keeps their values in 64 bits. */
export const COMPARED: Types = new Set<ColumnType>(["int", "long", "float", "double", "timestamp"])
/** Columns whose values are equal or not, beyond doubt. Doubles are not: NaN, zeros of two signs. */
export const KEYED: Types = new Set<ColumnType>([
  "string",
  "int",
  "long",
  "boolean",
  "timestamp",
  "decimal",
  "bytes",
])
/** Columns that rows are ordered and grouped by. */
export const ORDERED: Types = new Set<ColumnType>([...KEYED, "float", "double"])

/** Columns that a rollup's rows are grouped by, and whose distinct values it counts. */
export const GROUPED: Types = new Set<ColumnType>([...ORDERED].filter(type => type !== "bytes"))

const INDEXED: Readonly<Record<IndexKind, Types>> = {
  bloom: new Set<ColumnType>(["string", "int", "long", "timestamp", "decimal"]),
  inverted: new Set<ColumnType>(["string", "int", "long", "boolean", "timestamp", "decimal"]),
  range: MEASURED,
}

/** Whether an index of a kind can be kept of a column. Conditions over lists and bytes leave no row out by an index. */
export function takesIndex({ type, list }: ColumnSpec, kind: IndexKind): boolean {
  return list !== true && INDEXED[kind].has(type)
}

/** Whether a partial upsert can make a column that way. */
export function takesStrategy({ type, list }: ColumnSpec, strategy: UpsertStrategy): boolean {
  switch (strategy) {
    case "overwrite":
    case "ignore":
      return true
    case "append":
    case "union":
      return list === true
    case "increment":
      return list !== true && SUMMED.has(type)
    case "min":
    case "max":
      return list !== true && MEASURED.has(type)
  }
}

/** A column's type as it is written: `string`, `string[]`. */
export function typeText({ type, list }: Pick<ColumnSpec, "type" | "list">): string {
  return list === true ? `${type}[]` : type
}
