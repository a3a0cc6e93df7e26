import type { ColumnSpec } from "../definition/table-spec.ts"

/** A Parquet file that a query may read. */
export interface TableFile {
  /** Names these very bytes for ever: a process may keep a copy under it. */
  readonly id: string
  readonly rows: number
  readonly sizeBytes: number
  /** What the file holds, where that differs from the table's columns: it was written under another schema. */
  readonly columns?: readonly ColumnSpec[]
  /** The whole file. Called only where no copy under `id` is at hand. */
  read(): Promise<Uint8Array>
}

/** A table as of one moment: its segments and, after them, the tail that is not yet in a segment. */
export interface PinnedTable {
  readonly name: string
  /** In the order of `SELECT *`. */
  readonly columns: readonly ColumnSpec[]
  readonly schemaVersion: number
  readonly segments: readonly TableFile[]
  readonly tail: readonly TableFile[]
  readonly rows: number
  /** Store time of the newest record or slot that the pin includes, epoch ms; 0 when there is none. */
  readonly freshAt: number
}

/** Where queries find tables. */
export interface TableSource {
  names(): Promise<readonly string[]>
  /** Undefined: no such table. Throws `QueryError` (`tail_too_long`) and `LogError`. */
  pin(name: string): Promise<PinnedTable | undefined>
}

/** What a query may use. */
export interface QueryLimits {
  /** Milliseconds from the request's arrival to the answer. */
  readonly deadlineMs: number
  readonly rowsMax: number
  readonly resultBytesMax: number
}

export interface SqlColumn {
  readonly name: string
  /** Pinot's name of the type: INT, LONG, FLOAT, DOUBLE, BIG_DECIMAL, BOOLEAN, TIMESTAMP, STRING, JSON, BYTES, `…_ARRAY`. */
  readonly type: string
}

/** A query's answer before it takes a wire form. A LONG is a bigint when it is not a safe integer. */
export interface SqlAnswer {
  readonly columns: readonly SqlColumn[]
  readonly rows: readonly (readonly SqlValue[])[]
  /** Undefined when no scan was needed: the files' footers held the answer. */
  readonly rowsScanned: number | undefined
}

export type SqlValue = null | boolean | number | bigint | string | readonly SqlValue[]
