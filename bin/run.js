// Runs one of the repository's own TypeScript programs: `node bin/run.js test/run.ts …`.
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { handOver } from "./node.js"

if (!handOver(new URL(import.meta.url).pathname)) {
  const program = process.argv[2]
  if (program === undefined) throw new Error("usage: node bin/run.js <program.ts> [arguments]")
  process.argv.splice(1, 2, resolve(program))
  await import(pathToFileURL(resolve(program)).href)
}
