import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import type { NoEndpoint } from "./endpoint.ts"

/** A release that is known to do what the tests need; MIT. */
const MINISTACK_VERSION = "1.5.33"
const FOLDER = join(import.meta.dirname, "..", ".cache", "emulator")
/** Half a minute on a good line. */
const INSTALL_MS = 300_000
const LOOK_MS = 30_000

const run = promisify(execFile)

/** The Python of a virtual environment that has ministack: made at the first use, kept for all later ones. */
export async function ministackPython(): Promise<{ readonly path: string } | NoEndpoint> {
  if (await hasMinistack(FOLDER)) return { path: pythonOf(FOLDER) }
  try {
    await install()
  } catch (error) {
    return { skipped: `ministack cannot be installed: ${lastLine(error)}` }
  }
  return { path: pythonOf(FOLDER) }
}

function pythonOf(folder: string): string {
  return join(folder, "bin", "python")
}

async function hasMinistack(folder: string): Promise<boolean> {
  if (!existsSync(pythonOf(folder))) return false
  const ask = "from importlib.metadata import version; print(version('ministack'))"
  try {
    const { stdout } = await run(pythonOf(folder), ["-c", ask], { timeout: LOOK_MS })
    return stdout.trim() === MINISTACK_VERSION
  } catch {
    return false
  }
}

/** Built aside and renamed when it is whole, so that neither a crash nor a neighbour leaves a half one to be used. */
async function install(): Promise<void> {
  await mkdir(dirname(FOLDER), { recursive: true })
  const made = await mkdtemp(`${FOLDER}-`)
  try {
    await run("python3", ["-m", "venv", made], { timeout: INSTALL_MS })
    const wanted = `ministack[full]==${MINISTACK_VERSION}`
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted]
    await run(pythonOf(made), pip, { timeout: INSTALL_MS })
    if (await hasMinistack(FOLDER)) return
    await rm(FOLDER, { recursive: true, force: true })
    await rename(made, FOLDER)
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: string }
  return (stderr || message).trim().split("\n").at(-1) ?? ""
}
