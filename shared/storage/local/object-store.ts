import { link, rename, rm, stat, unlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import { StorageError } from "../errors.ts"
import {
  bodyPieces,
  checkDeletes,
  checkList,
  checkObjectKey,
  checkObjectPut,
  checkRange,
} from "../object-checks.ts"
import type {
  ByteRange,
  ListedObject,
  ObjectListing,
  ObjectPutOptions,
  ObjectRead,
  ObjectStore,
} from "../object-store.ts"
import type { WriteOutcome } from "../outcome.ts"
import { DurableFolders, errorCode } from "./durable-folders.ts"
import { Gate } from "./gate.ts"
import { readFileRange, writeDurably } from "./object-file.ts"
import { listKeys } from "./object-listing.ts"
import { objectPath } from "./object-paths.ts"
import type { StoreDate } from "./store-date.ts"

/** Files written or deleted at once: enough for a disk's queue, few enough to leave threads and memory to others. */
const WRITES_MAX = 8
/** Files read or looked at at once. */
const READS_MAX = 32
/** A folder may be pruned between its making and the link, but hardly again and again. */
const LINKS_MAX = 10

/**
 * Objects as files of one folder. A put writes a temporary file, makes it durable, links (if absent) or renames
 * (overwriting) it to its name, and makes the folder's entry durable.
 */
export class LocalObjectStore implements ObjectStore {
  readonly #root: string
  readonly #incoming: string
  readonly #date: StoreDate
  readonly #folders: DurableFolders
  readonly #writes = new Gate(WRITES_MAX)
  readonly #reads = new Gate(READS_MAX)
  #temporary = 0
  #closed = false

  /**
   * @param root the durable folder that holds the objects
   * @param incoming a folder of the same file system for temporary files
   */
  constructor(root: string, incoming: string, date: StoreDate) {
    this.#root = root
    this.#incoming = incoming
    this.#date = date
    this.#folders = new DurableFolders(root)
  }

  async put(
    key: string,
    body: Uint8Array | readonly Uint8Array[],
    options?: ObjectPutOptions,
  ): Promise<WriteOutcome> {
    this.#checkOpen()
    checkObjectPut(key, options)
    try {
      return await this.#writes.run(() => this.#put(key, bodyPieces(body), { ...options }))
    } catch (cause) {
      return { outcome: "unknown", cause }
    }
  }

  /** Refuses further calls and waits for the writes under way. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writes.drain()
  }

  #checkOpen(): void {
    if (this.#closed) throw new StorageError("invalid", "the store is closed")
  }

  async #put(key: string, pieces: readonly Uint8Array[], options: ObjectPutOptions): Promise<WriteOutcome> {
    const path = objectPath(this.#root, key)
    const folder = dirname(path)
    const temporary = join(this.#incoming, String(this.#temporary++))
    let linked: "linked" | "exists" | "expired"
    try {
      const modified = await this.#date.current()
      await Promise.all([writeDurably(temporary, pieces, modified), this.#folders.ensure(folder)])
      linked = await this.#link(temporary, path, options)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    // Also for `exists`: whoever says so must not be gainsaid by a power failure.
    const synced = linked === "expired" ? undefined : this.#folders.sync(folder)
    // A renamed file has left its temporary name already.
    const left = linked === "linked" && options.ifAbsent !== true
    await Promise.all([synced, left ? undefined : rm(temporary, { force: true })])
    const date = await this.#date.current()
    return linked === "linked" ? { outcome: "committed", date } : { outcome: "refused", reason: linked, date }
  }

  async #link(temporary: string, path: string, options: ObjectPutOptions) {
    for (let links = 0; ; links++) {
      if (options.notAfter !== undefined && this.#date.now() > options.notAfter) return "expired"
      try {
        await (options.ifAbsent ? link(temporary, path) : rename(temporary, path))
        return "linked"
      } catch (error) {
        if (errorCode(error) === "EEXIST" && options.ifAbsent) return "exists"
        if (errorCode(error) !== "ENOENT" || links === LINKS_MAX) throw error
        this.#folders.forget(dirname(path))
        await this.#folders.ensure(dirname(path))
      }
    }
  }

  async get(key: string, range?: ByteRange): Promise<ObjectRead | undefined> {
    this.#checkOpen()
    checkObjectKey(key)
    checkRange(range)
    const path = objectPath(this.#root, key)
    try {
      const body = await this.#reads.run(() => readFileRange(path, range && { ...range }))
      return { body, date: await this.#date.current() }
    } catch (error) {
      if (isAbsence(error)) return undefined
      throw unavailable(`get of ${key}`, error)
    }
  }

  async deleteMany(keys: readonly string[]): Promise<WriteOutcome> {
    this.#checkOpen()
    checkDeletes(keys)
    const paths = keys.map(key => objectPath(this.#root, key))
    const folders = new Set(paths.map(path => dirname(path)))
    try {
      await Promise.all(paths.map(path => this.#writes.run(() => absenceIsFine(unlink(path)))))
      await Promise.all([...folders].map(folder => absenceIsFine(this.#folders.sync(folder))))
      for (const folder of folders) await this.#folders.prune(folder)
      return { outcome: "committed", date: await this.#date.current() }
    } catch (cause) {
      return { outcome: "unknown", cause }
    }
  }

  async list(prefix: string, options?: { after?: string; limit?: number }): Promise<ObjectListing> {
    this.#checkOpen()
    const limit = checkList(prefix, options)
    const keys: string[] = []
    try {
      let more = false
      for await (const key of listKeys(this.#root, prefix, options?.after ?? "")) {
        more = keys.length === limit
        if (more) break
        keys.push(key)
      }
      const found = await Promise.all(keys.map(key => this.#reads.run(() => this.#look(key))))
      const objects = found.filter(object => object !== undefined)
      const date = await this.#date.current()
      return more ? { objects, next: keys.at(-1)!, date } : { objects, date }
    } catch (error) {
      throw unavailable(`list of ${prefix}`, error)
    }
  }

  async #look(key: string): Promise<ListedObject | undefined> {
    const found = await absenceIsFine(stat(objectPath(this.#root, key)))
    return found && { key, sizeBytes: found.size, modified: Math.round(found.mtimeMs) }
  }
}

function isAbsence(error: unknown): boolean {
  const code = errorCode(error)
  return code === "ENOENT" || code === "ENOTDIR"
}

async function absenceIsFine<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

function unavailable(what: string, cause: unknown): StorageError {
  return new StorageError("unavailable", `${what}: ${cause instanceof Error ? cause.message : cause}`, {
    cause,
  })
}
