import { closeSync, fsync as fsyncCallback, openSync } from "node:fs"
import { mkdir, rmdir } from "node:fs/promises"
import { dirname } from "node:path"
import { promisify } from "node:util"

const fsync = promisify(fsyncCallback)

/** Folders remembered as made durably; forgetting one costs an fsync. */
const KNOWN_MAX = 20_000

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}

/** Makes folders and their entries durable; those who want the same folder synced share the work. */
export class DurableFolders {
  readonly #root: string
  readonly #known = new Map<string, Promise<void>>()
  readonly #syncs = new Map<string, { running: Promise<void>; next?: Promise<void> }>()

  /** @param root a durable folder, above all others that are asked for */
  constructor(root: string) {
    this.#root = root
  }

  /** Makes `folder` and its parents, and the entries that name them durable. */
  ensure(folder: string): Promise<void> {
    if (folder === this.#root) return Promise.resolve()
    let made = this.#known.get(folder)
    if (made === undefined) {
      if (this.#known.size >= KNOWN_MAX) this.#known.clear()
      made = this.#make(folder)
      this.#known.set(folder, made)
      made.catch(() => this.#known.delete(folder))
    }
    return made
  }

  async #make(folder: string): Promise<void> {
    const parent = dirname(folder)
    await this.ensure(parent)
    try {
      await mkdir(folder)
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error
    }
    // Also when it stood already: whoever made it may have died before this.
    await this.sync(parent)
  }

  /** Forgets that `folder` and its parents stand, because one of them was missing. */
  forget(folder: string): void {
    for (let at = folder; at !== this.#root && at !== dirname(at); at = dirname(at)) this.#known.delete(at)
  }

  /** Resolves once every change made to the folder's entries before this call is durable. */
  sync(folder: string): Promise<void> {
    const state = this.#syncs.get(folder)
    if (state !== undefined) {
      // The one under way may have begun too early for the caller's change.
      state.next ??= state.running.then(
        () => this.#startSync(folder),
        () => this.#startSync(folder),
      )
      return state.next
    }
    return this.#startSync(folder)
  }

  #startSync(folder: string): Promise<void> {
    const running = syncFolder(folder)
    const state = { running }
    this.#syncs.set(folder, state)
    const done = () => {
      if (this.#syncs.get(folder) === state && !("next" in state)) this.#syncs.delete(folder)
    }
    running.then(done, done)
    return running
  }

  /** Removes `folder` and those above it that are empty. */
  async prune(folder: string): Promise<void> {
    for (let at = folder; at !== this.#root; at = dirname(at)) {
      try {
        await rmdir(at)
      } catch {
        return
      }
      this.#known.delete(at)
    }
  }
}

export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder, and makes its entries durable by itself.
  if (process.platform === "win32") return
  // Opening what is known and closing it cost less here than the way to another thread and back.
  const descriptor = openSync(folder, "r")
  try {
    await fsync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
