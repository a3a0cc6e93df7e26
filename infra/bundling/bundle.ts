import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { type BuildOptions, build } from "esbuild"
import { FUNCTION_NAMES, type FunctionName } from "../../functions/environment.ts"
import { LAZY_MODULES, lazyPlugin } from "./lazy-plugin.ts"
import { BANNER, nativePlugin } from "./native-plugin.ts"
import { packageRoot } from "./package-root.ts"

/** The program of DuckDB's child processes: a file beside the bundle of `query`. */
const CHILD_ENTRY = "shared/serving/duckdb/child.ts"

const COMMON: BuildOptions = {
  absWorkingDir: packageRoot,
  bundle: true,
  platform: "node",
  target: "node24",
  minify: true,
  // Names and lines are enough to read a stack by: the sources themselves would be most of the upload.
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  mainFields: ["module", "main"],
  conditions: ["import", "module"],
  logLevel: "warning",
}

const ES_MODULE: BuildOptions = {
  ...COMMON,
  format: "esm",
  outExtension: { ".js": ".mjs" },
  banner: { js: BANNER },
}

/** Bundles every function into `<folder>/<name>/index.mjs`, with its source map and what else it needs. */
export async function bundleFunctions(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await Promise.all(FUNCTION_NAMES.map(name => bundleFunction(name, join(folder, name))))
}

async function bundleFunction(name: FunctionName, outdir: string): Promise<void> {
  const lazy = new Set<string>()
  const works: Promise<unknown>[] = [
    build({
      ...ES_MODULE,
      outdir,
      entryPoints: { index: `functions/${name}.ts` },
      plugins: [nativePlugin, lazyPlugin(lazy)],
      // What is imported late lies in files of its own. In one file, it would also keep from the bundle being pruned
      // whatever it shares with the rest: all of the SDK.
      splitting: true,
    }),
  ]
  if (name === "query") {
    const entryPoints = { child: CHILD_ENTRY }
    works.push(build({ ...ES_MODULE, outdir, entryPoints, plugins: [nativePlugin] }))
  }
  await Promise.all(works)
  await Promise.all([...lazy].map(module => bundleLazy(module, outdir)))
}

function bundleLazy(module: string, outdir: string): Promise<unknown> {
  const outfile = join(outdir, LAZY_MODULES[module]!.file)
  return build({ ...COMMON, format: "cjs", outfile, entryPoints: [module], sourcemap: false })
}
