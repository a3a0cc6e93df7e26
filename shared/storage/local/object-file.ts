import * as fs from "node:fs"
import { promisify } from "node:util"
import type { ByteRange } from "../object-store.ts"

// Bare descriptors: a write passes through here for every flush, and file handles cost twice as much.
const openFile = promisify(fs.open)
const read = promisify(fs.read)
const writev = promisify(fs.writev)
const futimes = promisify(fs.futimes)
const fsync = promisify(fs.fsync)
const { closeSync } = fs

/** Linux's IOV_MAX: pieces that one writev takes. */
const PIECES_MAX = 1_024

/**
 * Writes a whole file and makes it durable. Its modification time is the store's, so that a listing tells ages by the
 * store's date whatever the machine's clock does.
 *
 * @param modified epoch ms
 */
export async function writeDurably(
  path: string,
  pieces: readonly Uint8Array[],
  modified: number,
): Promise<void> {
  const descriptor = await openFile(path, "wx")
  try {
    for (let at = 0; at < pieces.length; at += PIECES_MAX) {
      await writeAll(descriptor, pieces.slice(at, at + PIECES_MAX))
    }
    await futimes(descriptor, modified / 1000, modified / 1000)
    await fsync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

async function writeAll(descriptor: number, pieces: readonly Uint8Array[]): Promise<void> {
  let left = pieces.filter(piece => piece.byteLength > 0)
  while (left.length > 0) {
    const { bytesWritten } = await writev(descriptor, left)
    left = afterBytes(left, bytesWritten)
  }
}

/** What is left of the pieces once their first `written` bytes are out. */
function afterBytes(pieces: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written
  for (const [at, piece] of pieces.entries()) {
    if (skip < piece.byteLength) return [piece.subarray(skip), ...pieces.slice(at + 1)]
    skip -= piece.byteLength
  }
  return []
}

/** The file's bytes, or those of `range`, clipped to its end. */
export async function readFileRange(path: string, range: ByteRange | undefined): Promise<Uint8Array> {
  const descriptor = await openFile(path, "r")
  try {
    const start = range?.start ?? 0
    // Objects do not change: their size is known once the end was met.
    const end = range === undefined ? fs.fstatSync(descriptor).size : range.end
    const body = allocated(end - start)
    let done = 0
    while (done < body.length) {
      const { bytesRead } = await read(descriptor, body, done, body.length - done, start + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done === body.length ? body : body.slice(0, done)
  } finally {
    closeSync(descriptor)
  }
}

/** Not zeroed, and a plain array: a Buffer's `subarray` costs more. */
function allocated(length: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(Math.max(0, length))
  return new Uint8Array(buffer)
}
