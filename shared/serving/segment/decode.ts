import { zstdDecompressSync } from "node:zlib"
import {
  type DecodedArray,
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  type SchemaElement,
} from "hyparquet"
import type { ColumnSpec, ColumnType } from "../../definition/table-spec.ts"
import { StorageError } from "../../storage/errors.ts"
import type { ColumnVector } from "../ingest/column.ts"
import { OFFSET_COLUMN } from "./parquet.ts"

/** Rows of a file, in its order. */
export interface DecodedRows {
  readonly rows: number
  readonly offsets: Float64Array
  /** In the order asked for. */
  readonly columns: readonly ColumnVector[]
}

/**
 * A file of ours as typed columns, exactly as they were encoded.
 * @param columns which to read, with the types that the file has them in
 *
 * Throws `StorageError` (`corrupt`): the file lacks a column.
 */
export async function decodeParquet(bytes: Uint8Array, columns: readonly ColumnSpec[]): Promise<DecodedRows> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const metadata = parquetMetadata(file)
  const rows = Number(metadata.num_rows)
  const held = new Set(metadata.schema.map(({ name }) => name))
  const missing = columns.find(({ name }) => !held.has(name))
  if (missing !== undefined) throw new StorageError("corrupt", `a segment lacks the column ${missing.name}`)
  const offsets = new Float64Array(rows)
  const fills = new Map(columns.map(column => [column.name, new Filling(column, rows)]))
  await parquetRead({
    file,
    metadata: plainMetadata(metadata),
    columns: [...fills.keys(), OFFSET_COLUMN],
    compressors: { ZSTD: input => new Uint8Array(zstdDecompressSync(input)) },
    utf8: false,
    onChunk: ({ columnName, columnData, rowStart }) => {
      if (columnName !== OFFSET_COLUMN) return void fills.get(columnName)?.add(columnData, rowStart)
      for (let row = 0; row < columnData.length; row++) offsets[rowStart + row] = Number(columnData[row])
    },
  })
  return { rows, offsets, columns: columns.map(({ name }) => fills.get(name)!.finish()) }
}

/** With physical types alone, but for text: the library would make dates, rounded decimals and parsed JSON of them. */
function plainMetadata(metadata: FileMetaData): FileMetaData {
  return { ...metadata, schema: metadata.schema.map(plainElement) }
}

function plainElement(element: SchemaElement): SchemaElement {
  const { converted_type, logical_type: _logical, precision: _precision, scale: _scale, ...plain } = element
  return converted_type === "UTF8" || converted_type === "LIST" ? { ...plain, converted_type } : plain
}

const ARRAYS: Readonly<Partial<Record<ColumnType, new (rows: number) => Int32Array>>> = {
  int: Int32Array,
  long: BigInt64Array as never,
  timestamp: BigInt64Array as never,
  float: Float64Array as never,
  double: Float64Array as never,
  boolean: Uint8Array as never,
}

const EMPTY: Readonly<Partial<Record<ColumnType, unknown>>> = {
  string: "",
  json: "",
  decimal: 0n,
  bytes: new Uint8Array(),
}

/** A vector that is filled row group by row group. */
class Filling {
  readonly #type: ColumnType
  readonly #isList: boolean
  readonly #nulls: Uint8Array
  readonly #values: Int32Array | unknown[]
  #nullCount = 0

  constructor({ type, list }: ColumnSpec, rows: number) {
    this.#type = type
    this.#isList = list === true
    this.#nulls = new Uint8Array(rows)
    const Typed = this.#isList ? undefined : ARRAYS[type]
    const empty = this.#isList ? [] : EMPTY[type]
    this.#values = Typed === undefined ? new Array<unknown>(rows).fill(empty) : new Typed(rows)
  }

  add(data: DecodedArray, from: number): void {
    const values = this.#values as unknown[]
    if (!Array.isArray(data) && !Array.isArray(values)) {
      const typed = values as unknown as Int32Array
      typed.set(data as never, from)
      return
    }
    const one = this.#type === "decimal" ? unscaled : (value: unknown) => value
    const of = this.#isList ? (value: unknown) => listOf(value, one) : one
    for (let row = 0; row < data.length; row++) {
      const value: unknown = data[row]
      if (value !== null && value !== undefined) values[from + row] = of(value)
      else {
        this.#nulls[from + row] = 1
        this.#nullCount++
      }
    }
  }

  finish(): ColumnVector {
    const nullCount = this.#nullCount
    return {
      ...(this.#isList ? { type: "list", element: this.#type } : { type: this.#type }),
      nulls: this.#nulls,
      nullCount,
      values: this.#values,
    } as unknown as ColumnVector
  }
}

function listOf(value: unknown, of: (value: unknown) => unknown): readonly unknown[] {
  return (value as readonly unknown[]).map(one => (one === null || one === undefined ? null : of(one)))
}

/** Sixteen bytes, big-endian, two's complement. */
function unscaled(bytes: unknown): bigint {
  const { buffer, byteOffset } = bytes as Uint8Array
  const view = new DataView(buffer, byteOffset, 16)
  return (view.getBigInt64(0) << 64n) | view.getBigUint64(8)
}
