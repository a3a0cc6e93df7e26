/** A column's type. In queries: VARCHAR, INTEGER, BIGINT, FLOAT, DOUBLE, BOOLEAN, TIMESTAMP, DECIMAL(38,9), JSON, BLOB. */
export type ColumnType =
  | "string"
  | "int"
  | "long"
  | "float"
  | "double"
  | "boolean"
  | "timestamp"
  | "decimal"
  | "json"
  | "bytes"

/** One column of a table, as stored: frozen data. */
export interface ColumnSpec {
  readonly name: string
  readonly type: ColumnType
  /** A SQL expression over the record's fields; default: the field with the column's name. */
  readonly sql?: string
  /** For `timestamp` columns read from text: a pattern such as `yyyy/MM/dd HH:mm`; default ISO 8601. Always UTC. */
  readonly format?: string
  /** The value of a missing field (a null stays null). Without one, missing and null are the same. */
  readonly default?: string | number | boolean
  /** A list of values of `type` (Pinot's multi-value column). */
  readonly list?: true
}

/**
 * What a table does with a record that its columns cannot take: `skip` drops it, `null` nulls the field, `refuse`
 * stops the partition before it until the table is altered, a dead-letter topic takes it. All are counted.
 */
export type BadRecordPolicy = "skip" | "null" | "refuse" | { readonly deadLetter: string }

/**
 * What is kept beside a column so that a query reads less of it: `bloom` answers equality with "not here" for whole
 * segments, `inverted` gives the rows of each value, `range` the rows of ranges of values.
 */
export type IndexKind = "bloom" | "inverted" | "range"

/** One aggregate that a rollup keeps; `distinct` and `percentile` by sketches that merge. */
export interface RollupAggregate {
  readonly fn: "count" | "sum" | "min" | "max" | "avg" | "distinct" | "percentile"
  /** Absent for `count` alone. */
  readonly column?: string
}

/** Pre-aggregated levels of a table: a star-tree's dimensions in order, and what is kept at its nodes. */
export interface RollupSpec {
  readonly name: string
  /** In the order in which they split, the most often filtered first. */
  readonly dimensions: readonly string[]
  /** Dimensions that no level leaves out. */
  readonly skip?: readonly string[]
  readonly aggregates: readonly RollupAggregate[]
  /** Rows that a query may have to read of one segment's level; more make another level. Default 10,000. */
  readonly leafRows?: number
}

/** How a partial upsert makes one column of the old and the new row. */
export type UpsertStrategy = "overwrite" | "increment" | "append" | "union" | "min" | "max" | "ignore"

/** Rows with an equal primary key replace each other. */
export interface UpsertSpec {
  /** `partial` folds the columns one by one; default `full`. */
  readonly mode?: "full" | "partial"
  /** Of two rows the one with the greater value stays, of equal ones the later. Default: the later. */
  readonly compare?: string
  /** Of a partial upsert, by column; the others take `overwrite`, which leaves the old value where the new is null. */
  readonly strategies?: Readonly<Record<string, UpsertStrategy>>
  /** A boolean column: a row in which it is true deletes its key. */
  readonly delete?: string
  /** Milliseconds of the comparison column below its maximum, from where on records are dropped and counted. */
  readonly ttlMs?: number
}

/** Of rows with an equal primary key the first stays. */
export interface DedupSpec {
  /** Milliseconds of the time column below its maximum, from where on keys are forgotten. */
  readonly ttlMs?: number
}

/** A table, as stored: what `table()` in an app file and, later, `POST /tables` come down to. */
export interface TableSpec {
  /** `[a-z_][a-z0-9_]*`, at most 100 characters. */
  readonly name: string
  /** The topic it consumes, by name. */
  readonly topic: string
  readonly columns: readonly ColumnSpec[]
  /** A SQL condition over the record's fields; records for which it is not true are left out. */
  readonly where?: string
  /** The column that queries usually restrict by time. */
  readonly time?: string
  readonly sort?: readonly string[]
  /** Default `skip`. */
  readonly badRecords?: BadRecordPolicy
  /** Rows of one Parquet row group: 8,192 to 131,072; default 65,536. */
  readonly rowGroupRows?: number
  /** Milliseconds; absent: kept for ever. */
  readonly retentionMs?: number
  /** The columns that make a row's key; for `upsert` and `dedup`. */
  readonly primaryKey?: readonly string[]
  readonly upsert?: UpsertSpec
  readonly dedup?: DedupSpec
  /** By column. The first column of `sort` needs none. */
  readonly indexes?: Readonly<Record<string, readonly IndexKind[]>>
  readonly rollups?: readonly RollupSpec[]
  /** Nulls are Pinot's: a missing value is its type's default, sums are DOUBLE, empty aggregates as Pinot gives them. */
  readonly pinotNulls?: true
  /**
   * Of a definition alone, never stored: what the rows that stand do not allow may be done by building the table anew
   * from the log's start.
   */
  readonly rebuild?: true
}
