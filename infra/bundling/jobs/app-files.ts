import { existsSync } from "node:fs"
import { dirname, extname, resolve } from "node:path"
import { type AppFile, readAppFile } from "./app-file.ts"

/** Modules: what else an app imports, such as JSON, is none of this room's concern. */
const MODULES = new Set([".ts", ".mts", ".js", ".mjs"])

/** Whether a path is a module of an app itself, not of a package that it uses. */
export function isAppModule(path: string): boolean {
  return MODULES.has(extname(path)) && !/[\\/]node_modules[\\/]/.test(path)
}

/** Where a job is defined. */
export interface JobPlace {
  readonly file: string
  readonly variable: string
}

/** The modules that an app consists of: its entry, and what they import from each other by relative paths. */
export class AppFiles {
  readonly #files = new Map<string, AppFile>()

  /** @param entry absolute path of the app file */
  constructor(entry: string) {
    this.#visit(entry)
  }

  #visit(path: string): void {
    if (this.#files.has(path) || !isAppModule(path) || !existsSync(path)) return
    const file = readAppFile(path)
    this.#files.set(path, file)
    for (const specifier of file.imports) this.#visit(resolve(dirname(path), specifier))
  }

  /** The file as it was read; one that only the bundler came across is read now. */
  get(path: string): AppFile {
    const known = this.#files.get(path) ?? readAppFile(path)
    this.#files.set(path, known)
    return known
  }

  /** The one place that defines a job; undefined: there is none that can be told by reading, or more than one. */
  placeOf(job: string): JobPlace | undefined {
    const places = [...this.#files].flatMap(([file, { jobs }]) => {
      const variable = jobs.get(job)
      return variable === undefined ? [] : [{ file, variable }]
    })
    return places.length === 1 ? places[0] : undefined
  }
}
