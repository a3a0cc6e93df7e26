import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, symlink } from "node:fs/promises"
import type { Socket } from "node:net"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import type { Endpoint, NoEndpoint } from "./endpoint.ts"
import { isHealthy } from "./health.ts"
import { ministackPython } from "./venv.ts"

/** It takes about two seconds on an idle machine. */
const START_MS = 60_000
/** Somebody else may take the free port between its finding and its use. */
const START_TRIES = 3
/** What of the emulator's output is kept, for the message when it does not start. */
const OUTPUT_KEPT = 4_000

/** Starts the emulator from PyPI as a child of this process. It ends with it, even if that is killed. */
export async function startMinistack(env: NodeJS.ProcessEnv): Promise<Endpoint | NoEndpoint> {
  const python = await ministackPython()
  if ("skipped" in python) return python
  let output = ""
  for (let tries = 1; tries <= START_TRIES; tries++) {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const child = spawn(python.path, [join(import.meta.dirname, "with-parent.py")], {
      env: { ...childEnvironment(env, port), NODE_PATH: await runtimeModules() },
      cwd: tmpdir(),
      stdio: ["pipe", "pipe", "pipe"],
    })
    output = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => {
        output = (output + text).slice(-OUTPUT_KEPT)
      })
    }
    child.on("error", error => {
      output += error.message
    })
    const ended = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    if (await isHealthy(url, START_MS, ended)) {
      letGo(child)
      return { url, product: "ministack", stop: () => end(child) }
    }
    await end(child)
  }
  return { skipped: `ministack does not start: ${output.trim().split("\n").at(-1)}` }
}

function childEnvironment(env: NodeJS.ProcessEnv, port: number): NodeJS.ProcessEnv {
  return {
    HOME: env.HOME,
    TMPDIR: env.TMPDIR,
    // Functions run on the first `node` of the path, whatever runtime they name.
    PATH: [dirname(process.execPath), env.PATH].join(delimiter),
    GATEWAY_PORT: String(port),
    BIND_HOST: "127.0.0.1",
    IOT_MTLS_ENABLED: "0",
    LAMBDA_EXECUTOR: "local",
  }
}

/** What AWS's runtime brings along: its SDK, which the CDK's own functions rely on, and nothing else of ours. */
async function runtimeModules(): Promise<string> {
  const repository = join(import.meta.dirname, "..")
  const folder = join(repository, ".cache", "runtime")
  await mkdir(folder, { recursive: true })
  await symlink(join(repository, "node_modules", "@aws-sdk"), join(folder, "@aws-sdk")).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error
    },
  )
  return folder
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no free port")
  return address.port
}

/** The emulator does not keep this process alive. */
function letGo(child: ChildProcess): void {
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket).unref()
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  // Whoever waits for the end stays alive for it.
  child.ref()
  const gone = once(child, "exit")
  child.stdin?.end()
  await gone
}
