import { BROWSER_ENTRIES, COMMAND, ENTRIES } from "./places.ts"

type Versions = Readonly<Record<string, string>>

/** What is read here of the repository's own `package.json`. */
export interface RepositoryManifest {
  readonly [field: string]: unknown
  readonly dependencies: Versions
  readonly peerDependencies: Versions
  readonly overrides: Versions
}

/** Fields that are true of the package as they are of the repository. */
const KEPT = ["name", "version", "description", "license", "type", "engines", "keywords", "files"] as const

/** What app files may import without installing it: schemas are written with it. */
const FOR_APPS = ["zod"]

/**
 * The manifest of the published package.
 * @param imported the packages that its code and its declarations import
 */
export function packageManifest(
  repository: RepositoryManifest,
  imported: ReadonlySet<string>,
): Record<string, unknown> {
  const { dependencies, peerDependencies } = repository
  const needed = new Set([...imported, ...FOR_APPS])
  const known = new Set([repository.name, ...Object.keys({ ...dependencies, ...peerDependencies })])
  const unknown = [...imported].filter(name => !known.has(name))
  if (unknown.length > 0) {
    throw new Error(`the package imports what package.json does not name as a dependency: ${unknown}`)
  }
  return {
    ...pick(repository, KEPT),
    bin: { millrace: `dist/${COMMAND}` },
    exports: { ...exportsOf(), "./package.json": "./package.json" },
    // For compilers and tools that do not read `exports`.
    main: `./dist/${ENTRIES["."]}.cjs`,
    types: `./dist/${ENTRIES["."]}.d.cts`,
    typesVersions: {
      "*": {
        cdk: [`./dist/${ENTRIES["./cdk"]}.d.cts`],
        testing: [`./dist/${ENTRIES["./testing"]}.d.cts`],
        client: [`./dist/${ENTRIES["./client"]}.d.cts`],
      },
    },
    dependencies: pick(
      dependencies,
      Object.keys(dependencies).filter(name => needed.has(name)),
    ),
    peerDependencies,
    peerDependenciesMeta: repository.peerDependenciesMeta,
    // `overrides` count in a root only. As a package's own dependencies these versions are what npm puts on top, and
    // whoever asks for a range finds them there.
    optionalDependencies: repository.overrides,
  }
}

function exportsOf(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(ENTRIES).map(([name, path]) => [
      name,
      {
        ...browserExport(name),
        import: { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` },
        require: { types: `./dist/${path}.d.cts`, default: `./dist/${path}.cjs` },
      },
    ]),
  )
}

/** Comes first: the conditions of an export are asked in their order. */
function browserExport(name: string): Record<string, unknown> {
  const path = BROWSER_ENTRIES[name]
  if (path === undefined) return {}
  return { browser: { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` } }
}

function pick<Value>(from: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> {
  return Object.fromEntries(names.filter(name => name in from).map(name => [name, from[name] as Value]))
}
