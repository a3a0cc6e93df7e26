import { registerHooks } from "node:module"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { Break } from "./breaks.ts"

const ROOT = resolve(import.meta.dirname, "..", "..")

/** Replaces a break's line in every later import of its file. Throws when the line does not stand there once. */
export function applyBreak({ name, file, find, replace }: Break): { applied(): boolean } {
  const url = pathToFileURL(resolve(ROOT, file)).href
  let applied = false
  registerHooks({
    load(asked, context, next) {
      const loaded = next(asked, context)
      if (asked !== url) return loaded
      const source = String(
        typeof loaded.source === "object" ? Buffer.from(loaded.source as Uint8Array) : loaded.source,
      )
      const found = source.split(find).length - 1
      if (found !== 1)
        throw new Error(`break "${name}": expected its line once in ${file}, found it ${found} times`)
      applied = true
      return { ...loaded, source: source.replace(find, () => replace) }
    },
  })
  return { applied: () => applied }
}
