import { zstdDecompressSync } from "node:zlib"
import { LRUCache } from "lru-cache"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { companionKey, segmentKey } from "../segment/segment-key.ts"
import type { PinnedSegment } from "../types.ts"
import type { ChunkStore, WantedRange } from "./chunk-store.ts"
import { type Footer, footerBytes, readFooter, TRAILER_BYTES } from "./footer.ts"
import type { ReadMeter } from "./types.ts"

/** Bytes of footers kept, as they stand in files; parsed they take some ten times as much. */
const FOOTER_BYTES_KEPT = 16 * 1024 * 1024
/**
 * Read of a file's end where nothing says how long its footer is: the footer of some forty columns in one row group,
 * as most segments have; more is read again.
 */
const FOOTER_BYTES_GUESS = 8 * 1024
/** A footer's text may grow by this when it is decompressed: far beyond any, so that damage takes no memory. */
const FOOTER_BYTES_MAX = 64 * 1024 * 1024

/** Footers of segments, parsed: from their sidecars, or from their own ends. */
export class FooterStore {
  readonly #chunks: ChunkStore
  readonly #footers = new LRUCache<string, Footer>({
    maxSize: FOOTER_BYTES_KEPT,
    sizeCalculation: ({ bytes }) => bytes + 1,
  })

  constructor(chunks: ChunkStore) {
    this.#chunks = chunks
  }

  known(segment: PinnedSegment): Footer | undefined {
    return this.#footers.get(keyOf(segment))
  }

  /** What to read to know a segment's footer: give its bytes to `accept`. */
  wanted({ tableId, partition, pointer }: PinnedSegment): WantedRange {
    const { sidecar, footer, sizeBytes } = pointer
    const copy = sidecar?.blobs?.find(([, kind]) => kind === "footer")
    if (sidecar !== undefined && copy !== undefined) {
      const [, , start, length] = copy
      return { key: companionKey(tableId, partition, "index", sidecar.id), start, end: start + length }
    }
    const key = segmentKey(tableId, partition, pointer)
    const length = footer === undefined ? FOOTER_BYTES_GUESS : footer.sizeBytes + TRAILER_BYTES
    return { key, start: Math.max(0, sizeBytes - length), end: sizeBytes }
  }

  /**
   * The footer in the bytes of `wanted`; undefined when it is longer than they are.
   * Throws `StorageError` (`corrupt`).
   */
  accept(segment: PinnedSegment, bytes: Uint8Array): Footer | undefined {
    const { sidecar, footer, rows } = segment.pointer
    const isCopy = sidecar?.blobs?.some(([, kind]) => kind === "footer") === true
    const raw = isCopy ? unpacked(checkedBlob(bytes)) : footerBytes(bytes)
    if (raw === undefined) return undefined
    if (footer !== undefined && crc32c(raw) !== footer.crc32c) {
      throw new StorageError("corrupt", `segment ${keyOf(segment)} is damaged: footer`)
    }
    const read = readFooter(raw)
    if (read.rows !== rows) {
      throw new StorageError("corrupt", `segment ${keyOf(segment)} has ${read.rows} rows; expected ${rows}`)
    }
    this.#footers.set(keyOf(segment), read)
    return read
  }

  async one(segment: PinnedSegment, meter: ReadMeter): Promise<Footer> {
    const [footer] = await this.many([segment], meter)
    return footer!
  }

  /** In one round, or in two where the length of a footer was not known. Throws `StorageError`. */
  async many(segments: readonly PinnedSegment[], meter: ReadMeter): Promise<readonly Footer[]> {
    const missing = segments.filter(segment => this.known(segment) === undefined)
    const footers = new Map<string, Footer>()
    for (const segment of segments) {
      const known = this.known(segment)
      if (known !== undefined) footers.set(keyOf(segment), known)
    }
    const bodies = await this.#chunks.read(
      missing.map(segment => this.wanted(segment)),
      meter,
    )
    for (const [at, segment] of missing.entries()) {
      const footer = this.accept(segment, bodies[at]!) ?? (await this.#longer(segment, bodies[at]!, meter))
      footers.set(keyOf(segment), footer)
    }
    return segments.map(segment => footers.get(keyOf(segment))!)
  }

  async #longer(segment: PinnedSegment, tail: Uint8Array, meter: ReadMeter): Promise<Footer> {
    const { sizeBytes } = segment.pointer
    const length = Buffer.from(tail.buffer, tail.byteOffset, tail.length).readUInt32LE(
      tail.length - TRAILER_BYTES,
    )
    const range = {
      key: keyOf(segment),
      start: Math.max(0, sizeBytes - length - TRAILER_BYTES),
      end: sizeBytes,
    }
    const [body] = await this.#chunks.read([range], meter)
    const footer = this.accept(segment, body!)
    if (footer === undefined) throw new StorageError("corrupt", `segment ${keyOf(segment)} has no footer`)
    return footer
  }
}

const keyOf = ({ tableId, partition, pointer }: PinnedSegment) => segmentKey(tableId, partition, pointer)

/** A blob of a sidecar less its checksum. Throws `StorageError` (`corrupt`). */
export function checkedBlob(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(0, Math.max(0, bytes.length - 4))
  const said = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 4 || crc32c(body) !== said.readUInt32LE(body.length)) {
    throw new StorageError("corrupt", "a damaged blob in a sidecar")
  }
  return body
}

function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: FOOTER_BYTES_MAX })
  } catch (cause) {
    throw new StorageError("corrupt", "a damaged footer in a sidecar", { cause })
  }
}
