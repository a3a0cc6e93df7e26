import { mkdirSync } from "node:fs"
import { type BuildOptions, build } from "esbuild"
import { FUNCTION_NAMES } from "../../functions/environment.ts"
import { lazyPlugin } from "./lazy-plugin.ts"
import { BANNER, nativePlugin } from "./native-plugin.ts"
import { packageRoot } from "./package-root.ts"

/** The program of DuckDB's child processes: a file beside the bundle of `query`. */
const CHILD_ENTRY = "shared/serving/duckdb/child.ts"

const OPTIONS: BuildOptions = {
  absWorkingDir: packageRoot,
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  minify: true,
  // Names and lines are enough to read a stack by: the sources themselves would be most of the upload.
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  mainFields: ["module", "main"],
  conditions: ["import", "module"],
  banner: { js: BANNER },
  plugins: [nativePlugin, lazyPlugin],
  logLevel: "warning",
}

/** Bundles every function into `<folder>/<name>/index.mjs`, with its source map and what else it needs. */
export async function bundleFunctions(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const entryPoints: Record<string, string> = { "query/child": CHILD_ENTRY }
  for (const name of FUNCTION_NAMES) entryPoints[`${name}/index`] = `functions/${name}.ts`
  // In one build what they share is read and parsed once; without splitting each bundle is whole nevertheless.
  await build({ ...OPTIONS, entryPoints, outdir: folder, outExtension: { ".js": ".mjs" } })
}
