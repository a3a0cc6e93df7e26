import { access, constants, mkdir, open, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { StorageError } from "../errors.ts"
import type { MetaStore } from "../meta-store.ts"
import type { ObjectStore } from "../object-store.ts"
import type { Clock } from "../time.ts"
import { localClock } from "./clock.ts"
import { failureOf } from "./failed-commit.ts"
import type { FolderLock } from "./folder-lock.ts"
import { lockFolder, unusable } from "./folder-lock.ts"
import { MetaCommits } from "./meta-commits.ts"
import type { MetaDatabase } from "./meta-database.ts"
import { openMetaDatabase, readCeiling, writeCeiling } from "./meta-database.ts"
import { LocalMetaStore } from "./meta-store.ts"
import { LocalObjectStore } from "./object-store.ts"
import { StoreDate } from "./store-date.ts"
import { UsedTokens } from "./used-tokens.ts"

export interface LocalStores {
  readonly objects: ObjectStore
  readonly meta: MetaStore
  /** Ends the writes under way and gives the folder up. */
  close(): Promise<void>
}

/**
 * Opens a data folder, making it if need be, as this process's own. It holds `meta.mdb` (LMDB), `objects/`,
 * `incoming/` (temporary files, emptied here) and `owner-…` files.
 *
 * @param clock what the stores' date is taken from; default: this machine's
 * @throws StorageError `folder_in_use`, `folder_unusable`, `unknown_format`, `corrupt`
 */
export async function openLocalStores(folder: string, clock: Clock = localClock()): Promise<LocalStores> {
  await makeFolder(folder)
  const lock = lockFolder(folder)
  try {
    return await openLocked(folder, clock, lock)
  } catch (error) {
    lock.release()
    throw error instanceof StorageError ? error : unusable(folder, await failureOf(error))
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    const first = await mkdir(folder, { recursive: true })
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    if (first !== undefined) await syncUpTo(folder, dirname(first))
  } catch (error) {
    throw unusable(folder, error)
  }
}

/** Makes the entries of newly made folders durable, `folder` up to its ancestor `top`. */
async function syncUpTo(folder: string, top: string): Promise<void> {
  if (process.platform === "win32") return
  for (let at = folder; ; at = dirname(at)) {
    const handle = await open(at, "r")
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (at === top || at === dirname(at)) return
  }
}

async function openLocked(folder: string, clock: Clock, lock: FolderLock): Promise<LocalStores> {
  const [objectFolder, incoming] = [join(folder, "objects"), join(folder, "incoming")]
  await rm(incoming, { recursive: true, force: true })
  for (const made of [objectFolder, incoming]) await mkdir(made, { recursive: true })
  const database = await openMetaDatabase(join(folder, "meta.mdb"), objectFolder)
  await syncUpTo(folder, folder)
  const date = new StoreDate(clock, readCeiling(database))
  const commits = new MetaCommits(database, date)
  date.extendBy(() => commits.write(at => ({ outcome: "committed", date: at })))
  await date.current()
  const objects = new LocalObjectStore(objectFolder, incoming, date)
  return {
    objects,
    meta: new LocalMetaStore(database, commits, date, new UsedTokens(database)),
    close: once(async () => {
      await objects.close()
      await closeMeta(database, commits, date)
      lock.release()
    }),
  }
}

async function closeMeta(database: MetaDatabase, commits: MetaCommits, date: StoreDate): Promise<void> {
  await commits.close()
  try {
    // Nobody was given a later date than this, so the next owner need not begin at the ceiling.
    await database.root.transaction(() => writeCeiling(database, date.now()))
  } catch (error) {
    // A full disk: the ceiling stands, and does as well.
    await failureOf(error)
  }
  await database.root.close()
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
