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
}

/** What a table does with a record that its columns cannot take. */
export type BadRecordPolicy = "skip" | "null"

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
  /** `skip` (default) drops and counts the record; `null` nulls the field and counts it. */
  readonly badRecords?: BadRecordPolicy
  /** Rows of one Parquet row group: 8,192 to 131,072; default 65,536. */
  readonly rowGroupRows?: number
  /** Milliseconds; absent: kept for ever. */
  readonly retentionMs?: number
}
