import type { ColumnType } from "../../definition/table-spec.ts"
import type { RecordHeader } from "../../log/records/index.ts"

/**
 * A column's values, row by row. Where `nulls[row]` is 1 the value is null and what stands in `values` means nothing.
 * Timestamps are epoch ms, decimals are unscaled with `DECIMAL_SCALE`, booleans are 0 and 1.
 */
export type ColumnVector = { readonly nulls: Uint8Array; readonly nullCount: number } & (
  | { readonly type: "int"; readonly values: Int32Array }
  | { readonly type: "long" | "timestamp"; readonly values: BigInt64Array }
  | { readonly type: "float" | "double"; readonly values: Float64Array }
  | { readonly type: "boolean"; readonly values: Uint8Array }
  | { readonly type: "string" | "json"; readonly values: readonly string[] }
  | { readonly type: "decimal"; readonly values: readonly bigint[] }
  | { readonly type: "bytes"; readonly values: readonly Uint8Array[] }
  | { readonly type: "list"; readonly element: ElementType; readonly values: readonly ListCell[] }
)

/** A column of single values. */
export type PlainVector = Exclude<ColumnVector, { readonly type: "list" }>

/** What stands in a list; no list holds lists. */
export type ElementType = Exclude<ColumnType, "json">

/**
 * One row's list, as its element's type is in a column: bigint of long, timestamp and decimal (unscaled), and so on, but
 * booleans as they are. Null elements are null.
 */
export type ListCell = readonly (number | bigint | string | boolean | Uint8Array | null)[]

/** Digits after the point of every decimal column: DECIMAL(38,9). */
export const DECIMAL_SCALE = 9

/** What a range of a partition's records became: the columns' values and, for every row, its offset. */
export interface ColumnBatch {
  /** The first offset that was read, and the one after the last: filtered and bad records included. */
  readonly base: number
  readonly next: number
  readonly rows: number
  readonly offsets: Float64Array
  /** In the order of the schema's columns. */
  readonly columns: readonly ColumnVector[]
  /** Bytes of the records' keys and values, filtered and bad ones included. */
  readonly decodedBytes: number
  /** Epoch ms of the newest record; 0 when there is none. */
  readonly maxTimestamp: number
  readonly counts: IngestCounts
  /** Of a table with a key, as records came; what is resolved has it no more. */
  readonly keys?: KeyedRows
  /** The record before which the table stops, by its policy: `next` is its offset. */
  readonly refused?: Refusal
  /** The bad records, for the topic that takes them; in the order of their offsets. */
  readonly letters?: readonly BadRecord[]
}

/** A record that its table's policy does not let pass. */
export interface Refusal {
  readonly offset: number
  readonly why: string
}

/** A bad record as the log has it. */
export interface BadRecord {
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly why: string
  readonly key: Uint8Array | undefined
  readonly value: Uint8Array
  readonly headers: readonly RecordHeader[]
}

/** What of a batch's rows decides which of them stand. */
export interface KeyedRows {
  /** Four to a row: the hash of its primary key. */
  readonly hashes: Uint32Array
  /** 1: the row is a record without a value. It holds the key alone, and deletes it. */
  readonly tombstones: Uint8Array
}

export interface IngestCounts {
  readonly records: number
  /** Left out by the table's `where`. */
  readonly filtered: number
  /** Records without a value. */
  readonly tombstones: number
  /** Left out because they could not be read. */
  readonly skipped: number
  /** Fields made null because they could not be read. */
  readonly nulled: number
  /** How often each fault was met, by `column: reason`, or by the reason alone for a whole record. */
  readonly faults: ReadonlyMap<string, number>
}

const SLICERS: { readonly [T in ColumnType]: "typed" | "list" } = {
  int: "typed",
  long: "typed",
  timestamp: "typed",
  float: "typed",
  double: "typed",
  boolean: "typed",
  string: "list",
  json: "list",
  decimal: "list",
  bytes: "list",
}

/** The rows of several columns of one type, one after the other. */
export function concatColumns(columns: readonly ColumnVector[]): ColumnVector {
  const [first] = columns
  if (first === undefined) throw new RangeError("expected at least one column")
  if (columns.length === 1) return first
  const nulls = joinTyped(columns.map(column => column.nulls))
  const nullCount = columns.reduce((sum, column) => sum + column.nullCount, 0)
  if (first.type === "list") {
    const { element } = first
    const values = ([] as ListCell[]).concat(...columns.map(column => column.values as readonly ListCell[]))
    return { type: "list", element, nulls, nullCount, values }
  }
  const values =
    SLICERS[first.type] === "typed"
      ? joinTyped(columns.map(column => column.values as Int32Array))
      : ([] as string[]).concat(...columns.map(column => column.values as string[]))
  return { type: first.type, nulls, nullCount, values } as ColumnVector
}

interface TypedArray<Self> {
  readonly length: number
  set(source: Self, at: number): void
}

function joinTyped<T extends TypedArray<T>>(arrays: readonly T[]): T {
  const length = arrays.reduce((sum, array) => sum + array.length, 0)
  const Type = arrays[0]!.constructor as new (length: number) => T
  const joined = new Type(length)
  let at = 0
  for (const array of arrays) {
    joined.set(array, at)
    at += array.length
  }
  return joined
}
