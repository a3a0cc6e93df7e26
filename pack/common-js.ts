import { readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { build, type Plugin } from "esbuild"
import { dist, ENTRIES } from "./places.ts"

/** What is the user's own, and must be the very same module as theirs; and what the package does without. */
const EXTERNAL = ["aws-cdk-lib", "constructs", "esbuild"]

/** Native modules and what finds some by itself: CommonJS packages, which `require` in jest can load. */
const NATIVE = ["@node-rs/crc32", "lz4-napi", "snappy", "msgpackr"]

/** What stands in CommonJS for what a module says of itself. `at` is its path from the bundle's folder. */
const META: Readonly<Record<string, (at: string) => string>> = {
  url: at => `require("node:url").pathToFileURL(require("node:path").join(__dirname, ${quote(at)})).href`,
  filename: at => `require("node:path").join(__dirname, ${quote(at)})`,
  dirname: at => `require("node:path").join(__dirname, ${quote(dirname(at))})`,
  main: () => "false",
}

/**
 * Bundles each of the package's modules for `require`, its dependencies included: some are ES modules, which `require`
 * in jest cannot load. Each part keeps its place: its `import.meta` is that of the ES module that it was.
 * @returns the files that the bundles are made of
 */
export async function bundleCommonJs(): Promise<string[]> {
  const sources: string[] = []
  for (const entry of Object.values(ENTRIES)) {
    const outfile = join(dist, `${entry}.cjs`)
    const { metafile } = await build({
      entryPoints: [join(dist, `${entry}.js`)],
      outfile,
      bundle: true,
      platform: "node",
      target: "node22",
      format: "cjs",
      external: [...EXTERNAL, ...NATIVE],
      plugins: [ownPlaces(dirname(outfile))],
      metafile: true,
      absWorkingDir: dist,
      logLevel: "warning",
    })
    sources.push(...Object.keys(metafile.inputs).map(path => resolve(dist, path)))
  }
  return sources
}

function ownPlaces(folder: string): Plugin {
  return {
    name: "import.meta",
    setup(building) {
      building.onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!path.startsWith(dist)) return undefined
        const text = readFileSync(path, "utf8")
        const at = relative(folder, path)
        return { contents: text.replace(/\bimport\.meta\.(\w+)/g, (_, name) => metaOf(name, at, path)) }
      })
    },
  }
}

function metaOf(name: string, at: string, path: string): string {
  const make = META[name]
  if (make === undefined) throw new Error(`${path}: import.meta.${name} has no counterpart in CommonJS`)
  return make(at)
}

const quote = (text: string) => JSON.stringify(text)
