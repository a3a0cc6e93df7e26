import { existsSync, readFileSync, realpathSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, sep } from "node:path"

/** The folder of this package: of the repository, or within a project's `node_modules`. */
export const packageRoot: string = findRoot(import.meta.dirname)

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json")
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).name === "millrace") return folder
    if (folder === dirname(folder)) throw new Error(`no package.json of millrace at or above ${from}`)
  }
}

export interface InstalledPackage {
  readonly folder: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

/** The package as it is installed for this one, or for the package in `from`; undefined when it is not. */
export function installedPackage(name: string, from: string = packageRoot): InstalledPackage | undefined {
  // Not by resolving `<name>/package.json`: where a package lists its exports, that is often not among them.
  const folders = createRequire(join(from, "package.json")).resolve.paths(name) ?? []
  for (const modules of folders) {
    const folder = join(modules, name)
    const manifest = join(folder, "package.json")
    if (!existsSync(manifest)) continue
    const { version, dependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, "utf8"))
    // Where packages are linked into place, their own dependencies lie beside what the link leads to.
    return {
      folder: realpathSync(folder),
      version,
      dependencies: { ...dependencies, ...optionalDependencies },
    }
  }
  return undefined
}

/** Where what was built or fetched is kept for the next time: thrown away without loss. */
export function cacheFolder(): string {
  const project = packageRoot.lastIndexOf(`${sep}node_modules${sep}`)
  return project < 0
    ? join(packageRoot, ".cache")
    : join(packageRoot.slice(0, project), "node_modules", ".cache", "millrace")
}
