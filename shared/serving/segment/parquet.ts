import { zstdCompressSync } from "node:zlib"
import type { DecodedArray, SchemaElement } from "hyparquet"
import { parquetWriteBuffer } from "hyparquet-writer"
import type { ColumnSpec, ColumnType } from "../../definition/table-spec.ts"
import { type ColumnBatch, type ColumnVector, DECIMAL_SCALE } from "../ingest/column.ts"
import { withChecksums } from "../read/footer.ts"
import { type FlatFile, writeFlatFile } from "./flat-file.ts"
import type { FlatVector } from "./plain-values.ts"

/** The column that holds each row's offset; a table's columns cannot begin with `$`. */
export const OFFSET_COLUMN = "$offset"
/** Version of what stands in a file: its columns' encodings and its metadata. */
export const SEGMENT_FORMAT = 1

export const ROW_GROUP_ROWS_DEFAULT = 65_536

/** What a file says of itself, as Parquet key-value metadata. */
export interface FileIdentity {
  readonly tableId: string
  readonly partition: number
  readonly schemaVersion: number
}

export interface EncodeOptions {
  /** 8,192 to 131,072. */
  readonly rowGroupRows?: number
  /** `zstd` for what is stored, `none` for what is read once and nearby. */
  readonly codec: "zstd" | "none"
}

type Element = Omit<SchemaElement, "name" | "repetition_type">

const ELEMENTS: Readonly<Record<ColumnType, Element>> = {
  int: { type: "INT32" },
  long: { type: "INT64" },
  float: { type: "FLOAT" },
  double: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  // Not adjusted to UTC: DuckDB reads it as TIMESTAMP, which is UTC in every session here.
  timestamp: { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MILLIS" } },
  decimal: {
    type: "FIXED_LEN_BYTE_ARRAY",
    type_length: 16,
    converted_type: "DECIMAL",
    precision: 38,
    scale: DECIMAL_SCALE,
  },
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  // Text with the logical type beside it: with the converted type the writer would encode the text once more. DuckDB
  // reads it as VARCHAR; queries cast it.
  json: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "JSON" } },
  bytes: { type: "BYTE_ARRAY" },
}

/** A column in the file's schema; a list is the three levels that Parquet's LIST has. */
function elementsOf({ name, type, list }: ColumnSpec): readonly SchemaElement[] {
  const element: SchemaElement = { ...ELEMENTS[type], name, repetition_type: "OPTIONAL" }
  if (list !== true) return [element]
  return [
    {
      name,
      repetition_type: "OPTIONAL",
      converted_type: "LIST",
      logical_type: { type: "LIST" },
      num_children: 1,
    },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { ...element, name: "element" },
  ]
}

/**
 * A batch as a Parquet file, offsets and identity included; what is to be stored with a checksum of each chunk. Equal
 * arguments give equal bytes.
 */
export function encodeParquet(
  columns: readonly ColumnSpec[],
  batch: Pick<ColumnBatch, "base" | "next" | "offsets" | "columns">,
  identity: FileIdentity,
  options: EncodeOptions,
): Uint8Array {
  const schema: SchemaElement[] = [
    { name: "root", num_children: columns.length + 1 },
    ...columns.flatMap(elementsOf),
    { name: OFFSET_COLUMN, type: "INT64", repetition_type: "REQUIRED" },
  ]
  const isStored = options.codec === "zstd"
  const compress = isStored ? (bytes: Uint8Array) => zstdCompressSync(bytes) : undefined
  const metadata = [
    { key: "v", value: String(SEGMENT_FORMAT) },
    { key: "table", value: identity.tableId },
    { key: "partition", value: String(identity.partition) },
    { key: "schema", value: String(identity.schemaVersion) },
    { key: "base", value: String(batch.base) },
    { key: "next", value: String(batch.next) },
  ]
  const rowGroupRows = options.rowGroupRows ?? ROW_GROUP_ROWS_DEFAULT
  const flat = batch.columns.filter(isFlat)
  const file =
    flat.length === batch.columns.length
      ? writeFlatFile({ schema, batch, columns: flat, rowGroupRows, compress, metadata })
      : writeFile({ schema, columns, batch, rowGroupRows, compress, metadata })
  return isStored ? withChecksums(file) : file
}

const isFlat = (column: ColumnVector): column is FlatVector => column.type !== "list"

type AnyFile = Omit<FlatFile, "columns" | "batch"> & {
  readonly columns: readonly ColumnSpec[]
  readonly batch: Pick<ColumnBatch, "offsets" | "columns">
}

/** A file that may hold lists. */
function writeFile({ schema, columns, batch, rowGroupRows, compress, metadata }: AnyFile): Uint8Array {
  const written = parquetWriteBuffer({
    schema: [...schema],
    columnData: [
      ...columns.map(({ name }, index) => ({ name, data: cells(batch.columns[index]!) })),
      {
        name: OFFSET_COLUMN,
        data: BigInt64Array.from(batch.offsets, BigInt),
        encoding: "DELTA_BINARY_PACKED",
      },
    ],
    codec: compress === undefined ? "UNCOMPRESSED" : "ZSTD",
    compressors: compress === undefined ? {} : { ZSTD: compress },
    rowGroupSize: rowGroupRows,
    createdBy: "millrace",
    kvMetadata: [...metadata],
  })
  return new Uint8Array(written)
}

/** The values as the writer wants them: typed where there is no null, else an array with nulls. */
function cells(column: ColumnVector): DecodedArray {
  const { nulls, values } = column
  if (column.type === "boolean") {
    return Array.from(column.values, (flag, row) => (nulls[row] === 1 ? null : flag === 1))
  }
  if (column.nullCount === 0) return values as DecodedArray
  return Array.from<unknown, unknown>(values, (value, row) => (nulls[row] === 1 ? null : value))
}
