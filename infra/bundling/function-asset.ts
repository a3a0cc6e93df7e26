import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs"
import { join } from "node:path"
import type { FunctionName } from "../../functions/environment.ts"
import { cacheFolder, packageRoot } from "./package-root.ts"

/** What bundles are made of. */
const SOURCES = ["functions", "shared", "infra/bundling"]
const LOCKFILE = "package-lock.json"
/** Bundles of another state of the sources are kept this long: somebody may just be deploying them. */
const KEPT_MS = 24 * 3_600_000

/** All bundles' folder, once this process has made or found it: sources do not change within a synthesis. */
let bundles: string | undefined

/**
 * The folder to deploy for a function: `index.mjs`, its source map, and what else it needs. In the repository bundles
 * are made when the sources have changed; a published package brings them along.
 */
export function functionAsset(name: FunctionName): string {
  bundles ??= prebuilt() ?? built()
  return join(bundles, name)
}

function prebuilt(): string | undefined {
  // Where the sources are, they are what is meant: bundles in `dist` may be of yesterday.
  if (existsSync(join(packageRoot, "functions", "environment.ts"))) return undefined
  const folder = join(packageRoot, "dist", "functions")
  if (existsSync(folder)) return folder
  throw new Error(`${folder} is missing: this package of millrace is not whole; install it again`)
}

function built(): string {
  const home = join(cacheFolder(), "bundles")
  const folder = join(home, sourcesDigest())
  if (existsSync(folder)) return folder
  mkdirSync(home, { recursive: true })
  removeOld(home)
  const part = mkdtempSync(join(home, "part-"))
  const program = join(packageRoot, "infra/bundling/bundle-program.ts")
  const run = spawnSync(process.execPath, [program, part], { stdio: ["ignore", "inherit", "pipe"] })
  if (run.status !== 0) {
    rmSync(part, { recursive: true })
    throw new Error(`the functions could not be bundled:\n${run.error?.message ?? run.stderr.toString()}`)
  }
  try {
    renameSync(part, folder)
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(folder)) throw error
    rmSync(part, { recursive: true })
  }
  return folder
}

/** A digest of everything that bundles depend on. */
function sourcesDigest(): string {
  const hash = createHash("sha256")
  const files = SOURCES.flatMap(room =>
    readdirSync(join(packageRoot, room), { recursive: true, encoding: "utf8" })
      .filter(file => file.endsWith(".ts"))
      .map(file => join(room, file)),
  )
  for (const file of [...files.sort(), LOCKFILE]) {
    const text = readFileSync(join(packageRoot, file))
    hash.update(`${file}\n${text.length}\n`).update(text)
  }
  return hash.digest("hex").slice(0, 32)
}

function removeOld(home: string): void {
  const before = Date.now() - KEPT_MS
  for (const entry of readdirSync(home)) {
    const path = join(home, entry)
    if (statSync(path).mtimeMs < before) rmSync(path, { recursive: true, force: true })
  }
}
