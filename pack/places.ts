import { resolve } from "node:path"

/** The repository's folder. */
export const repository: string = resolve(import.meta.dirname, "..")

/** Where the package is built: made by `prepack`, removed by `postpack`. */
export const dist: string = resolve(repository, "dist")

/** What the package exports, and the module of each, as a path below `dist` without extension. */
export const ENTRIES = {
  ".": "shared/definition/index",
  "./cdk": "infra/index",
  "./testing": "shared/processing/test-driver/index",
  "./client": "client/index",
} as const

/** What stands in an entry's place where there is no Node. */
export const BROWSER_ENTRIES: Readonly<Record<string, string>> = { "./client": "client/browser" }

/** The package's command, below `dist`. */
export const COMMAND = "bin/millrace.js"
