import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import type { NoEndpoint } from "./endpoint.ts"

const FOLDER = join(import.meta.dirname, "..", ".cache")
/** Half a minute on a good line. */
const INSTALL_MS = 300_000
const LOOK_MS = 30_000

const run = promisify(execFile)

/** What a virtual environment is for. */
interface Environment {
  /** Its folder below `.cache`. */
  readonly folder: string
  /** The package by which it is known to be whole, and its release. */
  readonly name: string
  readonly version: string
  /** What pip is asked for. */
  readonly wanted: readonly string[]
}

/** A release of the emulator that is known to do what the tests need; MIT. */
const ministack: Environment = {
  folder: "emulator",
  name: "ministack",
  version: "1.5.33",
  wanted: ["ministack[full]==1.5.33"],
}

/** Pinot's client for Python, MIT, with what its SQLAlchemy dialect needs and does not say. */
const pinotdb: Environment = {
  folder: "pinotdb",
  name: "pinotdb",
  version: "9.2.2",
  wanted: ["pinotdb==9.2.2", "sqlalchemy>=2,<3", "requests>=2,<3"],
}

/** The Python of a virtual environment that has ministack: made at the first use, kept for all later ones. */
export async function ministackPython(): Promise<{ readonly path: string } | NoEndpoint> {
  return await pythonOf(ministack)
}

/** The Python of a virtual environment that has Pinot's client: made at the first use, kept for all later ones. */
export async function pinotdbPython(): Promise<{ readonly path: string } | NoEndpoint> {
  return await pythonOf(pinotdb)
}

async function pythonOf(environment: Environment): Promise<{ readonly path: string } | NoEndpoint> {
  const folder = join(FOLDER, environment.folder)
  if (await isWhole(folder, environment)) return { path: pythonIn(folder) }
  try {
    await install(folder, environment)
  } catch (error) {
    return { skipped: `${environment.name} cannot be installed: ${lastLine(error)}` }
  }
  return { path: pythonIn(folder) }
}

function pythonIn(folder: string): string {
  return join(folder, "bin", "python")
}

async function isWhole(folder: string, { name, version }: Environment): Promise<boolean> {
  if (!existsSync(pythonIn(folder))) return false
  const ask = `from importlib.metadata import version; print(version('${name}'))`
  try {
    const { stdout } = await run(pythonIn(folder), ["-c", ask], { timeout: LOOK_MS })
    return stdout.trim() === version
  } catch {
    return false
  }
}

/** Built aside and renamed when it is whole, so that neither a crash nor a neighbour leaves a half one to be used. */
async function install(folder: string, environment: Environment): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const made = await mkdtemp(`${folder}-`)
  try {
    await run("python3", ["-m", "venv", made], { timeout: INSTALL_MS })
    // A quarter of the work would be to compile all of it; Python compiles what is used, and keeps that.
    const flags = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    const pip = ["-m", "pip", "install", ...flags, ...environment.wanted]
    await run(pythonIn(made), pip, { timeout: INSTALL_MS })
    if (await isWhole(folder, environment)) return
    await rm(folder, { recursive: true, force: true })
    await rename(made, folder)
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: string }
  return (stderr || message).trim().split("\n").at(-1) ?? ""
}
