import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { segmentKey } from "../segment/segment-key.ts"
import type { PinnedSegment } from "../types.ts"
import type { ChunkStore, WantedRange } from "./chunk-store.ts"
import { decodeChunk } from "./decode.ts"
import type { Chunk } from "./footer.ts"
import type { FooterStore } from "./footer-store.ts"
import type { DecodedColumn, DecodedGroup, ReadMeter, SegmentReader, SegmentShape } from "./types.ts"

/** A column of a row group that is wanted. */
interface Wanted {
  readonly column: string
  /** Its place among the row groups that were asked for. */
  readonly at: number
  readonly chunk: Chunk
}

/** Reads a chunk's bytes and knows them for what was written. Throws `StorageError` (`corrupt`). */
export function checkChunk(key: string, chunk: Chunk, bytes: Uint8Array): Uint8Array {
  if (chunk.crc32c !== undefined && chunk.crc32c !== crc32c(bytes)) {
    throw new StorageError("corrupt", `segment ${key} is damaged: column ${chunk.leaf.column}`)
  }
  return bytes
}

/** Reads and decodes columns of segments by ranges. Keeps footers alone: who asks keeps what it makes of the columns. */
export class RangedSegmentReader implements SegmentReader {
  readonly #chunks: ChunkStore
  readonly #footers: FooterStore
  readonly #breathe: (() => Promise<void>) | undefined

  /** @param breathe lets other work of the process run between two chunks; default: nothing is let in */
  constructor(chunks: ChunkStore, footers: FooterStore, breathe?: () => Promise<void>) {
    this.#chunks = chunks
    this.#footers = footers
    this.#breathe = breathe
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
    const { groups } = await this.#footers.one(segment, meter)
    const key = segmentKey(segment.tableId, segment.partition, segment.pointer)
    const asked = rowGroups ?? groups.map((_, index) => index)
    const wanted: Wanted[] = []
    for (const [at, index] of asked.entries()) {
      if (groups[index] === undefined) throw new RangeError(`segment ${key} has no row group ${index}`)
      for (const column of columns) {
        const chunk = groups[index].chunks.get(column)
        if (chunk !== undefined) wanted.push({ column, at, chunk })
      }
    }
    const ranges = wanted.map(({ chunk }): WantedRange => ({ key, start: chunk.start, end: chunk.end }))
    const bodies = await this.#chunks.read(ranges, meter)
    const decoded = asked.map(() => new Map<string, DecodedColumn>())
    for (const [index, { column, at, chunk }] of wanted.entries()) {
      decoded[at]!.set(column, decodeChunk(checkChunk(key, chunk, bodies[index]!), chunk))
      await this.#breathe?.()
    }
    return asked.map((index, at) => {
      const { firstRow, rows } = groups[index]!
      return { index, firstRow, rows, columns: decoded[at]! }
    })
  }
}
