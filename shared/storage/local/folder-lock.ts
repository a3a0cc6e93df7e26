import { randomBytes } from "node:crypto"
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { StorageError } from "../errors.ts"
import type { ProcessIdentity } from "./process-identity.ts"
import { isAlive, ownIdentity } from "./process-identity.ts"

export interface FolderLock {
  release(): void
}

/** Who owns, or last owned, the folder. `released` once it has let go while the process lives on. */
interface Owner extends ProcessIdentity {
  readonly released?: true
}

const OWNER = /^owner-(\d+)$/
/** Owners come and go one at a time, so a claim that keeps losing is a fault of the folder. */
const CLAIMS_MAX = 100

/**
 * Makes this process the folder's only owner until `release`, or until the process ends, however it ends.
 *
 * Ownership goes by numbered files, made by `link`, which fails when the name is taken: the highest number owns. It is
 * never removed while it is the highest, only marked as released or left behind by a process that is gone; so of all
 * that see it dead and claim the next number one alone gets it. A claimant that was slow enough to make a number that
 * had been cleaned away already sees a higher one afterwards and steps back.
 *
 * Throws `StorageError` `folder_in_use` when a living process owns it, `folder_unusable` when it cannot be written.
 */
export function lockFolder(folder: string): FolderLock {
  const own = ownIdentity()
  const draft = join(folder, `.owner-${own.pid}-${randomBytes(8).toString("hex")}`)
  try {
    writeFileSync(draft, JSON.stringify(own), { flag: "wx" })
    for (let claims = 0; claims < CLAIMS_MAX; claims++) {
      const number = tryClaim(folder, draft)
      if (number !== undefined) return heldLock(folder, number, own)
    }
    throw new StorageError("folder_unusable", `${folder}: cannot settle who owns this data folder`)
  } catch (error) {
    if (error instanceof StorageError) throw error
    throw unusable(folder, error)
  } finally {
    rmSync(draft, { force: true })
  }
}

export function unusable(folder: string, error: unknown): StorageError {
  const reason = error instanceof Error ? error.message : String(error)
  return new StorageError("folder_unusable", `${folder}: cannot be used as data folder: ${reason}`, {
    cause: error,
  })
}

/** One attempt; undefined when somebody else was faster, so that the new owner must be looked at. */
function tryClaim(folder: string, draft: string): number | undefined {
  const highest = ownerNumbers(folder).at(-1)
  if (highest !== undefined) refuseIfAlive(folder, highest)
  const mine = (highest ?? 0) + 1
  try {
    linkSync(draft, ownerPath(folder, mine))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined
    throw error
  }
  const higher = existsSync(ownerPath(folder, mine + 1)) || ownerNumbers(folder).at(-1) !== mine
  if (!higher) return mine
  rmSync(ownerPath(folder, mine), { force: true })
  return undefined
}

function heldLock(folder: string, number: number, own: ProcessIdentity): FolderLock {
  // The previous number stays, so that a slow claimant of it still finds it taken.
  for (const old of ownerNumbers(folder)) {
    if (old < number - 1) rmSync(ownerPath(folder, old), { force: true })
  }
  let released = false
  return {
    release() {
      if (released) return
      released = true
      try {
        const note = join(folder, `.owner-${own.pid}-released`)
        writeFileSync(note, JSON.stringify({ ...own, released: true } satisfies Owner))
        renameSync(note, ownerPath(folder, number))
      } catch (error) {
        // Who deletes the folder has nothing left to lock.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
      }
    },
  }
}

function refuseIfAlive(folder: string, number: number): void {
  const owner = readOwner(folder, number)
  if (owner === undefined || owner.released || !isAlive(owner)) return
  throw new StorageError(
    "folder_in_use",
    `${folder}: this data folder is in use by process ${owner.pid}; stop that process or choose another folder`,
  )
}

function readOwner(folder: string, number: number): Owner | undefined {
  try {
    return JSON.parse(readFileSync(ownerPath(folder, number), "utf8")) as Owner
  } catch (error) {
    // Gone meanwhile, or cut short by a power failure: nobody who lives wrote it.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

function ownerNumbers(folder: string): number[] {
  const numbers: number[] = []
  for (const name of readdirSync(folder)) {
    const match = OWNER.exec(name)
    if (match !== null) numbers.push(Number(match[1]))
  }
  return numbers.sort((a, b) => a - b)
}

function ownerPath(folder: string, number: number): string {
  return join(folder, `owner-${number}`)
}
