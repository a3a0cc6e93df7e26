import type { ColumnChunk, Encoding, SchemaElement } from "hyparquet"
import { compareText } from "../expression/comparison.ts"
import { encodeThrift, THRIFT, type ThriftStruct } from "../read/thrift.ts"
import { bitsFor, deltaPacked, packedRun, repeatedRun } from "./bit-packing.ts"
import { dictionaryOf } from "./dictionary.ts"
import { type FlatVector, plainValues } from "./plain-values.ts"

/** A chunk's bytes, and what the footer says of it. */
export interface WrittenChunk {
  readonly pieces: readonly Uint8Array[]
  readonly sizeBytes: number
  /** Of which the places count from the chunk's start. */
  readonly chunk: ColumnChunk
}

export type Compress = ((bytes: Uint8Array) => Uint8Array) | undefined

const ENCODINGS = { PLAIN: 0, DELTA_BINARY_PACKED: 5, RLE_DICTIONARY: 8 } as const
const PAGE_TYPE = { dictionary: 2, dataV2: 3 } as const

type ValueEncoding = keyof typeof ENCODINGS

/** A page that waits for its chunk's end. */
interface Page {
  readonly bytes: readonly Uint8Array[]
  readonly rawBytes: number
}

/**
 * Some rows of a column without lists as a column chunk: a dictionary page where there are few different values, and one
 * data page. A general writer boxes each value; here numbers are stored as they lie in memory.
 */
export function writeFlatChunk(
  element: SchemaElement,
  column: FlatVector,
  start: number,
  end: number,
  compress: Compress,
): WrittenChunk {
  const rows = column.nullCount === 0 ? undefined : presentRows(column.nulls, start, end)
  const values = rows?.length ?? end - start
  const levels = levelsOf(column, start, end, values)
  const dictionary = dictionaryOf(column, rows, start, end)
  const bounds = boundsOf(column, dictionary?.rows ?? rows, start, end)
  const page = (encoding: ValueEncoding, body: Uint8Array) =>
    dataPage({ slots: end - start, values, encoding, levels, body }, compress)
  const stats = { ...bounds, null_count: BigInt(end - start - values) }
  if (dictionary === undefined) {
    const plain = page("PLAIN", plainValues(column, rows, start, end))
    return chunkOf(element, [plain], ["PLAIN"], end - start, compress, stats)
  }
  const { ids, rows: firsts } = dictionary
  const width = bitsFor(firsts.length)
  const packed = width === 0 ? repeatedRun(0, ids.length).subarray(0, -1) : packedRun(ids, width)
  const body = Buffer.concat([Uint8Array.of(width), packed])
  const words = dictionaryPage(firsts.length, plainValues(column, firsts, 0, 0), compress)
  return chunkOf(
    element,
    [words, page("RLE_DICTIONARY", body)],
    ["PLAIN", "RLE_DICTIONARY"],
    end - start,
    compress,
    stats,
  )
}

/** Offsets, of which none is missing. */
export function writeOffsetChunk(
  element: SchemaElement,
  offsets: Float64Array,
  compress: Compress,
): WrittenChunk {
  let min = offsets[0]!
  let max = min
  for (const offset of offsets) {
    if (offset < min) min = offset
    if (offset > max) max = offset
  }
  const deltas = deltaPacked(offsets)
  const body = deltas ?? new Uint8Array(BigInt64Array.from(offsets, BigInt).buffer)
  const encoding = deltas === undefined ? "PLAIN" : "DELTA_BINARY_PACKED"
  const slots = offsets.length
  const page = dataPage({ slots, values: slots, encoding, levels: NO_BYTES, body }, compress)
  const stats = { min_value: BigInt(min), max_value: BigInt(max), null_count: 0n }
  return chunkOf(element, [page], [encoding], slots, compress, stats)
}

const NO_BYTES = new Uint8Array(0)

function presentRows(nulls: Uint8Array, start: number, end: number): Uint32Array {
  const rows = new Uint32Array(end - start)
  let count = 0
  for (let row = start; row < end; row++) if (nulls[row] === 0) rows[count++] = row
  return rows.subarray(0, count)
}

/** Which rows are there: one bit each. */
function levelsOf({ nulls }: FlatVector, start: number, end: number, values: number): Uint8Array {
  if (values === end - start) return repeatedRun(1, values)
  if (values === 0) return repeatedRun(0, end - start)
  return packedRun(
    nulls.subarray(start, end).map(isNull => 1 - isNull),
    1,
  )
}

interface Bounds {
  readonly min_value?: number | bigint | string | boolean
  readonly max_value?: number | bigint | string | boolean
}

/** The least and greatest value; none of bytes and JSON, whose order nobody asks for. */
function boundsOf(column: FlatVector, rows: Uint32Array | undefined, start: number, end: number): Bounds {
  const { type } = column
  if (type === "bytes" || type === "json") return {}
  if (type === "long" || type === "timestamp") return longBounds(column.values, rows, start, end)
  const values = column.values as ArrayLike<number>
  const isText = type === "string"
  const count = rows?.length ?? end - start
  let min: number | undefined
  let max: number | undefined
  for (let at = 0; at < count; at++) {
    const value = values[rows === undefined ? start + at : rows[at]!]!
    if (isText) {
      const text = value as unknown as string
      if (min === undefined || compareText(text, min as unknown as string) < 0) min = value
      if (max === undefined || compareText(text, max as unknown as string) > 0) max = value
    } else {
      // Above all others to SQL, which Parquet's bounds cannot say.
      if (Number.isNaN(value)) return {}
      if (min === undefined || value < min) min = value
      if (max === undefined || value > max) max = value
    }
  }
  if (min === undefined || max === undefined) return {}
  if (type === "boolean") return { min_value: min === 1, max_value: max === 1 }
  // Parquet: a bound that is zero stands for both zeros.
  return { min_value: min === 0 ? -0 : min, max_value: max === 0 ? 0 : max }
}

/** By halves: reading a bigint makes an object of it. */
function longBounds(
  values: BigInt64Array,
  rows: Uint32Array | undefined,
  start: number,
  end: number,
): Bounds {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const isBelow = (a: number, b: number) => {
    const difference = halves[2 * a + 1]! - halves[2 * b + 1]!
    return difference === 0 ? halves[2 * a]! >>> 0 < halves[2 * b]! >>> 0 : difference < 0
  }
  const count = rows?.length ?? end - start
  if (count === 0) return {}
  let min = rows?.[0] ?? start
  let max = min
  for (let at = 1; at < count; at++) {
    const row = rows === undefined ? start + at : rows[at]!
    if (isBelow(row, min)) min = row
    else if (isBelow(max, row)) max = row
  }
  return { min_value: values[min]!, max_value: values[max]! }
}

interface PageContent {
  readonly slots: number
  readonly values: number
  readonly encoding: ValueEncoding
  readonly levels: Uint8Array
  readonly body: Uint8Array
}

const i32 = (id: number, value: number) => ({ id, type: THRIFT.I32, value })

function dataPage({ slots, values, encoding, levels, body }: PageContent, compress: Compress): Page {
  const stored = compress === undefined ? body : compress(body)
  return pageOf(PAGE_TYPE.dataV2, levels.length + body.length, [levels, stored], {
    id: 8,
    type: THRIFT.STRUCT,
    value: [
      i32(1, slots),
      i32(2, slots - values),
      i32(3, slots),
      i32(4, ENCODINGS[encoding]),
      i32(5, levels.length),
      i32(6, 0),
      ...(compress === undefined ? [{ id: 7, type: THRIFT.FALSE, value: false }] : []),
    ],
  })
}

function dictionaryPage(count: number, body: Uint8Array, compress: Compress): Page {
  const stored = compress === undefined ? body : compress(body)
  const value = [i32(1, count), i32(2, ENCODINGS.PLAIN)]
  return pageOf(PAGE_TYPE.dictionary, body.length, [stored], { id: 7, type: THRIFT.STRUCT, value })
}

function pageOf(
  type: number,
  rawBytes: number,
  content: readonly Uint8Array[],
  kind: ThriftStruct[number],
): Page {
  const stored = content.reduce((sum, { length }) => sum + length, 0)
  const header = encodeThrift([i32(1, type), i32(2, rawBytes), i32(3, stored), kind])
  return { bytes: [header, ...content], rawBytes: header.length + rawBytes }
}

function chunkOf(
  element: SchemaElement,
  pages: readonly Page[],
  encodings: Encoding[],
  slots: number,
  compress: Compress,
  statistics: object,
): WrittenChunk {
  const pieces = pages.flatMap(({ bytes }) => bytes)
  const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0)
  const first = pages[0]!.bytes.reduce((sum, { length }) => sum + length, 0)
  const hasDictionary = pages.length > 1
  const chunk: ColumnChunk = {
    file_offset: 0n,
    meta_data: {
      type: element.type!,
      encodings,
      path_in_schema: [element.name],
      codec: compress === undefined ? "UNCOMPRESSED" : "ZSTD",
      num_values: BigInt(slots),
      total_uncompressed_size: BigInt(pages.reduce((sum, { rawBytes }) => sum + rawBytes, 0)),
      total_compressed_size: BigInt(sizeBytes),
      data_page_offset: BigInt(hasDictionary ? first : 0),
      ...(hasDictionary ? { dictionary_page_offset: 0n } : {}),
      statistics,
    },
  }
  return { pieces, sizeBytes, chunk }
}
