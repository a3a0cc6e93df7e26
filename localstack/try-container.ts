import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { docker, openDaemon } from "./daemon.ts"
import { importImage } from "./image.ts"
import { ministackPython } from "./venv.ts"

// Runs the stores' contract tests, or a program that is named, over an emulator in a container that testcontainers starts
// from an image made of this machine's own files. Where that cannot be, one line says why, and all is well.
//
//     npm run test:container [-- [--install] [program and arguments]]

const IMAGE = "millrace-emulator"
const VITEST = join(import.meta.dirname, "..", "node_modules", "vitest", "vitest.mjs")
const TESTS = [
  process.execPath,
  VITEST,
  "run",
  "--project",
  "contract",
  "test/storage/aws.test.ts",
  "test/storage/journal-aws.test.ts",
] as const

async function tryContainer(install: boolean, command: readonly string[]): Promise<number> {
  const skip = (reason: string) => {
    process.stdout.write(`The container path is not exercised here: ${reason}.\n`)
    return 0
  }
  const python = await ministackPython()
  if ("skipped" in python) return skip(python.skipped)
  const daemon = await openDaemon(install)
  if ("skipped" in daemon) return skip(daemon.skipped)
  const folder = await mkdtemp(join(tmpdir(), "millrace-image-"))
  try {
    try {
      await importImage(daemon, python.path, folder, IMAGE)
      await docker(daemon, ["run", "--rm", IMAGE, "/bin/sh", "-c", ":"])
    } catch (error) {
      return skip(`no container runs: ${(error as Error).message.trim().split("\n").at(-1)}`)
    }
    const [program = process.execPath, ...args] = command.length > 0 ? command : TESTS
    const named = { LOCALSTACK_IMAGE: IMAGE, REQUIRE_EMULATOR: "1", AWS_ENDPOINT_URL: undefined }
    const env = { ...process.env, ...daemon.env, ...named }
    const child = spawn(program, args, { env, stdio: ["ignore", "inherit", "inherit"] })
    const [code] = await once(child, "exit")
    return code ?? 1
  } finally {
    await docker(daemon, ["image", "rm", "--force", IMAGE]).catch(() => {})
    await daemon.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { install: { type: "boolean", default: false } },
})
process.exitCode = await tryContainer(values.install, positionals)
