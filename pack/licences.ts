import { globSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { dist } from "./places.ts"

const FILE = join(dist, "THIRD-PARTY-LICENSES")
const MODULES = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/

const isText = (name: string) => /^(?:licen[cs]e|copying|notice)\b/i.test(name)

/**
 * Writes the licences of all packages whose code is in bundles, as these licences ask.
 * @param sources paths of the files that the CommonJS bundles are made of; the functions' bundles tell theirs
 */
export function writeLicences(sources: readonly string[]): void {
  const folders = new Set<string>()
  for (const source of [...sources, ...sourcesOfFunctions()]) {
    const [, folder] = MODULES.exec(source) ?? []
    if (folder !== undefined) folders.add(folder)
  }
  const byText = new Map<string, string[]>()
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    const texts = readdirSync(folder).filter(isText).sort()
    const text = texts.map(file => readFileSync(join(folder, file), "utf8").trim()).join("\n\n")
    const key = text === "" ? `License: ${license}` : text
    byText.set(key, [...(byText.get(key) ?? []), `${name} ${version}`])
  }
  const parts = [...byText].map(([text, names]) => `${names.sort().join("\n")}\n\n${text}\n`)
  const rule = `\n${"-".repeat(80)}\n\n`
  writeFileSync(
    FILE,
    `The bundles of this package hold code of other packages:\n\n${parts.sort().join(rule)}`,
  )
}

/** What the functions are made of, by their source maps. */
function sourcesOfFunctions(): string[] {
  return globSync("functions/**/*.map", { cwd: dist }).flatMap(name => {
    const map = join(dist, name)
    const { sources } = JSON.parse(readFileSync(map, "utf8")) as { sources: string[] }
    return sources.map(source => join(dirname(map), source))
  })
}
