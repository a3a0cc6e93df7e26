import { zstdCompressSync } from "node:zlib"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import type { BlobKind, BlobPlace } from "../segment/segment-key.ts"

// A sidecar, as Puffin files are: blobs, then what they are.
//
//   blobs, each followed by the CRC32C of its bytes; the footer's copy (zstd) is the last
//   directory: JSON
//   its length, the CRC32C of its bytes, the mark (4 bytes each)
//
// What is small and wanted first stands together at the end: filters, footer, directory.

const VERSION = 1
const MARK = "MRIX"
const TRAILER_BYTES = 12

export interface Blob {
  /** Empty for the footer. */
  readonly column: string
  readonly kind: BlobKind
  readonly body: Uint8Array
}

/** What a directory says. */
export interface Directory {
  readonly v: number
  readonly tableId: string
  readonly partition: number
  readonly schemaVersion: number
  readonly rows: number
  readonly blobs: readonly BlobPlace[]
}

export interface EncodedSidecar {
  readonly bytes: Uint8Array
  readonly blobs: readonly BlobPlace[]
  readonly directoryBytes: number
}

/** @param footer the segment's, as it stands in its file */
export function encodeSidecar(
  identity: Omit<Directory, "v" | "blobs">,
  indexes: readonly Blob[],
  footer: Uint8Array,
): EncodedSidecar {
  const isFilter = ({ kind }: Blob) => kind === "bloom"
  const ordered: readonly Blob[] = [
    ...indexes.filter(blob => !isFilter(blob)),
    ...indexes.filter(isFilter),
    { column: "", kind: "footer", body: zstdCompressSync(footer) },
  ]
  const blobs: BlobPlace[] = []
  const pieces: Uint8Array[] = []
  let at = 0
  for (const { column, kind, body } of ordered) {
    const size = body.length + 4
    blobs.push([column, kind, at, size])
    pieces.push(body, word(crc32c(body)))
    at += size
  }
  const directory = Buffer.from(JSON.stringify({ v: VERSION, ...identity, blobs } satisfies Directory))
  pieces.push(directory, word(directory.length), word(crc32c(directory)), Buffer.from(MARK))
  const bytes = Buffer.concat(pieces)
  const footerAt = blobs.at(-1)![2]
  return {
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
    blobs,
    directoryBytes: bytes.length - footerAt,
  }
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUint32LE(value)
  return bytes
}

/**
 * Reads the directory at the end of a sidecar or of its last bytes. Queries do without, since pointers say the same.
 *
 * Throws `StorageError` (`corrupt`, `unknown_format`).
 */
export function readDirectory(tail: Uint8Array): Directory {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength)
  const end = bytes.length - TRAILER_BYTES
  const length = end < 0 ? 0 : bytes.readUInt32LE(end)
  const body = bytes.subarray(Math.max(0, end - length), Math.max(0, end))
  if (
    end < length ||
    bytes.toString("latin1", end + 8) !== MARK ||
    crc32c(body) !== bytes.readUInt32LE(end + 4)
  ) {
    throw new StorageError("corrupt", "a damaged directory of a sidecar")
  }
  const directory = JSON.parse(body.toString()) as Directory
  if (directory.v === VERSION) return directory
  throw new StorageError("unknown_format", `a sidecar of version ${directory.v}; expected ${VERSION}`)
}
