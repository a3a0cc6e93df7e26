import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync } from "node:fs"
import { createRequire } from "node:module"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { functionAsset } from "../function-asset.ts"
import { packageRoot } from "../package-root.ts"

/** What the program is told, as its only argument. */
export interface JobsTask {
  /** Path of the app file, relative to the working folder. */
  readonly entry: string
  /** Each with the folder that its code goes to. */
  readonly jobs: readonly { readonly name: string; readonly folder: string }[]
}

/** Beside this file, and source or compiled as it is. */
const PROGRAM = fileURLToPath(new URL(`bundle-jobs-program${extname(import.meta.url)}`, import.meta.url))

/**
 * Makes the folders to deploy for an app's jobs, below `home`: for each job what runs it, and its own code.
 * @returns the folders, by job
 * @throws Error with what esbuild has to say of the app's code, or that there is no esbuild
 */
export function jobAssets(
  entry: string,
  names: readonly string[],
  home: string,
): ReadonlyMap<string, string> {
  requireEsbuild()
  const jobs = names.map((name, index) => ({ name, folder: join(home, String(index)) }))
  for (const { folder } of jobs) {
    mkdirSync(folder, { recursive: true })
    cpSync(functionAsset("process"), folder, { recursive: true })
  }
  const task: JobsTask = { entry, jobs }
  const run = spawnSync(process.execPath, ["--no-warnings", PROGRAM, JSON.stringify(task)], {
    // Standard output is CDK's own.
    stdio: ["ignore", "pipe", "pipe"],
  })
  if (run.status !== 0) {
    throw new Error(
      `${entry}: the code of its jobs could not be bundled:\n${run.error?.message ?? run.stderr.toString()}`,
    )
  }
  return new Map(jobs.map(({ name, folder }) => [name, folder]))
}

function requireEsbuild(): void {
  try {
    createRequire(join(packageRoot, "package.json")).resolve("esbuild")
  } catch {
    throw new Error(
      "esbuild is not installed, expected it where an app has jobs, whose code it bundles: npm install --save-dev esbuild",
    )
  }
}
