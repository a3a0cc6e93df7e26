import type { ColumnType } from "../../definition/table-spec.ts"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { type Leaf, leavesOf } from "./leaf.ts"
import {
  bytesOf,
  encodeThrift,
  fieldOf,
  integerOf,
  structOf,
  structsOf,
  THRIFT,
  ThriftReader,
  type ThriftStruct,
  withField,
} from "./thrift.ts"

// Numbers of fields in Parquet's footer, by structure.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
export const FILE = { rows: 3, groups: 4, schema: 2, keyValues: 5 } as const
export const GROUP = { columns: 1, bytes: 2, rows: 3, fileOffset: 5, compressedBytes: 6 } as const
export const CHUNK = { fileOffset: 2, meta: 3 } as const
export const META = {
  codec: 4,
  values: 5,
  uncompressedBytes: 6,
  compressedBytes: 7,
  dataAt: 9,
  indexAt: 10,
  dictionaryAt: 11,
  statistics: 12,
  bloomAt: 14,
  bloomBytes: 15,
} as const
const STATISTICS = { nulls: 3, max: 5, min: 6 } as const

/** Bytes after the footer: its length and Parquet's mark. */
export const TRAILER_BYTES = 8
/** Where a file's own checksums stand among its metadata: four bytes for each chunk, as they follow each other. */
const CHECKSUMS_KEY = "crc32c"

export type Bound = number | bigint | string

/** One column's bytes in one row group. */
export interface Chunk {
  readonly leaf: Leaf
  readonly start: number
  readonly end: number
  /** Rows, or items and empty rows of a list. */
  readonly values: number
  /** 0 none, 6 zstd. */
  readonly codec: number
  /** Absent where the file does not say. */
  readonly min?: Bound
  readonly max?: Bound
  readonly nulls?: number
  readonly crc32c?: number
}

export interface RowGroup {
  readonly rows: number
  /** The row of the file that its first row is. */
  readonly firstRow: number
  /** By column. */
  readonly chunks: ReadonlyMap<string, Chunk>
}

/** A Parquet file's footer. */
export interface Footer {
  readonly struct: ThriftStruct
  readonly bytes: number
  readonly rows: number
  readonly leaves: readonly Leaf[]
  readonly groups: readonly RowGroup[]
}

/** The footer at the end of a whole file or of its last bytes; undefined: so many bytes are not enough. */
export function footerBytes(tail: Uint8Array): Uint8Array | undefined {
  if (tail.length < TRAILER_BYTES) throw new StorageError("corrupt", "a Parquet file without an end")
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  const mark = String.fromCharCode(...tail.subarray(tail.length - 4))
  if (mark !== "PAR1") throw new StorageError("corrupt", `a file that ends with ${JSON.stringify(mark)}`)
  const length = view.getUint32(tail.length - TRAILER_BYTES, true)
  const start = tail.length - TRAILER_BYTES - length
  return start < 0 ? undefined : tail.subarray(start, tail.length - TRAILER_BYTES)
}

/** Reads a footer. Throws `StorageError` (`corrupt`). */
export function readFooter(bytes: Uint8Array): Footer {
  const struct = new ThriftReader(bytes).struct()
  const leaves = leavesOf(structsOf(struct, FILE.schema))
  const checksums = checksumsOf(struct)
  let firstRow = 0
  const groups = structsOf(struct, FILE.groups).map((group, index) => {
    const columns = structsOf(group, GROUP.columns)
    if (columns.length !== leaves.length) throw new StorageError("corrupt", "a row group that lacks columns")
    const chunks = new Map(
      columns.map((column, at) => {
        const crc = checksums?.[index * leaves.length + at]
        return [leaves[at]!.column, readChunk(column, leaves[at]!, crc)]
      }),
    )
    const rows = integerOf(group, GROUP.rows)
    firstRow += rows
    return { rows, firstRow: firstRow - rows, chunks }
  })
  return { struct, bytes: bytes.length, rows: firstRow, leaves, groups }
}

function readChunk(column: ThriftStruct, leaf: Leaf, checksum: number | undefined): Chunk {
  const meta = structOf(column, CHUNK.meta)
  if (meta === undefined) throw new StorageError("corrupt", `a chunk of ${leaf.column} without metadata`)
  const dataAt = integerOf(meta, META.dataAt)
  const start = Math.min(dataAt, integerOf(meta, META.dictionaryAt, dataAt) || dataAt)
  const statistics = structOf(meta, META.statistics) ?? []
  const min = readBound(leaf.type, bytesOf(statistics, STATISTICS.min))
  const max = readBound(leaf.type, bytesOf(statistics, STATISTICS.max))
  const nulls = fieldOf(statistics, STATISTICS.nulls)
  return {
    leaf,
    start,
    end: start + integerOf(meta, META.compressedBytes),
    values: integerOf(meta, META.values),
    codec: integerOf(meta, META.codec),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(typeof nulls === "number" ? { nulls } : {}),
    ...(checksum === undefined ? {} : { crc32c: checksum }),
  }
}

function readBound(type: ColumnType, bytes: Uint8Array | undefined): Bound | undefined {
  if (bytes === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (type) {
    case "int":
      return bytes.length === 4 ? view.getInt32(0, true) : undefined
    case "long":
    case "timestamp":
      return bytes.length === 8 ? narrowed(view.getBigInt64(0, true)) : undefined
    case "float":
      return bytes.length === 4 ? view.getFloat32(0, true) : undefined
    case "double":
      return bytes.length === 8 ? view.getFloat64(0, true) : undefined
    case "boolean":
      return bytes[0]
    case "string":
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
    default:
      return undefined
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function checksumsOf(struct: ThriftStruct): Uint32Array | undefined {
  for (const pair of structsOf(struct, FILE.keyValues)) {
    if (String(Buffer.from(bytesOf(pair, 1) ?? [])) !== CHECKSUMS_KEY) continue
    const packed = Buffer.from(String(Buffer.from(bytesOf(pair, 2) ?? [])), "base64")
    return Uint32Array.from({ length: packed.length / 4 }, (_, at) => packed.readUint32LE(at * 4))
  }
  return undefined
}

/**
 * The file with a checksum of each chunk among its metadata: those who read ranges of it know them for what was
 * written, as those who read all of it do by the pointer's.
 */
export function withChecksums(file: Uint8Array): Uint8Array {
  const old = footerBytes(file)
  if (old === undefined) throw new RangeError("expected a whole Parquet file")
  const footer = readFooter(old)
  const chunks = footer.groups.flatMap(group => footer.leaves.map(({ column }) => group.chunks.get(column)!))
  const packed = Buffer.alloc(chunks.length * 4)
  for (const [at, { start, end }] of chunks.entries()) {
    packed.writeUint32LE(crc32c(file.subarray(start, end)), at * 4)
  }
  const pair: ThriftStruct = [
    { id: 1, type: THRIFT.BINARY, value: Buffer.from(CHECKSUMS_KEY) },
    { id: 2, type: THRIFT.BINARY, value: Buffer.from(packed.toString("base64")) },
  ]
  const items = [...structsOf(footer.struct, FILE.keyValues), pair]
  const struct = withField(footer.struct, {
    id: FILE.keyValues,
    type: THRIFT.LIST,
    value: { of: THRIFT.STRUCT, items },
  })
  return withFooter([file.subarray(0, file.length - TRAILER_BYTES - old.length)], struct)
}

/** The bytes of a file: what stands before its footer, the footer and the trailer. */
export function withFooter(pieces: readonly Uint8Array[], struct: ThriftStruct): Uint8Array {
  const footer = encodeThrift(struct)
  const trailer = Buffer.alloc(TRAILER_BYTES)
  trailer.writeUint32LE(footer.length)
  trailer.write("PAR1", 4)
  const joined = Buffer.concat([...pieces, footer, trailer])
  return new Uint8Array(joined.buffer, joined.byteOffset, joined.length)
}
