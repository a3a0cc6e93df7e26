import { type FSWatcher, watch } from "node:fs"
import { basename, dirname } from "node:path"

/** Editors write a file in several steps: changes this close together are one. */
const SETTLE_MS = 100

/**
 * Calls `changed` when any of the files changes, one call at a time; it returns the files to watch from then on.
 * Folders are watched, since editors replace files. Returns what ends the watch.
 */
export function watchFiles(files: readonly string[], changed: () => Promise<readonly string[]>): () => void {
  let watchers: FSWatcher[] = []
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

  const listen = (paths: readonly string[]): void => {
    for (const watcher of watchers) watcher.close()
    if (ended) return
    const names = new Map<string, Set<string>>()
    for (const path of paths) {
      const folder = dirname(path)
      names.set(folder, (names.get(folder) ?? new Set()).add(basename(path)))
    }
    watchers = [...names].map(([folder, watched]) =>
      watch(folder, (_event, name) => {
        if (name === null || !watched.has(name)) return
        clearTimeout(timer)
        timer = setTimeout(() => void run(), SETTLE_MS)
      }),
    )
  }

  listen(files)
  return () => {
    ended = true
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
