import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { Piece } from "./commit.ts"

/** Ranged reads that lie this close in one object are made as one. */
const READ_GAP_BYTES_MAX = 64 * 1024

type ObjectPiece = Extract<Piece, { kind: "object" }>

/** The bytes of pieces, those of one object in few reads. Throws `StorageError` `corrupt`, `unavailable`. */
export async function readPieces(
  ports: Pick<Ports, "objects" | "clock">,
  pieces: readonly Piece[],
): Promise<readonly Uint8Array[]> {
  const read = new Map<Piece, Uint8Array>()
  const byObject = new Map<string, ObjectPiece[]>()
  for (const piece of pieces) {
    if (piece.kind === "inline") read.set(piece, piece.bytes)
    else byObject.set(piece.key, [...(byObject.get(piece.key) ?? []), piece])
  }
  await Promise.all([...byObject].map(([key, within]) => readObject(ports, key, within, read)))
  return pieces.map(piece => read.get(piece) as Uint8Array)
}

async function readObject(
  ports: Pick<Ports, "objects" | "clock">,
  key: string,
  pieces: readonly ObjectPiece[],
  into: Map<Piece, Uint8Array>,
): Promise<void> {
  const sorted = [...pieces].sort((left, right) => left.offset - right.offset)
  for (let first = 0; first < sorted.length; ) {
    const start = sorted[first]?.offset ?? 0
    let end = start
    let last = first
    for (; last < sorted.length; last++) {
      const piece = sorted[last] as ObjectPiece
      if (last > first && piece.offset - end > READ_GAP_BYTES_MAX) break
      end = Math.max(end, piece.offset + piece.length)
    }
    const got = await readAgain(ports, () => ports.objects.get(key, { start, end }))
    for (const piece of sorted.slice(first, last)) {
      const bytes = got?.body.subarray(piece.offset - start, piece.offset - start + piece.length)
      if (bytes === undefined || bytes.length !== piece.length || crc32c(bytes) !== piece.crc) {
        throw new StorageError(
          "corrupt",
          `object ${key}, ${piece.length} bytes from ${piece.offset}: not what was stored`,
        )
      }
      into.set(piece, bytes)
    }
    first = last
  }
}

/** Collects the pieces of one commit; where they lie is decided once all are known. */
export class PieceWriter {
  readonly #pieces = new Map<Piece, Uint8Array>()

  /** A piece that is inline until `placeIn` says otherwise. */
  add(bytes: Uint8Array): Piece {
    const piece: Piece = { kind: "inline", bytes }
    this.#pieces.set(piece, bytes)
    return piece
  }

  /** Forgets a piece that another one took in. */
  drop(piece: Piece): void {
    this.#pieces.delete(piece)
  }

  bytesOf(piece: Piece): Uint8Array | undefined {
    return this.#pieces.get(piece)
  }

  get bytes(): number {
    let bytes = 0
    for (const piece of this.#pieces.values()) bytes += piece.length
    return bytes
  }

  get parts(): readonly Uint8Array[] {
    return [...this.#pieces.values()]
  }

  /** Where each piece lies in an object with this key, one after the other. */
  placeIn(key: string): (piece: Piece) => Piece {
    const placed = new Map<Piece, Piece>()
    let offset = 0
    for (const [piece, bytes] of this.#pieces) {
      placed.set(piece, { kind: "object", key, offset, length: bytes.length, crc: crc32c(bytes) })
      offset += bytes.length
    }
    return piece => placed.get(piece) ?? piece
  }
}

/**
 * Bytes of runs that were lately written or read, so that merging them reads nothing: those that were used longest ago
 * go first.
 */
export class PieceCache {
  readonly #kept = new Map<string, Uint8Array>()
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(piece: Piece): Uint8Array | undefined {
    if (piece.kind === "inline") return piece.bytes
    const id = idOf(piece)
    const bytes = this.#kept.get(id)
    if (bytes === undefined) return undefined
    this.#kept.delete(id)
    this.#kept.set(id, bytes)
    return bytes
  }

  keep(piece: Piece, bytes: Uint8Array): void {
    if (piece.kind === "inline" || bytes.length > this.#bytesMax / 2) return
    const id = idOf(piece)
    if (this.#kept.has(id)) return
    // A piece of a larger buffer would keep all of it.
    const own = bytes.byteLength * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes
    this.#kept.set(id, own)
    this.#bytes += own.length
    for (const [oldest, held] of this.#kept) {
      if (this.#bytes <= this.#bytesMax) return
      this.#kept.delete(oldest)
      this.#bytes -= held.length
    }
  }

  forget(piece: Piece): void {
    if (piece.kind === "inline") return
    const id = idOf(piece)
    this.#bytes -= this.#kept.get(id)?.length ?? 0
    this.#kept.delete(id)
  }
}

function idOf(piece: ObjectPiece): string {
  return `${piece.key}@${piece.offset}`
}
