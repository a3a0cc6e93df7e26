import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { specifiersOf } from "./imported-packages.ts"
import { BROWSER_ENTRIES, dist, ENTRIES } from "./places.ts"

/** In a declaration, the `.ts` at the end of a relative import: the compiler leaves it there. */
const TS_SPECIFIER = /((?:from |import\(|import )"\.{1,2}\/[^"]+)\.ts"/g

/**
 * Keeps the declarations of what the package exports, removes all others, and writes each a second time for CommonJS:
 * to a compiler a `.d.ts` of this package describes an ES module, which `require` may not be able to load.
 */
export function finishDeclarations(): void {
  const reached = new Set<string>()
  const entries = [...Object.values(ENTRIES), ...Object.values(BROWSER_ENTRIES)]
  for (const entry of entries) reach(join(dist, `${entry}.d.ts`), reached)
  for (const name of globSync("**/*.d.ts", { cwd: dist })) {
    const file = join(dist, name)
    const text = readFileSync(file, "utf8")
    rmSync(file)
    if (!reached.has(file)) continue
    writeFileSync(file, text.replace(TS_SPECIFIER, '$1.js"'))
    writeFileSync(file.replace(/\.d\.ts$/, ".d.cts"), text.replace(TS_SPECIFIER, '$1.cjs"'))
  }
}

function reach(file: string, reached: Set<string>): void {
  if (reached.has(file)) return
  reached.add(file)
  for (const specifier of specifiersOf(readFileSync(file, "utf8"))) {
    if (!/^\.{1,2}\/.*\.ts$/.test(specifier)) continue
    reach(join(dirname(file), specifier.replace(/\.ts$/, ".d.ts")), reached)
  }
}
