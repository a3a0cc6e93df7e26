import type { Dirent } from "node:fs"
import { readdir } from "node:fs/promises"
import { errorCode } from "./durable-folders.ts"
import { keyPart, objectPath } from "./object-paths.ts"

/**
 * The keys under `prefix` that follow `after`, in ascending order (keys are ASCII, so JavaScript's order is that of the
 * bytes). Folders that can hold none of them are not read.
 */
export async function* listKeys(root: string, prefix: string, after: string): AsyncGenerator<string> {
  const slash = prefix.lastIndexOf("/")
  yield* walk(root, prefix.slice(0, slash + 1), prefix, after)
}

async function* walk(root: string, base: string, prefix: string, after: string): AsyncGenerator<string> {
  for (const part of await parts(root, base)) {
    const key = base + part
    if (part.endsWith("/")) {
      // A folder's keys all begin with `key`: they may match the prefix or follow `after` only if `key` itself may.
      if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue
      if (key <= after && !after.startsWith(key)) continue
      yield* walk(root, key, prefix, after)
    } else if (key.startsWith(prefix) && key > after) yield key
  }
}

async function parts(root: string, base: string): Promise<string[]> {
  let entries: Dirent[]
  try {
    entries = await readdir(base === "" ? root : objectPath(root, base), { withFileTypes: true })
  } catch (error) {
    const code = errorCode(error)
    if (code === "ENOENT" || code === "ENOTDIR") return []
    throw error
  }
  const found: string[] = []
  for (const entry of entries) {
    const part = keyPart(entry.name, entry.isDirectory())
    if (part !== undefined) found.push(part)
  }
  return found.sort()
}
