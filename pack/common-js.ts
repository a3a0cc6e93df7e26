import { readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { build, type Plugin } from "esbuild"
import { dist, ENTRIES } from "./places.ts"

/** What is the user's own, and must be the very same module as theirs; and what the package does without. */
const EXTERNAL = ["aws-cdk-lib", "constructs", "esbuild"]

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
 */
export async function bundleCommonJs(): Promise<void> {
  for (const entry of Object.values(ENTRIES)) {
    const outfile = join(dist, `${entry}.cjs`)
    await build({
      entryPoints: [join(dist, `${entry}.js`)],
      outfile,
      bundle: true,
      platform: "node",
      target: "node22",
      format: "cjs",
      external: EXTERNAL,
      plugins: [ownPlaces(dirname(outfile))],
      logLevel: "warning",
    })
  }
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
