import { concatBatches } from "../ingest/batch.ts"
import type { ColumnBatch } from "../ingest/column.ts"

/** Adjacent rows of a tail. It is shipped to the query engine as one file, encoded once. */
export class TailChunk {
  readonly batch: ColumnBatch
  /** Tells apart chunks of the same offsets: how many rows of a table with a key are left out. */
  readonly mark: string
  #file: Uint8Array | undefined

  constructor(batch: ColumnBatch, mark = "") {
    this.batch = batch
    this.mark = mark
  }

  /** The file's bytes; `encode` makes them the first time. */
  file(encode: (batch: ColumnBatch) => Uint8Array): Uint8Array {
    this.#file ??= encode(this.batch)
    return this.#file
  }

  get bytes(): number {
    return this.batch.decodedBytes + (this.#file?.length ?? 0)
  }
}

/** A partition's records from a position on, decoded: a value, never changed. */
export interface TailState {
  /** Where it starts: the position of the manifest that it was read for. */
  readonly position: number
  /** Where it ends: the next offset to read. */
  readonly next: number
  /** Without a gap from `position` to `next`. */
  readonly chunks: readonly TailChunk[]
  /** Stored batches that it was read from: no fewer than its slots. */
  readonly slots: number
  /** What queries paid for reading it, dollars. */
  readonly paid: number
}

export const emptyTail = (position: number): TailState => ({
  position,
  next: position,
  chunks: [],
  slots: 0,
  paid: 0,
})

export const tailRecords = ({ chunks }: TailState): number =>
  chunks.reduce((sum, { batch }) => sum + batch.counts.records, 0)

export const tailDecodedBytes = ({ chunks }: TailState): number =>
  chunks.reduce((sum, { batch }) => sum + batch.decodedBytes, 0)

export const tailRows = ({ chunks }: TailState): number =>
  chunks.reduce((sum, { batch }) => sum + batch.rows, 0)

/** Below this, merging two chunks costs less than shipping one more file. */
const CHUNK_ROWS_SMALL = 64
/** Larger ones are not merged further: encoding this many rows keeps a query waiting for some 20 ms. */
const CHUNK_RECORDS_MAX = 8_192
/** Chunks that double from 64 rows to 8,192 are eight; six more hold what else is kept. */
export const TAIL_CHUNKS_MAX = 14

/**
 * The tail with a batch that begins where it ends. Chunks are merged so that each is at least twice as large as the
 * next: a row is encoded again only about log2(rows) times, and a query ships few new files.
 */
export function extendTail(
  tail: TailState,
  batch: ColumnBatch,
  slots: number,
  chunksMax: number = TAIL_CHUNKS_MAX,
): TailState {
  if (batch.base !== tail.next) throw new RangeError(`expected a batch from ${tail.next}, got ${batch.base}`)
  const merging: ColumnBatch[] = [batch]
  let kept = tail.chunks.length
  let { rows } = batch
  let { records } = batch.counts
  while (kept > 0) {
    const before = tail.chunks[kept - 1]!.batch
    records += before.counts.records
    const large = records > CHUNK_RECORDS_MAX || weight(before.rows) >= 2 * weight(rows)
    if (large && kept < chunksMax) break
    merging.unshift(before)
    rows += before.rows
    kept--
  }
  const chunk = new TailChunk(concatBatches(merging))
  return {
    ...tail,
    next: batch.next,
    chunks: [...tail.chunks.slice(0, kept), chunk],
    slots: tail.slots + slots,
  }
}

const weight = (rows: number) => Math.max(rows, CHUNK_ROWS_SMALL)

/** The tail from a later position; undefined when that is within a chunk or beyond the end: it is read again then. */
export function trimTail(tail: TailState, position: number): TailState | undefined {
  if (position === tail.position) return tail
  if (position === tail.next) return emptyTail(position)
  const first = tail.chunks.findIndex(({ batch }) => batch.base === position)
  if (first < 0) return undefined
  return { ...tail, position, chunks: tail.chunks.slice(first), paid: 0 }
}

/** As much of the tail, from its start, as may be kept. */
export function keptTail(tail: TailState, recordsMax: number, bytesMax: number): TailState {
  let records = 0
  let bytes = 0
  let count = 0
  for (const { batch } of tail.chunks) {
    records += batch.counts.records
    bytes += batch.decodedBytes
    if (records > recordsMax || bytes > bytesMax) break
    count++
  }
  if (count === tail.chunks.length) return tail
  const chunks = tail.chunks.slice(0, count)
  return { ...tail, chunks, next: chunks.at(-1)?.batch.next ?? tail.position }
}
