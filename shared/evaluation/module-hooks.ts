import { readFileSync } from "node:fs"
import { isBuiltin, registerHooks } from "node:module"
import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { isInPackage } from "./failure.ts"
import { asWritten } from "./module-format.ts"

const PACKAGE_NAME = "millrace"
const DEFINITION_URL = new URL("../definition/", import.meta.url).href
/** Source or compiled, as this file is. */
const INDEX_URL = new URL(`index${extname(import.meta.url)}`, DEFINITION_URL).href

/**
 * Lets app files anywhere import `millrace`, and falls back to this package's own dependencies (zod) for what the app's
 * folder lacks. From here on every file that is loaded is noted.
 * @param onBuiltin told each of Node's own modules before it is handed out
 * @returns the files so far, packages left out: absolute paths
 */
export function hookModules(onBuiltin: (name: string) => void): () => readonly string[] {
  const files = new Set<string>()
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (isBuiltin(specifier)) onBuiltin(specifier.replace(/^node:/, ""))
      if (specifier === PACKAGE_NAME) return nextResolve(INDEX_URL, context)
      const resolved = asWritten(resolveOrFallBack(specifier, context, nextResolve))
      if (isLocal(resolved.url)) files.add(fileURLToPath(resolved.url))
      return resolved
    },
  })
  return () => [...files].sort()
}

type Hooks = Parameters<typeof registerHooks>[0]
type Resolve = NonNullable<Hooks["resolve"]>
type Context = Parameters<Resolve>[1]
type Next = Parameters<Resolve>[2]

function resolveOrFallBack(specifier: string, context: Context, nextResolve: Next) {
  // nextResolve writes into the context it is given.
  const parent = context.parentURL
  try {
    return nextResolve(specifier, context)
  } catch (error) {
    if (!isMissing(error)) throw error
    if (isBare(specifier)) {
      try {
        return nextResolve(specifier, { ...context, parentURL: INDEX_URL })
      } catch (second) {
        if (!isMissing(second)) throw second
      }
    }
    throw notFound(specifier, parent)
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND"
}

function isBare(specifier: string): boolean {
  return !/^(\.{0,2}\/|#|[a-z]+:)/.test(specifier)
}

function isLocal(url: string): boolean {
  return url.startsWith("file:") && !url.startsWith(DEFINITION_URL) && !isInPackage(url)
}

/** Node names only the importing file; the line is where the file writes the specifier. */
function notFound(specifier: string, parent: string | undefined): Error {
  const error = new Error(`cannot find ${JSON.stringify(specifier)}`)
  if (parent?.startsWith("file:") === true) {
    const path = fileURLToPath(parent)
    const line = lineOf(path, specifier)
    error.stack = `${path}:${line}\n\nError: ${error.message}`
  }
  return error
}

function lineOf(path: string, specifier: string): number {
  const lines = readFileSync(path, "utf8").split("\n")
  const found = lines.findIndex(line => line.includes(`"${specifier}"`) || line.includes(`'${specifier}'`))
  return found + 1
}
