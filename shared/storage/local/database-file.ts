import { type FileHandle, open, readdir } from "node:fs/promises"
import { StorageError } from "../errors.ts"

/*
 * The two meta pages at the start of an LMDB file (lmdb-js's data version 2), of which the one with the higher
 * transaction counts. Little-endian, from the page's start:
 *
 *   24 magic (4) · 28 version (4) · 48 page size (4) · 88, 136 the roots of the two main trees (8 each) ·
 *   152 transaction (8)
 */
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const MAGIC_AT = 24
const VERSION_AT = 28
const PAGE_SIZE_AT = 48
const ROOTS_AT = [88, 136] as const
const TRANSACTION_AT = 152
const META_BYTES = 160
/** The root of an empty tree. */
const NO_PAGE = 2n ** 64n - 1n

interface MetaPage {
  readonly pageBytes: number
  readonly transaction: bigint
  /** Where the file must reach for both trees' roots to be in it. */
  readonly end: bigint
}

/** Undefined where no meta page is. */
async function readMetaPage(file: FileHandle, position: number): Promise<MetaPage | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(META_BYTES), 0, META_BYTES, position)
  if (bytesRead < META_BYTES || buffer.readUInt32LE(MAGIC_AT) !== MAGIC) return undefined
  if (buffer.readUInt32LE(VERSION_AT) !== DATA_VERSION) return undefined
  const roots = ROOTS_AT.map(at => buffer.readBigUInt64LE(at)).filter(root => root !== NO_PAGE)
  const last = roots.reduce((most, root) => (root > most ? root : most), 1n)
  const pageBytes = buffer.readUInt32LE(PAGE_SIZE_AT)
  return {
    pageBytes,
    transaction: buffer.readBigUInt64LE(TRANSACTION_AT),
    end: (last + 1n) * BigInt(pageBytes),
  }
}

async function checkContent(path: string, file: FileHandle, size: number): Promise<void> {
  const first = await readMetaPage(file, 0)
  const second = first && (await readMetaPage(file, first.pageBytes))
  if (first === undefined || second === undefined) {
    throw new StorageError("corrupt", `${path}: expected an LMDB database, found something else`)
  }
  const { end } = first.transaction > second.transaction ? first : second
  if (size < end) throw new StorageError("corrupt", `${path}: expected at least ${end} bytes, found ${size}`)
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

/**
 * Refuses a database file that is not one, is cut short, or is gone while objects are there. LMDB maps the file into
 * memory as it is, so that garbage would end the process without a word; and it makes a new one where there is none,
 * which would pass for an empty store.
 *
 * @param path of the database file
 * @param objectFolder where the objects are that its items name
 * @throws StorageError `corrupt`
 */
export async function checkDatabaseFile(path: string, objectFolder: string): Promise<void> {
  const file = await openIfThere(path)
  try {
    const size = file === undefined ? 0 : (await file.stat()).size
    if (file !== undefined && size > 0) return await checkContent(path, file, size)
    if ((await readdir(objectFolder)).length === 0) return
    throw new StorageError(
      "corrupt",
      `${path}: expected the items of what lies in ${objectFolder}, found nothing; bring the file back, or choose another folder`,
    )
  } finally {
    await file?.close()
  }
}
