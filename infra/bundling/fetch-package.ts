import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { type Architecture, NODE_ARCH } from "./native-packages.ts"
import { cacheFolder } from "./package-root.ts"

/** A registry that has not answered by then will not. */
const INSTALL_MS_MAX = 5 * 60_000

/**
 * The folder of a package that another one names for its platform: npm fetches the other one for Linux on that
 * architecture, since it refuses to install a platform's package by itself elsewhere. Fetched once and kept.
 */
export function fetchedPlatformPackage(
  platform: string,
  main: { readonly name: string; readonly version: string },
  architecture: Architecture,
): string {
  const home = join(cacheFolder(), "layers", "packages")
  const folder = join(home, `${main.name.replace("/", "+")}@${main.version}-${architecture}`)
  const installed = join(folder, "node_modules", platform)
  if (existsSync(installed)) return installed
  mkdirSync(home, { recursive: true })
  const part = mkdtempSync(join(home, "part-"))
  const wanted = ["--os=linux", `--cpu=${NODE_ARCH[architecture]}`, "--libc=glibc"]
  const flags = [
    "--no-save",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--loglevel=error",
  ]
  const args = ["install", "--prefix", part, ...flags, ...wanted, `${main.name}@${main.version}`]
  const run = spawnSync("npm", args, { cwd: part, encoding: "utf8", timeout: INSTALL_MS_MAX })
  if (run.status !== 0 || !existsSync(join(part, "node_modules", platform))) {
    rmSync(part, { recursive: true })
    const why = run.error?.message ?? run.stderr
    throw new Error(`${platform}, which functions on ${architecture} need, could not be fetched:\n${why}`)
  }
  try {
    renameSync(part, folder)
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(installed)) throw error
    rmSync(part, { recursive: true })
  }
  return installed
}
