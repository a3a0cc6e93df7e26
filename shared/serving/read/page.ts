import { zstdDecompressSync } from "node:zlib"
import { StorageError } from "../../storage/errors.ts"
import type { Chunk } from "./footer.ts"
import { readHybrid } from "./hybrid.ts"
import { fieldOf, integerOf, structOf, ThriftReader, type ThriftStruct } from "./thrift.ts"

export const ENCODING = { plain: 0, plainDictionary: 2, rle: 3, delta: 5, dictionary: 8 } as const
const PAGE = { type: 1, rawBytes: 2, bytes: 3, dataV1: 5, dictionary: 7, dataV2: 8 } as const
const PAGE_TYPE = { dataV1: 0, dictionary: 2, dataV2: 3 } as const
const CODEC = { none: 0, zstd: 6 } as const

/** zlib's least; its default would hand a page over in pieces, to be joined. */
const CHUNK_BYTES_MIN = 64

/** A page without its levels, uncompressed. */
export interface Page {
  readonly isDictionary: boolean
  readonly encoding: number
  /** Values with their nulls; of a list, its items and its rows without any. */
  readonly slots: number
  readonly data: Uint8Array
  /** Of each slot; absent: every value is there. */
  readonly definition?: Uint8Array
  /** Of each slot of a list: 0 begins a row. */
  readonly repetition?: Uint8Array
}

/** The pages of a chunk, the dictionary first where it has one. Throws `StorageError` (`corrupt`). */
export function readPages(bytes: Uint8Array, chunk: Chunk): readonly Page[] {
  const pages: Page[] = []
  let slots = 0
  for (let at = 0; at < bytes.length && slots < chunk.values; ) {
    const reader = new ThriftReader(bytes, at)
    const header = reader.struct()
    const end = reader.at + integerOf(header, PAGE.bytes)
    if (end > bytes.length) throw new StorageError("corrupt", "a page beyond its chunk's end")
    const page = readPage(header, bytes.subarray(reader.at, end), chunk)
    if (page !== undefined) {
      pages.push(page)
      if (!page.isDictionary) slots += page.slots
    }
    at = end
  }
  if (slots !== chunk.values) {
    throw new StorageError("corrupt", `a chunk of ${slots} values; expected ${chunk.values}`)
  }
  return pages
}

function readPage(header: ThriftStruct, body: Uint8Array, chunk: Chunk): Page | undefined {
  const rawBytes = integerOf(header, PAGE.rawBytes)
  switch (integerOf(header, PAGE.type)) {
    case PAGE_TYPE.dictionary: {
      const of = structOf(header, PAGE.dictionary) ?? []
      const data = uncompressed(body, chunk.codec, rawBytes)
      return { isDictionary: true, encoding: ENCODING.plain, slots: integerOf(of, 1), data }
    }
    case PAGE_TYPE.dataV2:
      return readV2(structOf(header, PAGE.dataV2) ?? [], body, chunk, rawBytes)
    case PAGE_TYPE.dataV1:
      return readV1(structOf(header, PAGE.dataV1) ?? [], uncompressed(body, chunk.codec, rawBytes), chunk)
    default:
      return undefined
  }
}

function readV2(of: ThriftStruct, body: Uint8Array, chunk: Chunk, rawBytes: number): Page {
  const slots = integerOf(of, 1)
  const nulls = integerOf(of, 2)
  const definitionBytes = integerOf(of, 5)
  const repetitionBytes = integerOf(of, 6)
  const isCompressed = fieldOf(of, 7) !== false
  const { itemLevel, definitionMax } = chunk.leaf
  const levels = definitionBytes + repetitionBytes
  const rest = body.subarray(levels)
  const data = isCompressed ? uncompressed(rest, chunk.codec, rawBytes - levels) : rest
  const hasLevels = definitionMax > 0 && (nulls > 0 || itemLevel > 0)
  return {
    isDictionary: false,
    encoding: integerOf(of, 4),
    slots,
    data,
    ...(hasLevels ? { definition: readLevels(body, repetitionBytes, levels, definitionMax, slots) } : {}),
    ...(itemLevel > 0 ? { repetition: readLevels(body, 0, repetitionBytes, 1, slots) } : {}),
  }
}

function readV1(of: ThriftStruct, raw: Uint8Array, chunk: Chunk): Page {
  const slots = integerOf(of, 1)
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const { definitionMax, itemLevel } = chunk.leaf
  let at = 0
  const next = (max: number): Uint8Array => {
    const start = at + 4
    at = start + view.getUint32(at, true)
    return readLevels(raw, start, at, max, slots)
  }
  const repetition = itemLevel > 0 ? next(1) : undefined
  const definition = definitionMax > 0 ? next(definitionMax) : undefined
  const isWhole = itemLevel === 0 && definition?.every(level => level === definitionMax)
  return {
    isDictionary: false,
    encoding: integerOf(of, 2),
    slots,
    data: raw.subarray(at),
    ...(definition === undefined || isWhole ? {} : { definition }),
    ...(repetition === undefined ? {} : { repetition }),
  }
}

function readLevels(bytes: Uint8Array, at: number, end: number, max: number, count: number): Uint8Array {
  const levels = new Uint8Array(count)
  readHybrid(bytes, at, end, 32 - Math.clz32(max), levels, 0, count)
  return levels
}

function uncompressed(bytes: Uint8Array, codec: number, rawBytes: number): Uint8Array {
  if (codec === CODEC.none || bytes.length === 0) return bytes
  if (codec !== CODEC.zstd) throw new StorageError("corrupt", `a page of codec ${codec}: expected zstd`)
  try {
    const raw = zstdDecompressSync(bytes, {
      maxOutputLength: Math.max(1, rawBytes),
      chunkSize: Math.max(CHUNK_BYTES_MIN, rawBytes),
    })
    // A Buffer's slices are slower, and are not equal to an array's.
    if (raw.length === rawBytes) return new Uint8Array(raw.buffer, raw.byteOffset, raw.length)
  } catch (cause) {
    throw new StorageError("corrupt", "a page that does not decompress", { cause })
  }
  throw new StorageError("corrupt", `a page that does not give ${rawBytes} bytes`)
}
