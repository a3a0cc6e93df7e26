import { spawnSync } from "node:child_process"
import { globSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { bundleFunctions } from "../infra/bundling/bundle.ts"
import { bundleCommonJs } from "./common-js.ts"
import { finishDeclarations } from "./declarations.ts"
import { guardAgainstInterruption } from "./guard.ts"
import { packageOf, specifiersOf } from "./imported-packages.ts"
import { writeLicences } from "./licences.ts"
import { packageManifest, type RepositoryManifest } from "./manifest.ts"
import { dist, repository } from "./places.ts"
import { manifestSwap } from "./swap.ts"

// Before `npm pack`: builds the package in `dist`, and then puts its manifest in the place of the repository's.

/** stdout is npm's: with `--json` somebody parses it. */
const say = (line: string) => void process.stderr.write(`${line}\n`)

function compile(): void {
  const tsc = join(repository, "node_modules", "typescript", "bin", "tsc")
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", join(repository, "pack")], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  })
  if (status !== 0) throw new Error(`the package does not compile:\n${stdout}`)
}

/** The packages that modules and declarations import, bundles aside: these bring all they need along. */
function importedPackages(): Set<string> {
  const files = globSync("**/*.{js,d.ts}", { cwd: dist, exclude: ["functions/*/**"] })
  const specifiers = files.flatMap(file => specifiersOf(readFileSync(join(dist, file), "utf8")))
  return new Set(specifiers.map(packageOf).filter(name => name !== undefined))
}

function saySizes(): void {
  const files = globSync("**/*", { cwd: dist }).filter(file => statSync(join(dist, file)).isFile())
  const parts = new Map<string, number>()
  for (const file of files) {
    const [part = ""] = /^functions\/[^/]+\/|^[^/]+\//.exec(file) ?? []
    parts.set(part, (parts.get(part) ?? 0) + statSync(join(dist, file)).size)
  }
  for (const [part, bytes] of parts) say(`${(bytes / 1_000).toFixed(0).padStart(7)} KB  dist/${part}`)
}

const swap = manifestSwap()
// A run that was cut short has left its own behind.
swap.restore()
rmSync(dist, { recursive: true, force: true })
compile()
finishDeclarations()
const sources = await bundleCommonJs()
await bundleFunctions(join(dist, "functions"))
writeLicences(sources)
const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as RepositoryManifest
swap.replace(`${JSON.stringify(packageManifest(manifest, importedPackages()), undefined, 2)}\n`)
guardAgainstInterruption()
saySizes()
