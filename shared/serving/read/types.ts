import type { ColumnType } from "../../definition/table-spec.ts"
import type { PinnedSegment } from "../types.ts"

/** What reading cost a query so far; who reads adds to it. */
export interface ReadMeter {
  /** Ranged reads of objects. */
  requests: number
  bytesFetched: number
  /** Bytes of what was wanted and stood in memory. */
  bytesCached: number
  /** Batches of reads that went to the store one after the other. */
  rounds: number
  /** Keys of the objects that were read from the store. */
  readonly objects: Set<string>
}

/**
 * A column's values in one row group. Null rows hold anything. Numbers as `ColumnVector` has them, save `long` and
 * `timestamp`: doubles where every value is a safe integer, which is nearly always, since they are many times faster.
 */
export type DecodedColumn = {
  readonly type: ColumnType
  readonly rows: number
  /** 1 where the row is null; absent where none is. */
  readonly nulls?: Uint8Array
  /** Of memory, about. */
  readonly bytes: number
} & DecodedValues

export type DecodedValues =
  /** int, long, timestamp, float, double, boolean (0 and 1). */
  | { readonly kind: "numbers"; readonly values: Int32Array | Float64Array | BigInt64Array | Uint8Array }
  /** string, json, decimal, bytes with few values: a row's value is `dictionary[ids[row]]`. */
  | {
      readonly kind: "dictionary"
      readonly ids: Uint8Array | Uint16Array | Uint32Array
      /** No two equal; in no order. Decimals unscaled. */
      readonly dictionary: readonly string[] | readonly bigint[] | readonly Uint8Array[]
    }
  /** string, json, decimal, bytes with many: row `r` is `data` from `starts[r]` to `starts[r + 1]`; see `valueAt`. */
  | { readonly kind: "binary"; readonly data: Uint8Array; readonly starts: Uint32Array }
  /** Of a list column: row `r` holds `items` from `starts[r]` to `starts[r + 1]`. */
  | { readonly kind: "list"; readonly starts: Uint32Array; readonly items: DecodedColumn }

/** One row group, decoded. */
export interface DecodedGroup {
  /** Which of the file's row groups it is, and the row of the file that its first row is. */
  readonly index: number
  readonly firstRow: number
  readonly rows: number
  /** By name; what the file lacks is not in it. `$offset` is a `long`. */
  readonly columns: ReadonlyMap<string, DecodedColumn>
}

/** Where a file's row groups begin: what maps rows to row groups. */
export interface SegmentShape {
  readonly rows: number
  /** Rows of each row group. */
  readonly groupRows: readonly number[]
}

/** Reads columns of segments by ranges. Nothing that is decoded is kept: who asks keeps what it makes of it. */
export interface SegmentReader {
  /** From the footer. Throws `StorageError` (`corrupt`, `unavailable`). */
  shape(segment: PinnedSegment, meter: ReadMeter): Promise<SegmentShape>
  /**
   * @param columns names; those that the file lacks are left out of the result
   * @param rowGroups indexes, ascending; absent: all
   */
  readColumns(
    segment: PinnedSegment,
    columns: readonly string[],
    rowGroups: readonly number[] | undefined,
    meter: ReadMeter,
  ): Promise<readonly DecodedGroup[]>
}
