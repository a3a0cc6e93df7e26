import { createHash } from "node:crypto"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { basename, extname, join } from "node:path"
import { checkElf } from "./elf.ts"
import { fetchedPlatformPackage } from "./fetch-package.ts"
import { type Architecture, type Layer, NATIVE_PACKAGES, type NativePackage } from "./native-packages.ts"
import { cacheFolder, installedPackage } from "./package-root.ts"

/** Counted up when a layer's content changes without a package's version. */
const LAYOUT = 1
/** What of a package is needed to run it; licences go wherever their code goes. */
const KEPT = new Set([".js", ".cjs", ".json", ".node", ".so"])
const isLicence = (file: string) => /^licen[cs]e/i.test(file)
/** Within a package that was installed by itself: what came along. */
const NESTED = "node_modules"

interface Source {
  readonly name: string
  readonly version: string
  readonly folder: () => string
}

/**
 * The folder to deploy as a layer: `nodejs/node_modules/…`, which functions have on `NODE_PATH`. Made once and kept;
 * packages for another architecture than this machine's are fetched by npm. Throws with what could not be fetched.
 */
export function layerAsset(layer: Layer, architecture: Architecture): string {
  const sources = NATIVE_PACKAGES.filter(it => it.layer === layer).flatMap(it => sourcesOf(it, architecture))
  const content = JSON.stringify([LAYOUT, sources.map(({ name, version }) => [name, version])])
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 16)
  const home = join(cacheFolder(), "layers")
  const folder = join(home, `${layer}-${architecture}-${digest}`)
  if (existsSync(folder)) return folder
  mkdirSync(home, { recursive: true })
  const part = mkdtempSync(join(home, "part-"))
  try {
    for (const { name, folder: from } of sources) copyPackage(from(), join(part, "nodejs", NESTED, name))
    checkLibraries(part, architecture)
    renameSync(part, folder)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    // Another process may have been quicker.
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** The package and the one that holds its library, in the versions that this package was tried with. */
function sourcesOf(native: NativePackage, architecture: Architecture): readonly Source[] {
  const { name } = native
  const platform = native.platformPackage(architecture)
  const dependent = native.dependent === undefined ? undefined : installedPackage(native.dependent)
  const main = installedPackage(name, dependent?.folder)
  const version = main?.dependencies[platform]
  if (main === undefined || version === undefined)
    throw new Error(`${name} is not installed: run npm install`)
  const own = installedPackage(platform, main.folder)
  const folder = () =>
    own?.version === version
      ? own.folder
      : fetchedPlatformPackage(platform, { name, version: main.version }, architecture)
  return [
    { name, version: main.version, folder: () => main.folder },
    { name: platform, version, folder },
  ]
}

function copyPackage(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: path => {
      const file = basename(path)
      if (path !== from && file === NESTED) return false
      return extname(file) === "" || KEPT.has(extname(file)) || isLicence(file)
    },
  })
}

function checkLibraries(folder: string, architecture: Architecture): void {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  const libraries = files.filter(file => [".node", ".so"].includes(extname(file)))
  if (libraries.length === 0) throw new Error(`${folder} has no library`)
  for (const file of libraries) checkElf(join(folder, file), architecture)
}
