import { open, readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { StorageError } from "../errors.ts"
import {
  DELIVERY_BYTES_MAX,
  FileJournal,
  type JournalFile,
  type LocalJournal,
  type LocalJournalOptions,
} from "./journal.ts"
import {
  decodeHeader,
  decodeRecords,
  failure,
  firstOf,
  JOURNAL_HEADER_BYTES,
  readBytes,
} from "./journal-file.ts"

/**
 * Opens the journal of a folder, which this process must own; made at the first put. A file's unfinished end is cut:
 * nobody was told that those records were taken.
 *
 * @throws StorageError `corrupt`, `unknown_format`, `unavailable`
 */
export async function openLocalJournal(folder: string, options: LocalJournalOptions): Promise<LocalJournal> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return []
    throw failure(folder, error)
  })
  const found = names.filter(name => firstOf(name) !== undefined).sort()
  await dropUnmade(folder, found)
  let id: string | undefined
  let cutBytes = 0
  const files: JournalFile[] = []
  for (const [index, name] of found.entries()) {
    const path = join(folder, name)
    const read = await readFile(path, firstOf(name)!, index === found.length - 1)
    if (id !== undefined && read.id !== id) throw new StorageError("corrupt", `${path}: of another journal`)
    id = read.id
    cutBytes += read.cutBytes
    const before = files.at(-1)
    if (before !== undefined) before.count = read.file.first - before.first
    files.push(read.file)
  }
  id ??= options.random.id().slice(0, 16)
  return new FileJournal(folder, id, files, cutBytes, options)
}

/** A last file without its whole header was being made: nothing was ever in it. */
async function dropUnmade(folder: string, found: string[]): Promise<void> {
  const name = found.at(-1)
  if (name === undefined) return
  const path = join(folder, name)
  const { size } = await stat(path)
  if (size >= JOURNAL_HEADER_BYTES) return
  await rm(path)
  found.pop()
}

/** Only the last file can have an end that was never finished. */
async function readFile(
  path: string,
  first: number,
  last: boolean,
): Promise<{ id: string; file: JournalFile; cutBytes: number }> {
  const handle = await open(path, last ? "r+" : "r")
  try {
    const { size } = await handle.stat()
    const header = await readBytes(handle, 0, Math.min(size, JOURNAL_HEADER_BYTES))
    const id = decodeHeader(header, path)
    if (!last) return { id, file: { path, first, size, count: 0 }, cutBytes: 0 }
    let at = JOURNAL_HEADER_BYTES
    let count = 0
    for (;;) {
      const bytes = await readBytes(handle, at, Math.min(size - at, DELIVERY_BYTES_MAX))
      const { datas, size: whole } = decodeRecords(bytes)
      if (datas.length === 0) break
      count += datas.length
      at += whole
    }
    if (at < size) {
      await handle.truncate(at)
      await handle.sync()
    }
    return { id, file: { path, first, size: at, count }, cutBytes: size - at }
  } catch (error) {
    throw error instanceof StorageError ? error : failure(path, error)
  } finally {
    await handle.close()
  }
}
