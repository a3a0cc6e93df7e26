import { type FSWatcher, watch } from "node:fs"
import { dirname, join } from "node:path"

/** Editors write a file in several steps: changes this close together are one. */
const SETTLE_MS = 100

/**
 * Calls `changed` when any of the files changes, one call at a time; it returns the files to watch from then on.
 * Folders are watched, since editors replace files. Returns what ends the watch.
 */
export function watchFiles(files: readonly string[], changed: () => Promise<readonly string[]>): () => void {
  const watchers = new Map<string, FSWatcher>()
  let watched = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let busy = false
  let again = false
  let ended = false

  const run = async (): Promise<void> => {
    if (busy) {
      again = true
      return
    }
    busy = true
    do {
      again = false
      listen(await changed())
    } while (again && !ended)
    busy = false
  }

  const notice = (path: string): void => {
    if (!watched.has(path)) return
    clearTimeout(timer)
    timer = setTimeout(() => void run(), SETTLE_MS)
  }

  // A folder that stays is watched on: what happened in it meanwhile is told by its watcher alone.
  const listen = (paths: readonly string[]): void => {
    watched = new Set(ended ? [] : paths)
    const folders = new Set([...watched].map(path => dirname(path)))
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const folder of folders) {
      if (watchers.has(folder)) continue
      const watcher = watch(folder, (_event, name) => name !== null && notice(join(folder, name)))
      watchers.set(folder, watcher)
    }
  }

  listen(files)
  return () => {
    ended = true
    clearTimeout(timer)
    listen([])
  }
}
