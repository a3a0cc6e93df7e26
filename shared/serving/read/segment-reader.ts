import { LRUCache } from "lru-cache"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { segmentKey } from "../segment/segment-key.ts"
import type { PinnedSegment } from "../types.ts"
import type { ChunkStore, WantedRange } from "./chunk-store.ts"
import { decodeChunk } from "./decode.ts"
import type { Chunk, Footer } from "./footer.ts"
import type { FooterStore } from "./footer-store.ts"
import type { DecodedColumn, DecodedGroup, ReadMeter, SegmentReader, SegmentShape } from "./types.ts"

/** Decoded columns kept: some 30 columns of 2 M rows, or fewer of more. */
export const DECODED_BYTES = 512 * 1024 * 1024

/** A column of a row group that is wanted and not in memory. */
interface Missing {
  readonly name: string
  readonly chunk: Chunk
}

/** Reads a chunk's bytes and knows them for what was written. Throws `StorageError` (`corrupt`). */
export function checkChunk(key: string, chunk: Chunk, bytes: Uint8Array): Uint8Array {
  if (chunk.crc32c !== undefined && chunk.crc32c !== crc32c(bytes)) {
    throw new StorageError("corrupt", `segment ${key} is damaged: column ${chunk.leaf.column}`)
  }
  return bytes
}

/** Reads and decodes columns of segments by ranges; decoded ones are kept by segment, row group and column. */
export class RangedSegmentReader implements SegmentReader {
  readonly #chunks: ChunkStore
  readonly #footers: FooterStore
  readonly #decoded: LRUCache<string, DecodedColumn>

  constructor(chunks: ChunkStore, footers: FooterStore, decodedBytes: number = DECODED_BYTES) {
    this.#chunks = chunks
    this.#footers = footers
    this.#decoded = new LRUCache({ maxSize: decodedBytes, sizeCalculation: ({ bytes }) => bytes + 1 })
  }

  async shape(segment: PinnedSegment, meter: ReadMeter): Promise<SegmentShape> {
    const { rows, groups } = await this.#footers.one(segment, meter)
    return { rows, groupRows: groups.map(group => group.rows) }
  }

  async readColumns(
    segment: PinnedSegment,
    columns: readonly string[],
    rowGroups: readonly number[] | undefined,
    meter: ReadMeter,
  ): Promise<readonly DecodedGroup[]> {
    const footer = await this.#footers.one(segment, meter)
    const key = segmentKey(segment.tableId, segment.partition, segment.pointer)
    const indexes = rowGroups ?? footer.groups.map((_, index) => index)
    // By name, and held until the end: what is kept may be dropped while the rest is read.
    const held = new Map<string, DecodedColumn>()
    const missing = this.#missing(key, footer, columns, indexes, held, meter)
    const ranges = missing.map(({ chunk }): WantedRange => ({ key, start: chunk.start, end: chunk.end }))
    const bodies = await this.#chunks.read(ranges, meter, false)
    for (const [at, { name, chunk }] of missing.entries()) {
      const column = decodeChunk(checkChunk(key, chunk, bodies[at]!), chunk)
      held.set(name, column)
      this.#decoded.set(name, column)
    }
    return indexes.map(index => {
      const group = footer.groups[index]
      if (group === undefined) throw new RangeError(`segment ${key} has no row group ${index}`)
      const found = new Map<string, DecodedColumn>()
      for (const column of columns) {
        const decoded = held.get(nameOf(key, index, column))
        if (decoded !== undefined) found.set(column, decoded)
      }
      return { index, firstRow: group.firstRow, rows: group.rows, columns: found }
    })
  }

  #missing(
    key: string,
    footer: Footer,
    columns: readonly string[],
    indexes: readonly number[],
    held: Map<string, DecodedColumn>,
    meter: ReadMeter,
  ): readonly Missing[] {
    const missing: Missing[] = []
    for (const index of indexes) {
      for (const column of columns) {
        const chunk = footer.groups[index]?.chunks.get(column)
        if (chunk === undefined) continue
        const name = nameOf(key, index, column)
        const known = this.#decoded.get(name)
        if (known === undefined) missing.push({ name, chunk })
        else {
          held.set(name, known)
          meter.bytesCached += chunk.end - chunk.start
        }
      }
    }
    return missing
  }
}

const nameOf = (key: string, group: number, column: string) => `${key}#${group}#${column}`
