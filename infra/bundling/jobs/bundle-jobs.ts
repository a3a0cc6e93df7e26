import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { build } from "esbuild"
import { packageRoot } from "../package-root.ts"
import { AppFiles } from "./app-files.ts"
import { appPlugin, JOB_EXPORT } from "./app-plugin.ts"
import type { JobsTask } from "./job-assets.ts"

/** What opens a bundle of ES modules: packages written for CommonJS need a `require`. */
const BANNER = `import { createRequire as __createRequire } from "node:module";const require = __createRequire(import.meta.url);`

/** Bundles the code of each job into `<folder>/job.mjs`, which exports it as `job`. Throws with what esbuild found. */
export async function bundleJobs({ entry, jobs }: JobsTask): Promise<void> {
  const path = resolve(entry)
  const files = new AppFiles(path)
  for (const { name, folder } of jobs) await bundleJob(path, files, name, join(folder, "job.mjs"))
}

async function bundleJob(entry: string, files: AppFiles, name: string, outfile: string): Promise<void> {
  const place = files.placeOf(name)
  await build({
    stdin: {
      contents: place === undefined ? lookup(entry, name) : reexport(place.file),
      resolveDir: dirname(entry),
      sourcefile: `job-${name}.js`,
    },
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    mainFields: ["module", "main"],
    conditions: ["module", "import"],
    banner: { js: BANNER },
    // What the app's folder lacks, such as zod, this package has.
    nodePaths: [join(packageRoot, "node_modules"), dirname(packageRoot)],
    plugins: [appPlugin(files, definitionsModule(), place)],
    absWorkingDir: dirname(entry),
    logLevel: "warning",
  })
}

function reexport(file: string): string {
  return `export { ${JOB_EXPORT} as job } from ${JSON.stringify(file)}\n`
}

/** For a job that is made some other way than by a constant: then all of the app's code comes along. */
function lookup(entry: string, name: string): string {
  return `import app from ${JSON.stringify(entry)}\nexport const job = app.options.jobs.find(it => it.name === ${JSON.stringify(name)})\n`
}

/** What `import … from "millrace"` means here: source or compiled, as this package is. */
function definitionsModule(): string {
  const source = join(packageRoot, "shared/definition/index.ts")
  return existsSync(source) ? source : join(packageRoot, "dist/shared/definition/index.js")
}
