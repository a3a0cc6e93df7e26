import { registerHooks } from "node:module"
import { resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { KEYED_BREAKS } from "./breaks.ts"

// Runs seeds over the tables' code with one line broken, for each break until a seed notices: `breaks-child.ts <seeds>`.
// Prints a JSON object of the first seeds by the breaks' names. Each break has a module graph of its own, told apart by a query.

const ROOT = resolve(import.meta.dirname, "..", "..", "..")
const seedsMax = Number(process.argv[2])

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    const mark = new URL(context.parentURL ?? "file:///").search
    const isOurs =
      resolved.url.startsWith(pathToFileURL(ROOT).href) && !resolved.url.includes("/node_modules/")
    if (mark === "" || !isOurs || resolved.url.includes("?")) return resolved
    return { ...resolved, url: resolved.url + mark }
  },
  load(asked, context, next) {
    const loaded = next(asked, context)
    const url = new URL(asked)
    const broken = KEYED_BREAKS[Number(url.searchParams.get("break") ?? -1)]
    if (broken === undefined || fileURLToPath(url.href.split("?")[0]!) !== resolve(ROOT, broken.file))
      return loaded
    const source = Buffer.from(loaded.source as Uint8Array).toString()
    const found = source.split(broken.find).length - 1
    if (found !== 1)
      throw new Error(`break "${broken.name}": expected its line once, found it ${found} times`)
    return { ...loaded, source: source.replace(broken.find, () => broken.replace) }
  },
})

const noticed: Record<string, number | null> = {}
for (const [index, { name }] of KEYED_BREAKS.entries()) {
  const { runKeyedSeed } = (await import(`./keyed-run.ts?break=${index}`)) as typeof import("./keyed-run.ts")
  noticed[name] = null
  for (let seed = 1; seed <= seedsMax && noticed[name] === null; seed++) {
    await runKeyedSeed(seed).catch(() => {
      noticed[name] = seed
    })
  }
}
process.stdout.write(JSON.stringify(noticed), () => process.exit(0))
