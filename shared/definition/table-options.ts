import type { ColumnsOf, FitsColumn, TypeOfColumn } from "./column-types.ts"
import type { Duration } from "./duration.ts"
import type { Records } from "./records.ts"
import type { IndexKind, UpsertStrategy } from "./table-spec.ts"
import type { Topic } from "./topic.ts"

type Name<C> = NoInfer<keyof C & string>
type Numeric = "int" | "long" | "float" | "double" | "decimal"
type Key = "string" | "int" | "long" | "boolean" | "timestamp" | "decimal" | "bytes"
type Scalar = Key | "float" | "double"
type Grouped = Exclude<Scalar, "bytes">
/** `&` takes the alias away, so that the compiler prints the names that fit. */
type Named<C, X> = NoInfer<ColumnsOf<C, X> & keyof C>

/** The index kinds that fit a column. */
type KindOf<X> =
  | (X extends "string" | "int" | "long" | "timestamp" | "decimal" ? "bloom" : never)
  | (X extends Exclude<Key, "bytes"> ? "inverted" : never)
  | (X extends Numeric | "timestamp" ? "range" : never)

/** The ways in which a partial upsert can make a column. */
type StrategyOf<X> =
  | "overwrite"
  | "ignore"
  | (X extends Numeric ? "increment" : never)
  | (X extends Numeric | "timestamp" ? "min" | "max" : never)
  | (X extends `${string}[]` ? "append" | "union" : never)

export interface UpsertOptions<C> {
  /** `full` (default): the newer row takes the older one's place. `partial`: the columns are folded one by one. */
  readonly mode?: "full" | "partial"
  /** Of two rows the one with the greater value of this column stays, of equal ones the later. Default: the later. */
  readonly compare?: Named<C, Exclude<Numeric, "decimal"> | "timestamp">
  /** Of a partial upsert, by column; the others take `overwrite`, which leaves the old value where the new is null. */
  readonly strategies?: NoInfer<{ readonly [K in keyof C]?: StrategyOf<TypeOfColumn<C[K]>> & UpsertStrategy }>
  /** A row in which this column is true deletes its key. */
  readonly delete?: Named<C, "boolean">
  /** Records so far behind the greatest value of `compare`, epoch milliseconds, are dropped and counted. */
  readonly ttl?: Duration
}

export interface DedupOptions {
  /** Keys so far behind the greatest value of the time column are forgotten. Default: none is. */
  readonly ttl?: Duration
}

/** One aggregate of a rollup; `distinct` and `percentile` are approximate. */
export type RollupAggregateOptions<C> =
  | { readonly fn: "count"; readonly column?: Name<C> }
  | { readonly fn: "sum" | "avg" | "percentile"; readonly column: Named<C, Numeric> }
  | { readonly fn: "min" | "max"; readonly column: Named<C, Numeric | "timestamp"> }
  | { readonly fn: "distinct"; readonly column: Named<C, Grouped> }

export interface RollupOptions<C> {
  /** Unique in the table. */
  readonly name: string
  /** In the order in which they split, the most often filtered first. */
  readonly dimensions: readonly Named<C, Grouped>[]
  /** Dimensions that no level leaves out. */
  readonly skip?: readonly Named<C, Grouped>[]
  readonly aggregates: readonly RollupAggregateOptions<C>[]
  /** Rows that a query may have to read of one segment's level; more make another level. Default 10,000. */
  readonly leafRows?: number
}

/** What becomes of a record that the columns cannot take. All are counted. */
export type BadRecords = "skip" | "null" | "refuse" | { readonly deadLetter: Topic }

export interface TableOptions<T, C> {
  /** The topic that the table consumes, from its first record on; or what a job writes to it, `records(…)`. */
  readonly from: Topic<T> | Records<T>
  /** Name → type, or `{ type, list, sql, format, default }`; `"string[]"` is a list. In the order of `SELECT *`. */
  readonly columns: { readonly [K in keyof C]: FitsColumn<T, K, C[K]> }
  /** A SQL condition over the record's fields; other records are left out. */
  readonly where?: string
  /** The `timestamp` column that queries usually restrict. */
  readonly time?: Named<C, "timestamp">
  /** The columns by which the rows of a segment are ordered. */
  readonly sort?: readonly Named<C, Scalar>[]
  /** The columns that make a row's key, for `upsert` and `dedup`; the topic's key field must be among them. */
  readonly primaryKey?: readonly Named<C, Key>[]
  /** Rows with an equal primary key replace each other. */
  readonly upsert?: UpsertOptions<NoInfer<C>>
  /** Of rows with an equal primary key the first stays. */
  readonly dedup?: DedupOptions
  /** What is kept beside columns so that queries read less: `{ adId: ["bloom"] }`. */
  readonly indexes?: NoInfer<{
    readonly [K in keyof C]?: readonly (KindOf<TypeOfColumn<C[K]>> & IndexKind)[]
  }>
  /** Aggregates that are kept ready by dimensions. */
  readonly rollups?: readonly RollupOptions<NoInfer<C>>[]
  /** How far rows may be behind the present, by the time column. Default: all are kept. */
  readonly retention?: Duration
  /**
   * A record that the columns cannot take: `skip` (default) drops it, `null` nulls the field, `refuse` stops its
   * partition before it until the table is altered, `{ deadLetter: topic }` takes it to a topic. All are counted.
   */
  readonly badRecords?: BadRecords
  /** Rows of one Parquet row group, 8,192 to 131,072. Default 65,536. */
  readonly rowGroupRows?: number
  /** A change that the rows do not allow may be made by building the table anew from the log's start. */
  readonly rebuild?: boolean
}
