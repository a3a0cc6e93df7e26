import type { FileHandle } from "node:fs/promises"
import { mkdir, open, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { StorageError } from "../errors.ts"
import type { Journal, JournalDelivery, JournalPosition, JournalPut, JournalRecord } from "../journal.ts"
import { JOURNAL_RECORD_BYTES_MAX } from "../journal.ts"
import { checkJournalPut } from "../journal-checks.ts"
import type { Random } from "../time.ts"
import { syncFolder } from "./durable-folders.ts"
import {
  decodeRecords,
  encodeHeader,
  encodeRecords,
  failure,
  JOURNAL_HEADER_BYTES,
  journalFileName,
  RECORD_HEADER_BYTES,
  readBytes,
  writeAll,
} from "./journal-file.ts"

/** What is taken and not appended yet; beyond it records are refused, so that a log that stands fills no disk. */
export const JOURNAL_BYTES_MAX = 1024 * 1024 * 1024
/** A full file is followed by a new one, and goes when all of it was delivered: this much is read again at a start. */
const FILE_BYTES_MAX = 16 * 1024 * 1024
/** Bytes that one sync makes durable. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024
/** Bytes of one delivery, as much as one of Kinesis to a function; more than one record can have. */
export const DELIVERY_BYTES_MAX = 4 * JOURNAL_RECORD_BYTES_MAX

export interface LocalJournalOptions {
  readonly random: Pick<Random, "id">
  /** Default `JOURNAL_BYTES_MAX`. */
  readonly bytesMax?: number
  /** Default `FILE_BYTES_MAX`. */
  readonly fileBytesMax?: number
}

/** A journal of one shard in a folder of files, and its one reader. */
export interface LocalJournal extends Journal {
  /** Bytes at the end that an ended process had not finished writing: cut when the journal was opened. */
  readonly cutBytes: number
  /**
   * The records after those that are delivered, in order: the same ones again, and perhaps more, until `delivered` is
   * told. Where there are none it waits for the first, until `signal` aborts or the journal ends: then it gives none.
   *
   * @throws StorageError `corrupt`, `unavailable`
   */
  next(signal: AbortSignal): Promise<readonly JournalDelivery[]>
  /** Lets go of the records up to this one, which `next` gave last. */
  delivered(position: JournalPosition): Promise<void>
  /** Takes no more; resolves once what was given is decided. */
  end(): Promise<void>
  /** Gives the files up; what is not delivered stays. */
  close(): Promise<void>
}

/** A file and what of it is durable. */
export interface JournalFile {
  readonly path: string
  /** The sequence of its first record. */
  readonly first: number
  /** Durable bytes, and records in them. */
  size: number
  count: number
}

interface Waiting {
  readonly datas: readonly Uint8Array[]
  readonly bytes: number
  resolve(puts: readonly JournalPut[]): void
}

export class FileJournal implements LocalJournal {
  readonly cutBytes: number
  readonly #folder: string
  readonly #id: string
  readonly #shard: string
  readonly #bytesMax: number
  readonly #fileBytesMax: number
  /** In order; the last one is written to. */
  readonly #files: JournalFile[]
  #handle: FileHandle | undefined
  /** Where the reader stands: in the first file. */
  #read = { at: JOURNAL_HEADER_BYTES, sequence: 1 }
  /** Where the records lie that were given last, by their sequences. */
  #given = new Map<string, number>()
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #broken: unknown
  #ended = false
  readonly #readers = new Set<() => void>()

  constructor(
    folder: string,
    id: string,
    files: JournalFile[],
    cutBytes: number,
    options: LocalJournalOptions,
  ) {
    this.cutBytes = cutBytes
    this.#folder = folder
    this.#id = id
    this.#shard = `local-${id}`
    this.#files = files
    this.#bytesMax = options.bytesMax ?? JOURNAL_BYTES_MAX
    this.#fileBytesMax = options.fileBytesMax ?? FILE_BYTES_MAX
    if (files.length > 0) this.#read.sequence = files[0].first
  }

  put(records: readonly JournalRecord[]): Promise<readonly JournalPut[]> {
    return new Promise((resolve, reject) => {
      try {
        checkJournalPut(records)
      } catch (error) {
        reject(error)
        return
      }
      // What is written later is what was given now.
      const datas = records.map(({ data }) => data.slice())
      const bytes = datas.reduce((sum, data) => sum + RECORD_HEADER_BYTES + data.length, 0)
      if (datas.length === 0) resolve([])
      else if (this.#ended)
        resolve(refused(records.length, new StorageError("invalid", "the journal is closing")))
      else {
        this.#waiting.push({ datas, bytes, resolve })
        this.#writing ??= this.#write()
      }
    })
  }

  /** Group commit: what has come while the last group was synced goes together. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      let bytes = 0
      let take = 0
      for (const { bytes: size } of this.#waiting) {
        if (take > 0 && bytes + size > GROUP_BYTES_MAX) break
        bytes += size
        take++
      }
      await this.#writeGroup(this.#waiting.splice(0, take), bytes)
    }
    this.#writing = undefined
  }

  async #writeGroup(group: readonly Waiting[], bytes: number): Promise<void> {
    const refuse = (cause: unknown) => {
      for (const { datas, resolve } of group) resolve(refused(datas.length, cause))
    }
    if (this.#broken !== undefined) return refuse(this.#broken)
    const held = this.#files.reduce((sum, { size }) => sum + size, 0)
    if (held + bytes > this.#bytesMax) return refuse(full(held, this.#bytesMax))
    let file: JournalFile
    try {
      file = await this.#fileToWrite()
    } catch (error) {
      return refuse(failure(this.#folder, error))
    }
    const handle = this.#handle!
    try {
      await writeAll(handle, encodeRecords(group.flatMap(({ datas }) => datas)), file.size)
      await handle.datasync()
    } catch (error) {
      return this.#undo(group, file, error)
    }
    file.size += bytes
    for (const { datas, resolve } of group) {
      const first = file.first + file.count
      file.count += datas.length
      resolve(datas.map((_, index) => this.#committed(first + index)))
    }
    for (const wake of this.#readers) wake()
  }

  #committed(sequence: number): JournalPut {
    return { outcome: "committed", position: { shard: this.#shard, sequence: String(sequence) } }
  }

  /** Takes back what was written in part. If even that fails, the next start decides what stands. */
  async #undo(group: readonly Waiting[], file: JournalFile, error: unknown): Promise<void> {
    const cause = failure(file.path, error)
    let outcome: JournalPut = { outcome: "refused", cause }
    try {
      await this.#handle!.truncate(file.size)
      await this.#handle!.datasync()
    } catch {
      this.#broken = cause
      outcome = { outcome: "unknown", cause }
    }
    for (const { datas, resolve } of group) resolve(datas.map(() => outcome))
  }

  async #fileToWrite(): Promise<JournalFile> {
    const last = this.#files.at(-1)
    if (last !== undefined && last.size < this.#fileBytesMax) {
      this.#handle ??= await open(last.path, "r+")
      return last
    }
    return this.#newFile()
  }

  /** The file and its name are durable before anything is written to it. */
  async #newFile(): Promise<JournalFile> {
    const last = this.#files.at(-1)
    if (last === undefined) {
      await mkdir(this.#folder, { recursive: true })
      await syncFolder(dirname(this.#folder))
    }
    const first = last === undefined ? 1 : last.first + last.count
    const path = join(this.#folder, journalFileName(first))
    const handle = await open(path, "w")
    try {
      await writeAll(handle, encodeHeader(this.#id), 0)
      await handle.datasync()
      await syncFolder(this.#folder)
    } catch (error) {
      await handle.close()
      await rm(path, { force: true })
      throw error
    }
    await this.#handle?.close()
    this.#handle = handle
    const file = { path, first, size: JOURNAL_HEADER_BYTES, count: 0 }
    this.#files.push(file)
    return file
  }

  async next(signal: AbortSignal): Promise<readonly JournalDelivery[]> {
    for (;;) {
      const [file] = this.#files
      if (file !== undefined && this.#read.at < file.size) return this.#deliveries(file)
      if (file !== undefined && this.#files.length > 1) await this.#free()
      else if (signal.aborted || (this.#ended && this.#writing === undefined)) return []
      else await this.#more(signal)
    }
  }

  async #deliveries(file: JournalFile): Promise<readonly JournalDelivery[]> {
    const { at, sequence } = this.#read
    let bytes: Buffer
    try {
      const handle = await open(file.path, "r")
      try {
        bytes = await readBytes(handle, at, Math.min(file.size - at, DELIVERY_BYTES_MAX))
      } finally {
        await handle.close()
      }
    } catch (error) {
      throw failure(file.path, error)
    }
    const { datas } = decodeRecords(bytes)
    if (datas.length === 0) {
      throw new StorageError("corrupt", `${file.path}: the record at byte ${at} is damaged`)
    }
    this.#given = new Map()
    let end = at
    return datas.map((data, index) => {
      const position = { shard: this.#shard, sequence: String(sequence + index) }
      end += RECORD_HEADER_BYTES + data.length
      this.#given.set(position.sequence, end)
      return { position, data }
    })
  }

  async delivered({ sequence }: JournalPosition): Promise<void> {
    const at = this.#given.get(sequence)
    if (at === undefined) throw new StorageError("invalid", `journal: ${sequence} is not what was given last`)
    this.#read = { at, sequence: Number(sequence) + 1 }
    this.#given.clear()
    const [file] = this.#files
    if (at === file.size && this.#files.length > 1) await this.#free()
  }

  /** Lets go of the first file, all of which was delivered. Should that fail, a start delivers it again. */
  async #free(): Promise<void> {
    const [file] = this.#files.splice(0, 1)
    this.#read = { at: JOURNAL_HEADER_BYTES, sequence: this.#files[0].first }
    await rm(file.path, { force: true }).catch(() => {})
  }

  /** Resolves once there may be more to read. */
  async #more(signal: AbortSignal): Promise<void> {
    await new Promise<void>(resolve => {
      const wake = () => {
        this.#readers.delete(wake)
        signal.removeEventListener("abort", wake)
        resolve()
      }
      this.#readers.add(wake)
      signal.addEventListener("abort", wake)
    })
  }

  async end(): Promise<void> {
    this.#ended = true
    await this.#writing
    for (const wake of this.#readers) wake()
  }

  async close(): Promise<void> {
    await this.end()
    const [file] = this.#files
    try {
      // Where all is delivered a start need not read it again; the empty file keeps the next sequence.
      const done = this.#files.length === 1 && file.count > 0 && this.#read.at === file.size
      if (done && this.#broken === undefined) {
        await this.#newFile()
        await this.#free()
      }
    } catch {
      // The file stands as well.
    }
    await this.#handle?.close()
  }
}

function refused(count: number, cause: unknown): JournalPut[] {
  return Array.from({ length: count }, () => ({ outcome: "refused", cause }))
}

function full(held: number, bytesMax: number): StorageError {
  const message = `the journal holds ${held} bytes that wait to be appended, at most ${bytesMax} may`
  return new StorageError("unavailable", message)
}
