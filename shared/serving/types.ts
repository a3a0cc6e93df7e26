import type { ColumnSpec, RollupSpec } from "../definition/table-spec.ts"
import type { Predicate } from "./direct/plan.ts"
import type { RowSet } from "./index/row-set.ts"
import type { ColumnBatch } from "./ingest/column.ts"
import type { OffsetSet } from "./segment/offset-set.ts"
import type { SegmentPointer } from "./segment/segment-key.ts"

/** A segment as a query sees it, for engines that read it by ranges. */
export interface PinnedSegment {
  readonly tableId: string
  readonly partition: number
  readonly pointer: SegmentPointer
  /** Offsets of its rows that are dead as of the pin; absent: none. */
  readonly dead?: OffsetSet
}

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
  /** Absent for a tail's file. */
  readonly segment?: PinnedSegment
  /** What pruning left of it, where it left less than all. */
  readonly kept?: KeptRows
  /** Of a tail's file: the rows as they were decoded, dead ones left out, for engines that need no file. */
  readonly batch?: ColumnBatch
}

/** Rows of a file that a statement's condition may be true of. Dead ones are among them. */
export interface KeptRows {
  /** Indexes of row groups, ascending; absent: all. */
  readonly rowGroups?: readonly number[]
  /** Rows of the file; absent: all of the row groups. */
  readonly rows?: RowSet
  /** The condition is true for each of them: it need not be judged again. */
  readonly exact: boolean
}

/**
 * An erasure that is under way: rows of a partition below `end` for which the predicate is true are no part of the table.
 * Segments below `done`, and the files of the tail, are without them already.
 */
export interface PinnedPurge {
  readonly partition: number
  readonly end: number
  readonly done: number
  readonly where: Predicate
  /** All of the table's columns, hidden ones too: what the predicate may name. */
  readonly columns: readonly ColumnSpec[]
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
  /** Names the state that is pinned: equal keys mean equal answers. Item version, manifest versions, log ends. */
  readonly snapshot?: string
  readonly time?: string
  /** `TableSpec.pinotNulls`. */
  readonly pinotNulls?: boolean
  readonly sort?: readonly string[]
  readonly rollups?: readonly RollupSpec[]
  /** Rows with a smaller value of the time column are no part of the table (retention). */
  readonly cutBefore?: number
  /** Who cannot apply them must leave the table to another engine. */
  readonly purges?: readonly PinnedPurge[]
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

/** Why a segment was left out before any of its data was read. */
export type PrunedBy = "empty" | "time" | "partition" | "zone" | "bloom" | "index"

/** What a query cost. */
export interface QueryCost {
  /** Which engine answered: typed arrays here, or DuckDB in a child. */
  readonly engine: "direct" | "duckdb"
  /** The rollup's name, where one was read in place of rows. */
  readonly rollup?: string
  readonly segments: number
  readonly pruned: Readonly<Partial<Record<PrunedBy, number>>>
  /** Reads of objects, and their bytes; what came from memory or a local copy instead. */
  readonly requests: number
  readonly bytesFetched: number
  readonly bytesCached: number
  readonly rowsScanned: number
  /** The answer was kept from an earlier query of the same state; what it then took is not told again. */
  readonly resultCached?: boolean
  /** Milliseconds: `parse`, `pin`, `prune`, `fetch`, `run`. */
  readonly phasesMs: Readonly<Record<string, number>>
}

/** A query's answer before it takes a wire form. A LONG is a bigint when it is not a safe integer. */
export interface SqlAnswer {
  readonly columns: readonly SqlColumn[]
  readonly rows: readonly (readonly SqlValue[])[]
  /** Undefined when no scan was needed: the files' footers held the answer. */
  readonly rowsScanned: number | undefined
  readonly cost?: QueryCost
}

export type SqlValue = null | boolean | number | bigint | string | readonly SqlValue[]
