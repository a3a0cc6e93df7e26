import { join } from "node:path"

/**
 * A folder's name ends in this, which no key has: so the objects `a` and `a/b` can stand side by side.
 */
const FOLDER_SUFFIX = "+"

/** The file that holds an object. */
export function objectPath(root: string, key: string): string {
  return join(root, key.replaceAll("/", `${FOLDER_SUFFIX}/`))
}

/** One entry of a folder in the words of keys: an object's part, or a folder's with its slash. */
export function keyPart(name: string, isFolder: boolean): string | undefined {
  if (!isFolder) return name.endsWith(FOLDER_SUFFIX) ? undefined : name
  return name.endsWith(FOLDER_SUFFIX) ? `${name.slice(0, -FOLDER_SUFFIX.length)}/` : undefined
}
