import { fileURLToPath } from "node:url"
import type { LoadFailure } from "./report.ts"

/** How Node begins the stack of a syntax error: the place on a line of its own, then the source. */
const HEAD = /^(file:\/\/\/\S*|\/.*|[a-zA-Z]:\\.*):(\d+)$/
const FRAME = /(?:\(|at (?:async )?)(file:\/\/\/.*|\/.*|[a-zA-Z]:\\.*):(\d+):(\d+)\)?$/
/** The restricted process's own files. */
const OWN = [import.meta.dirname, fileURLToPath(new URL("../definition", import.meta.url))]
/** Source lines and messages beyond this tell nothing more. */
const MESSAGE_CHARS_MAX = 4_000

/** Puts what an app file threw in words, with its place in the user's own files where the stack tells. */
export function failureOf(thrown: unknown): LoadFailure {
  if (!(thrown instanceof Error)) return { message: `threw ${String(thrown).slice(0, MESSAGE_CHARS_MAX)}` }
  const message = messageOf(thrown).slice(0, MESSAGE_CHARS_MAX)
  const lines = (thrown.stack ?? "").split("\n")
  const head = HEAD.exec(lines[0] ?? "")
  if (head !== null) {
    const stackStart = lines.findIndex(line => line.startsWith(thrown.name))
    const source = lines.slice(1, Math.max(stackStart, 1)).join("\n").trimEnd()
    return {
      message: source === "" ? message : `${message}\n${source}`,
      at: `${pathOf(head[1] ?? "")}:${head[2]}`,
    }
  }
  const at = placeOf(lines)
  return at === undefined ? { message } : { message, at }
}

function messageOf(error: Error & { code?: unknown; permission?: unknown }): string {
  if (error.code === "ERR_ACCESS_DENIED") {
    return `a definition writes no files and starts nothing (${String(error.permission)} is denied)`
  }
  return error.name === "Error" || error.message === "" ? error.message : `${error.name}: ${error.message}`
}

/** The innermost frame in the user's own files; one in a package where there is none. */
function placeOf(lines: readonly string[]): string | undefined {
  let inPackage: string | undefined
  for (const line of lines) {
    if (!line.startsWith("    at ")) continue
    const frame = FRAME.exec(line)
    if (frame === null) continue
    const path = pathOf(frame[1] ?? "")
    if (OWN.some(folder => path.startsWith(folder))) continue
    const place = `${path}:${frame[2]}:${frame[3]}`
    if (!isInPackage(path)) return place
    inPackage ??= place
  }
  return inPackage
}

/** Whether a path or URL lies in somebody's package. */
export function isInPackage(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path)
}

function pathOf(place: string): string {
  return place.startsWith("file:") ? fileURLToPath(place) : place
}
