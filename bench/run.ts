import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

// `npm run bench -- <name> [options]`: each benchmark compares two things in one run and prints their ratio.

const name = process.argv[2] ?? ""
const file = join(import.meta.dirname, `${name}.bench.ts`)
if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
  const names = readdirSync(import.meta.dirname)
    .filter(entry => entry.endsWith(".bench.ts"))
    .map(entry => entry.slice(0, -".bench.ts".length))
  process.stderr.write(`usage: npm run bench -- <name>, one of: ${names.join(", ")}\n`)
  process.exit(2)
}
await import(pathToFileURL(file).href)
